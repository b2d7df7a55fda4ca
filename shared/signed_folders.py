"""A folder of files that two people sign: its hash, the signatures, and what became of it.

Each service that takes a folder keeps its own row and its own signatures, so that each can show by itself who
answered for what it took over. The hash is over the files' text as people see it: which system wrote the
line ends does not change it.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Column, MetaData, String, Table

from shared.act import Act
from shared.audit import record
from shared.csv_tables import BadRow, plain_text
from shared.database import Sql, Tx, instant_parameter
from shared.json_body import BodyInvalid, parse_body
from shared.perform import use_proof_once
from shared.problems import Problem
from shared.tables import Instant, JsonText, canonical_json
from shared.tokens import Proof

M = TypeVar("M", bound=BaseModel)

SIGNERS = 2
PURPOSE = "sign-take-over"
"""Of the proof of identity with which a folder is signed."""
MOST_TOLD = 1_000
"""Bad rows that one refusal names."""

VerifyProof = Callable[[str], Proof]
"""Gives the acting person's proof when it is bound to this hash, or refuses it."""


def add_folder_tables(metadata: MetaData) -> None:
    """Add the folders that somebody has signed, and their signatures, which are added and never changed."""
    Table(
        "take_over",
        metadata,
        Column("id", String, primary_key=True),
        Column("scope", String, nullable=False, index=True),
        Column("sha256", String, nullable=False, unique=True),
        Column("state", String, nullable=False),
        Column("counts", JsonText, nullable=False),
        Column("opened_at", Instant, nullable=False),
        Column("done_at", Instant, nullable=True),
    )
    Table(
        "take_over_signature",
        metadata,
        Column("take_over_id", String, primary_key=True),
        Column("person", String, primary_key=True),
        Column("role", String, nullable=False),
        Column("signed_at", Instant, nullable=False),
        Column("signed_hash", String, nullable=False),
        Column("proof_id", String, nullable=False),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFolder:
    """`done`: what it holds is kept here. `people` have signed it, in that order."""

    id: str
    sha256: str
    done: bool
    people: tuple[str, ...]
    counts: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        return len(self.people) >= SIGNERS


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFolder:
    """What a folder would do here; `name` is what people call its scope.

    `folder` is None until somebody has signed it.
    """

    name: str
    sha256: str
    counts: Mapping[str, int]
    bad: Sequence[BadRow]
    folder: SignedFolder | None


def told(bad: Sequence[BadRow]) -> list[dict[str, Any]]:
    """Bad rows as a refusal names them."""
    return [one.document() for one in bad[:MOST_TOLD]]


def plain_files(files: Mapping[str, str]) -> dict[str, str]:
    return {name: plain_text(text) for name, text in files.items()}


def folder_sha256(files: Mapping[str, str]) -> str:
    """SHA-256 of the canonical JSON object of file names and texts."""
    return hashlib.sha256(canonical_json(plain_files(files)).encode()).hexdigest()


def derived_id(sha256: str, of: str, name: str, at: datetime) -> str:
    """The id of something that a folder names, the same wherever it is computed; it sorts by `at`.

    It has the form of RFC 9562, section 5.7, with a hash in place of the random bits.
    """
    milliseconds = max(0, int(at.timestamp() * 1000)).to_bytes(6, "big")
    bits = bytearray(milliseconds + hashlib.sha256(f"{sha256}:{of}:{name}".encode()).digest()[:10])
    bits[6] = 0x70 | bits[6] & 0x0F
    bits[8] = 0x80 | bits[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(bits)))


def read_document(file: str, text: str, model: type[M]) -> tuple[M | None, list[BadRow]]:
    """A JSON file of the folder, or what is wrong with it; the row is the place in its list, from 1."""
    try:
        return parse_body(text.encode(), model), []
    except BodyInvalid as invalid:
        return None, [_bad_place(file, error) for error in invalid.errors]
    except Problem as problem:
        return None, [BadRow(file=file, row=0, column="", rule=problem.code)]


