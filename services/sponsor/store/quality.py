"""Signed statements about the quality of data, in the store; rows are added and never changed."""

from dataclasses import dataclass

from sqlalchemy import select

from services.sponsor.domain.ids import PersonId, ProofId
from services.sponsor.domain.roles import Role
from services.sponsor.domain.snapshot import QualityStatement
from services.sponsor.store.committee_tables import QualityStatementRow
from shared.database import Tx
from shared.rows import insert_row, table_of

_STATEMENTS = table_of(QualityStatementRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatement:
    """A statement as it is signed, over the data with this hash."""

    trial_id: str
    part: str
    standings_sha256: str
    text: str
    statement: QualityStatement
    proof_id: ProofId


async def add_statement(tx: Tx, new: NewStatement) -> None:
    said = new.statement
    await insert_row(
        tx,
        _STATEMENTS,
        {
            "id": said.id,
            "trial_id": new.trial_id,
            "part": new.part,
            "standings_sha256": new.standings_sha256,
            "fields": list(said.fields),
            "text": new.text,
            "person_id": said.person_id,
            "role": said.role.value,
            "signed_at": said.signed_at,
            "signed_hash": said.signed_hash,
            "proof_id": new.proof_id,
        },
    )


async def statement_over(tx: Tx, trial_id: str, part: str, standings_sha256: str) -> QualityStatement | None:
    """The first statement over exactly these data; None while nobody has signed one."""
    statement = (
        select(_STATEMENTS)
        .where(
            _STATEMENTS.c.trial_id == trial_id,
            _STATEMENTS.c.part == part,
            _STATEMENTS.c.standings_sha256 == standings_sha256,
        )
        .order_by(_STATEMENTS.c.id)
        .limit(1)
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    return QualityStatement(
        id=row.id,
        person_id=PersonId(row.person_id),
        role=Role(row.role),
        fields=tuple(row.fields),
        signed_at=row.signed_at,
        signed_hash=row.signed_hash,
    )
