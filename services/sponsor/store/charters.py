"""Committee charters and their signatures in the store."""

from typing import Any

from sqlalchemy import ColumnElement, select, update

from services.sponsor.domain.committee import Charter, Member, QuorumRule, Seat, charter_hash, charter_text
from services.sponsor.domain.electronic_signature import Signature
from services.sponsor.domain.ids import PersonId, ProofId, TrialId
from services.sponsor.domain.roles import Role
from services.sponsor.store.committee_tables import CharterRow, CommitteeSignatureRow
from shared.clock import format_instant, parse_instant
from shared.database import Tx
from shared.rows import insert_row, table_of

_CHARTERS = table_of(CharterRow)
_SIGNATURES = table_of(CommitteeSignatureRow)


async def add_charter(tx: Tx, charter: Charter) -> None:
    """Keep a proposed version; what it says never changes afterwards."""
    await insert_row(
        tx,
        _CHARTERS,
        {
            "id": charter.id,
            "trial_id": charter.trial_id,
            "n": charter.n,
            "content": {
                "members": [_member_written(one) for one in charter.members],
                "minimum_voters": charter.quorum.minimum_voters,
                "required": [[seat.value for seat in group] for group in charter.quorum.required],
                "words": charter.words,
            },
            "text": charter_text(charter),
            "sha256": charter_hash(charter),
            "proposed_by": charter.proposed_by,
            "proposed_at": charter.proposed_at,
            "in_force_at": None,
        },
    )


async def save_signed(tx: Tx, charter: Charter) -> None:
    """Keep the charter's latest signature, and since when it is in force."""
    signature = charter.signatures[-1]
    await insert_row(
        tx,
        _SIGNATURES,
        {
            "record_id": charter.id,
            "person_id": signature.person_id,
            "n": len(charter.signatures),
            "printed_name": signature.printed_name,
            "role": signature.role.value,
            "meaning": signature.meaning,
            "signed_at": signature.signed_at,
            "signed_hash": signature.signed_hash,
            "proof_id": signature.proof_id,
        },
    )
    await tx.execute(
        update(_CHARTERS).where(_CHARTERS.c.id == charter.id).values(in_force_at=charter.in_force_at)
    )


async def load_charter(tx: Tx, charter_id: str) -> Charter | None:
    found = await _charters(tx, _CHARTERS.c.id == charter_id)
    return found[0] if found else None


async def charters_of(tx: Tx, trial_id: str) -> list[Charter]:
    """Every version of a trial's charter, oldest first."""
    return await _charters(tx, _CHARTERS.c.trial_id == trial_id)


async def _charters(tx: Tx, which: ColumnElement[bool]) -> list[Charter]:
    rows = (await tx.execute(select(_CHARTERS).where(which).order_by(_CHARTERS.c.n))).all()
    if not rows:
        return []
    statement = (
        select(_SIGNATURES)
        .where(_SIGNATURES.c.record_id.in_([row.id for row in rows]))
        .order_by(_SIGNATURES.c.n)
    )
    signatures: dict[str, tuple[Signature, ...]] = {}
    for row in await tx.execute(statement):
        signatures[row.record_id] = (*signatures.get(row.record_id, ()), _signature(row))
    return [_charter(row, signatures.get(row.id, ())) for row in rows]


def _charter(row: Any, signatures: tuple[Signature, ...]) -> Charter:
    content = row.content
    return Charter(
        id=row.id,
        trial_id=TrialId(row.trial_id),
        n=row.n,
        members=tuple(_member(one) for one in content["members"]),
        quorum=QuorumRule(
            minimum_voters=content["minimum_voters"],
            required=tuple(tuple(Seat(seat) for seat in group) for group in content["required"]),
        ),
        words=content["words"],
        proposed_by=PersonId(row.proposed_by),
        proposed_at=row.proposed_at,
        signatures=signatures,
        in_force_at=row.in_force_at,
    )


def _member_written(member: Member) -> dict[str, str | None]:
    return {
        "person_id": member.person_id,
        "seat": member.seat.value,
        "from_at": format_instant(member.from_at),
        "until_at": None if member.until_at is None else format_instant(member.until_at),
    }


def _member(written: dict[str, Any]) -> Member:
    return Member(
        person_id=PersonId(written["person_id"]),
        seat=Seat(written["seat"]),
        from_at=parse_instant(written["from_at"]),
        until_at=None if written["until_at"] is None else parse_instant(written["until_at"]),
    )


def _signature(row: Any) -> Signature:
    return Signature(
        person_id=PersonId(row.person_id),
        printed_name=row.printed_name,
        role=Role(row.role),
        meaning=row.meaning,
        signed_at=row.signed_at,
        signed_hash=row.signed_hash,
        proof_id=ProofId(row.proof_id),
    )