def _bad_place(file: str, error: Mapping[str, str]) -> BadRow:
    steps = error["path"].split(".")
    number = next((int(step) for step in steps if step.isdigit()), -1)
    return BadRow(file=file, row=number + 1, column=error["path"], rule=error["rule"])


async def find_folder(tx: Tx, sha256: str) -> SignedFolder | None:
    rows = await tx.fetch(_FIND, sha256)
    if not rows:
        return None
    people = [row[0] for row in await tx.fetch(_PEOPLE, rows[0][0])]
    return SignedFolder(
        id=rows[0][0],
        sha256=sha256,
        done=rows[0][1] == "done",
        people=tuple(people),
        counts=_json(rows[0][2]),
    )


async def folder_done(tx: Tx, scope: str) -> str | None:
    """The hash of the folder that was taken over for this scope; None while none is done."""
    rows = await tx.fetch(_DONE, scope)
    return rows[0][0] if rows else None


async def sign_folder(tx: Tx, act: Act, scope: str, sha256: str, verify: VerifyProof) -> SignedFolder:
    """The folder with the acting person's signature; somebody who has signed before signs nothing again.

    Raises:
        Problem: 401 `proof_required`, 409 `proof_replayed`.
    """
    now = instant_parameter(tx, act.now)
    await tx.fetch(_OPEN, act.new_id(), scope, sha256, canonical_json({}), now)
    # Two people may sign at the same time: the second of them waits here, and then sees the first.
    await tx.fetch(_LOCK, sha256)
    known = await find_folder(tx, sha256)
    if known is None:
        raise LookupError("the folder was opened a moment ago")
    if known.done or act.actor in known.people:
        return known
    proof = verify(sha256)
    await use_proof_once(tx, proof.jti)
    await tx.fetch(_SIGN, known.id, act.actor, act.actor_role, now, sha256, proof.jti)
    details = {"scope": scope, "sha256": sha256, "role": act.actor_role}
    await record(tx, act, known.id, "take-over.signed", details)
    return replace(known, people=(*known.people, act.actor))


async def finish_folder(tx: Tx, act: Act, folder: SignedFolder, counts: Mapping[str, int]) -> SignedFolder:
    """Keep that everything was taken over, in the transaction that did it."""
    now = instant_parameter(tx, act.now)
    await tx.fetch(_FINISH, folder.id, canonical_json(dict(counts)), now)
    details = {"sha256": folder.sha256, "signed_by": list(folder.people), "counts": dict(counts)}
    await record(tx, act, folder.id, "take-over.done", details)
    return SignedFolder(
        id=folder.id, sha256=folder.sha256, done=True, people=folder.people, counts=dict(counts)
    )


def _json(value: Any) -> Mapping[str, Any]:
    return dict(json.loads(value))


_FIND = Sql("SELECT id, state, counts FROM take_over WHERE sha256 = $1")
_PEOPLE = Sql("SELECT person FROM take_over_signature WHERE take_over_id = $1 ORDER BY signed_at, person")
_DONE = Sql("SELECT sha256 FROM take_over WHERE scope = $1 AND state = 'done'")
_OPEN = Sql(
    "INSERT INTO take_over (id, scope, sha256, state, counts, opened_at) VALUES ($1, $2, $3, 'awaited', $4, $5)"
    " ON CONFLICT (sha256) DO NOTHING"
)
_LOCK = Sql("SELECT id FROM take_over WHERE sha256 = $1 FOR UPDATE")
_SIGN = Sql(
    "INSERT INTO take_over_signature (take_over_id, person, role, signed_at, signed_hash, proof_id)"
    " VALUES ($1, $2, $3, $4, $5, $6)"
)
_FINISH = Sql("UPDATE take_over SET state = 'done', counts = $2, done_at = $3 WHERE id = $1")
