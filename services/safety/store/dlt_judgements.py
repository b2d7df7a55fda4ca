"""DLTs by signed judgement in the store."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from services.safety.domain.dlt_judgement import CommitteeView
from services.safety.store.stopping_tables import DltJudgementRow
from shared.database import Sql, Tx
from shared.rows import RowQuery, fetch_rows, insert_row, table_of, upsert_row

_JUDGEMENTS = table_of(DltJudgementRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJudgement:
    """An investigator's judgement with its reason, and the committee's answer with its own; both are kept."""

    id: str
    participant_id: str
    criterion: str
    occurred_on: date
    signed_by: str
    signed_at: datetime
    reason: str
    committee: CommitteeView = CommitteeView.AWAITED
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None


async def add_judgement(tx: Tx, judgement: StoredJudgement) -> None:
    await insert_row(tx, _JUDGEMENTS, _row(judgement))


async def save_judgement(tx: Tx, judgement: StoredJudgement) -> None:
    await upsert_row(tx, _JUDGEMENTS, _row(judgement))


async def load_judgement(tx: Tx, judgement_id: str, *, lock: bool = False) -> StoredJudgement | None:
    if lock:
        await tx.fetch(_LOCK, judgement_id)
    rows = await fetch_rows(tx, _BY_ID, judgement_id)
    return _judgement(rows[0]) if rows else None


async def judgements_of(tx: Tx, participant_id: str) -> list[StoredJudgement]:
    """Every judgement about a participant, oldest first."""
    return [_judgement(row) for row in await fetch_rows(tx, _OF_PARTICIPANT, participant_id)]


async def unit_of(tx: Tx, participant_id: str) -> tuple[str, str] | None:
    """Trial code and site number of a participant; None while the registration is not known here."""
    rows = await tx.fetch(_UNIT, participant_id)
    return (rows[0][0].partition("-")[0].upper(), rows[0][1]) if rows else None


def _row(judgement: StoredJudgement) -> dict[str, Any]:
    return asdict(judgement) | {"committee": judgement.committee.value}


def _judgement(row: dict[str, Any]) -> StoredJudgement:
    return StoredJudgement(**row | {"committee": CommitteeView(row["committee"])})


_UNIT = Sql("SELECT participant_number, site_number FROM participant_copy WHERE participant_id = $1")
_LOCK = Sql("SELECT id FROM dlt_judgement WHERE id = $1 FOR UPDATE")
_BY_ID = RowQuery(_JUDGEMENTS, "FROM dlt_judgement WHERE id = $1")
_OF_PARTICIPANT = RowQuery(_JUDGEMENTS, "FROM dlt_judgement WHERE participant_id = $1 ORDER BY signed_at, id")
