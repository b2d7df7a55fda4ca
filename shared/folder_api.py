"""A folder over HTTP, the same in every service that takes one: looked at, or signed by one of two people."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from shared.act import Act
from shared.auth import Principal
from shared.csv_tables import BadRow
from shared.database import Tx
from shared.json_body import StrictModel, parse_body, read_limited
from shared.perform import Answer
from shared.service import service_of
from shared.signed_folders import PURPOSE, CheckedFolder, VerifyProof
from shared.tokens import Proof, TokenVerifier

MAX_FOLDER_BYTES = 8 * 1024 * 1024
Files = Mapping[str, str]
FileName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}\.(csv|json)$")]
Check = Callable[[Tx, Files, Act], Awaitable[CheckedFolder]]
Sign = Callable[[Tx, Files, Act, VerifyProof], Awaitable[CheckedFolder]]
Shown = Callable[[CheckedFolder], BaseModel]


class FolderIn(StrictModel):
    """The folder's files by name. Without a dry run `proof` signs its hash, for the purpose `sign-take-over`."""

    files: Annotated[dict[FileName, str], Field(min_length=1, max_length=20)]
    dry_run: bool = False
    proof: Annotated[str, StringConstraints(min_length=1, max_length=8192)] | None = None


class BadRowOut(StrictModel):
    """A place of a file that breaks a rule; row 1 is the header, row 0 the file itself."""

    file: str
    row: int
    column: str
    rule: str


class FolderOut(StrictModel):
    """`state`: checked, awaited (a second person signs), or done; `counts` is what is kept here."""

    sha256: str
    state: str
    signed_by: Sequence[str]
    counts: dict[str, int]
    bad: Sequence[BadRowOut]


def bad_rows_out(bad: Sequence[BadRow]) -> list[BadRowOut]:
    return [BadRowOut(file=one.file, row=one.row, column=one.column, rule=one.rule) for one in bad]


def folder_out(checked: CheckedFolder) -> FolderOut:
    folder = checked.folder
    return FolderOut(
        sha256=checked.sha256,
        state="checked" if folder is None else "done" if folder.done else "awaited",
        signed_by=list(folder.people) if folder else [],
        counts={name: int(count) for name, count in checked.counts.items()},
        bad=bad_rows_out(checked.bad),
    )


async def answer_folder(
    request: Request, principal: Principal, *, check: Check, sign: Sign, shown: Shown
) -> Response:
    """200 with what the folder would do for a dry run; else 201 with the folder as it is after the signature."""
    raw = await read_limited(request, limit=MAX_FOLDER_BYTES)
    body = parse_body(raw, FolderIn)
    verifier: TokenVerifier = request.app.state.token_verifier

    def verify(sha256: str) -> Proof:
        return verifier.verify_proof(
            body.proof or "", subject=principal.subject, purpose=PURPOSE, bound_to=sha256
        )

    async def query(tx: Tx, act: Act) -> BaseModel:
        return shown(await check(tx, body.files, act))

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=shown(await sign(tx, body.files, act, verify)))

    performer = service_of(request).performer
    if body.dry_run:
        return shown_now(await performer.query(request, principal, query))
    return await performer.command(request, principal, raw, command)


def shown_now(out: BaseModel) -> Response:
    """What a dry run found; nothing was made, so it is no 201."""
    return Response(out.model_dump_json(), 200, media_type="application/json")
