"""Copies of what enrolment and safety have said: values of their events and nothing else.

A rebuild clears these tables and writes the same rows again from the same events. Rows are found by the
key of the other service's aggregate, whose events arrive in order; aggregates wait for nobody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field

from services.sponsor.domain.ids import ParticipantId, PartLevel
from services.sponsor.domain.observation import Registration, WindowVerdict
from services.sponsor.domain.standing import Verdict
from services.sponsor.store.base import SponsorTable
from shared.database import Tx
from shared.rows import table_of
from shared.tables import Instant, JsonText


class ParticipantCopyRow(SponsorTable, table=True):
    """A participant as enrolment reports; `version` is the latest of its aggregate."""

    __tablename__ = "participant_copy"

    participant_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    participant_number: str | None
    site_number: str | None
    part: str | None
    level: int | None
    decision_id: str | None
    voided: bool | None
    first_dose_at: datetime | None = Field(sa_type=Instant, nullable=True)
    treatment_ended_at: datetime | None = Field(sa_type=Instant, nullable=True)
    treatment_end_reason: str | None
    elements: dict[str, str] | None = Field(sa_type=JsonText, nullable=True)
    version: int


class LevelCopyRow(SponsorTable, table=True):
    """A dose level as enrolment keeps it."""

    __tablename__ = "level_copy"

    level_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    part: str
    level: int
    state: str
    decision_id: str | None
    cause: str | None
    version: int


class VerdictCopyRow(SponsorTable, table=True):
    """The latest verdict on one observation window; the window may close before there is a verdict."""

    __tablename__ = "verdict_copy"

    window_id: str = Field(primary_key=True)
    participant_id: str
    trial_id: str = Field(index=True)
    part: str | None
    level: int | None
    verdict: str | None
    provisional: str | None
    closed_at: datetime | None = Field(sa_type=Instant, nullable=True)
    version: int


class DoseCopyRow(SponsorTable, table=True):
    """One planned dose as enrolment reports: given, missed, or withdrawn when what was said of it was an error."""

    __tablename__ = "dose_copy"

    dose_id: str = Field(primary_key=True)
    participant_id: str
    trial_id: str = Field(index=True)
    at: datetime = Field(sa_type=Instant)
    given: bool
    missed_because: str | None
    withdrawn: bool
    version: int


class AdverseEventCopyRow(SponsorTable, table=True):
    """An adverse event as safety reports; `report_version` counts its own versions, `reported_at` is of the first."""

    __tablename__ = "adverse_event_copy"

    report_id: str = Field(primary_key=True)
    trial_id: str | None = Field(index=True)
    participant_id: str | None
    site_number: str | None
    matched: str
    report_version: int
    term: str | None
    soc: str | None
    dictionary: str
    grade: int | None
    serious: bool
    seriousness: list[str] = Field(sa_type=JsonText)
    suspected: bool
    causality: str | None
    sponsor_causality: str | None
    onset_on: str | None
    outcome: str | None
    aware_at: datetime = Field(sa_type=Instant)
    reported_at: datetime | None = Field(sa_type=Instant, nullable=True)
    queries: list[str] = Field(sa_type=JsonText)
    version: int


class ScreeningCopyRow(SponsorTable, table=True):
    """A screening as enrolment reports; `failed_because` is the code of its failure, None while there is none."""

    __tablename__ = "screening_copy"

    screening_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    site_number: str | None
    failed_because: str | None
    version: int


class DecisionReceiptCopyRow(SponsorTable, table=True):
    """A site's receipt of a dose decision, as enrolment reports."""

    __tablename__ = "decision_receipt_copy"

    receipt_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    decision_id: str
    site_number: str
    role: str
    received_at: datetime = Field(sa_type=Instant)
    version: int


PARTICIPANTS = table_of(ParticipantCopyRow)
LEVELS = table_of(LevelCopyRow)
VERDICTS = table_of(VerdictCopyRow)
DOSES = table_of(DoseCopyRow)
ADVERSE_EVENTS = table_of(AdverseEventCopyRow)
RECEIPTS = table_of(DecisionReceiptCopyRow)
SCREENINGS = table_of(ScreeningCopyRow)
COPIES = tuple(
    table.name for table in (PARTICIPANTS, LEVELS, VERDICTS, DOSES, ADVERSE_EVENTS, RECEIPTS, SCREENINGS)
)
"""Tables that a rebuild clears."""

_ROWS_AT_ONCE = 500


async def merge_copies(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the named columns of each row, in order; other columns of a row that exists stay.

    Args:
        tx: the transaction.
        table: one of the copies.
        rows: all with the same columns, the primary key among them; of equal keys the later one counts.
    """
    (key,) = (column.name for column in table.primary_key.columns)
    latest = list({row[key]: dict(row) for row in rows}.values())
    dialect: Any = postgresql if tx.dialect == "postgresql" else sqlite
    for first in range(0, len(latest), _ROWS_AT_ONCE):
        some = latest[first : first + _ROWS_AT_ONCE]
        statement = dialect.insert(table).values(some)
        replaced = {name: statement.excluded[name] for name in some[0] if name != key}
        await tx.execute(statement.on_conflict_do_update(index_elements=[key], set_=replaced))


async def registrations_of(tx: Tx, trial_id: str) -> list[Registration]:
    """Everybody registered in a trial, the voided included."""
    statement = select(PARTICIPANTS).where(
        PARTICIPANTS.c.trial_id == trial_id, PARTICIPANTS.c.part.is_not(None)
    )
    return [
        Registration(
            participant_id=ParticipantId(row.participant_id),
            place=PartLevel(part=row.part, level=row.level),
            decision_id=row.decision_id or "",
            voided=bool(row.voided),
            first_dose_at=row.first_dose_at,
            version=row.version,
        )
        for row in await tx.execute(statement)
    ]


async def verdicts_of(tx: Tx, trial_id: str) -> list[WindowVerdict]:
    """The latest verdict on every window of a trial that has one.

    A verdict with a name not known here is pending, and an unknown provisional state is an open DLT.
    """
    statement = select(VERDICTS).where(VERDICTS.c.trial_id == trial_id, VERDICTS.c.verdict.is_not(None))
    return [
        WindowVerdict(
            participant_id=ParticipantId(row.participant_id),
            place=PartLevel(part=row.part, level=row.level),
            verdict=_verdict(row.verdict),
            provisional_dlt=row.provisional != "none",
            window_closed_at=row.closed_at,
            version=row.version,
        )
        for row in await tx.execute(statement)
    ]


def _verdict(name: str) -> Verdict:
    known = {Verdict.DLT, Verdict.NO_DLT, Verdict.NOT_EVALUABLE}
    return next((verdict for verdict in known if verdict.value == name), Verdict.PENDING)


async def level_states(tx: Tx, trial_id: str) -> dict[PartLevel, str]:
    """State of each dose level that enrolment has ever opened: `open` or `closed`."""
    statement = select(LEVELS).where(LEVELS.c.trial_id == trial_id)
    return {PartLevel(part=row.part, level=row.level): row.state for row in await tx.execute(statement)}
