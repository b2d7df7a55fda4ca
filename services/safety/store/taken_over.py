"""Trials that were taken over: their folders and signatures, verdicts as judged elsewhere, reports to be entered."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Field

from services.safety.domain.dlt import Verdict
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.taken_over import TakenVerdict
from services.safety.store.base import METADATA, SafetyTable
from shared.database import Sql, Tx, instant_parameter
from shared.joint_reads import Part, instant
from shared.rows import RowQuery, fetch_rows, insertion, table_of
from shared.signed_folders import add_folder_tables
from shared.tables import Instant, JsonText

add_folder_tables(METADATA)


class TakenVerdictRow(SafetyTable, table=True):
    """A verdict as it was judged elsewhere; never changed."""

    __tablename__ = "taken_over_verdict"

    trial_id: str = Field(primary_key=True)
    participant_number: str = Field(primary_key=True)
    verdict: str
    criteria: list[str] = Field(sa_type=JsonText)
    evidence: str
    judged_by: str
    judged_at: datetime = Field(sa_type=Instant)
    report_ids: list[str] = Field(sa_type=JsonText)


class TakenReportRow(SafetyTable, table=True):
    """A report that came with the trial; entered once its participant is known here."""

    __tablename__ = "taken_over_report"

    report_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    participant_number: str
    closed: bool
    statement: dict[str, Any] = Field(sa_type=JsonText)
    signed_by: str
    entered_at: datetime | None = Field(sa_type=Instant, nullable=True)


_REPORTS = table_of(TakenReportRow)
add_verdicts = insertion(table_of(TakenVerdictRow))
add_reports = insertion(_REPORTS)
_TO_ENTER = RowQuery(
    _REPORTS, "FROM taken_over_report WHERE trial_id = $1 AND entered_at IS NULL ORDER BY report_id"
)

TAKEN_VERDICT = Part(
    name="taken_over",
    columns=("t.verdict", "t.evidence", "t.judged_by", "t.judged_at"),
    json=("t.criteria", "t.report_ids"),
    source="taken_over_verdict t JOIN participant_copy p ON p.trial_id = t.trial_id"
    " AND p.participant_number = t.participant_number WHERE p.participant_id = $1",
)
"""Part of a joint read about one participant, whose id is $1."""


def taken_verdict(row: Mapping[str, Any]) -> TakenVerdict:
    """From a row of `TAKEN_VERDICT`."""
    return TakenVerdict(
        verdict=Verdict(row["verdict"]),
        criteria=tuple(row["criteria"]),
        evidence=row["evidence"],
        judged_by=PersonId(row["judged_by"]),
        judged_at=instant(row["judged_at"]),
        report_ids=frozenset(AdverseEventId(one) for one in row["report_ids"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportToEnter:
    """A report that came with a trial; `statement` is as `statement_of` wrote it."""

    report_id: str
    participant_number: str
    closed: bool
    statement: Mapping[str, Any]
    signed_by: str


async def reports_to_enter(tx: Tx, trial_id: str) -> list[ReportToEnter]:
    """What was not entered yet; rows locked so that nobody else enters them."""
    rows = await fetch_rows(tx, _TO_ENTER, trial_id)
    return [
        ReportToEnter(
            report_id=row["report_id"],
            participant_number=row["participant_number"],
            closed=bool(row["closed"]),
            statement=row["statement"],
            signed_by=row["signed_by"],
        )
        for row in rows
    ]


async def mark_entered(tx: Tx, report_id: str, at: datetime) -> bool:
    """Whether the report had not been entered before."""
    return bool(await tx.fetch(_ENTERED, report_id, instant_parameter(tx, at)))


async def known_participants(tx: Tx, trial_id: str) -> dict[str, str]:
    """Ids of the trial's participants as enrolment registered them, by number."""
    return {row[0]: row[1] for row in await tx.fetch(_KNOWN, trial_id)}


async def taken_verdicts(tx: Tx, trial_id: str) -> dict[str, Verdict]:
    """Verdicts that came with a trial, by participant number."""
    return {row[0]: Verdict(row[1]) for row in await tx.fetch(_TAKEN, trial_id)}


async def holds_reports(tx: Tx, trial_id: str) -> bool:
    return bool(await tx.fetch(_HOLDS, trial_id))


async def versions_known(tx: Tx, trial_id: str) -> dict[str, str]:
    """Texts of the trial's DLT definitions by protocol version; empty for one that defines none."""
    return {row[0]: row[1] for row in await tx.fetch(_VERSIONS, trial_id)}


def new_numbers(known: Mapping[str, str], numbers: Collection[str]) -> frozenset[str]:
    """Numbers of participants known here that the folder does not name."""
    return frozenset(known) - frozenset(numbers)


_ENTERED = Sql(
    "UPDATE taken_over_report SET entered_at = $2 WHERE report_id = $1 AND entered_at IS NULL RETURNING report_id"
)
_KNOWN = Sql("SELECT participant_number, participant_id FROM participant_copy WHERE trial_id = $1")
_TAKEN = Sql("SELECT participant_number, verdict FROM taken_over_verdict WHERE trial_id = $1")
_HOLDS = Sql("SELECT 1 FROM adverse_event WHERE trial_id = $1 LIMIT 1")
_VERSIONS = Sql("SELECT protocol_version, dlt FROM protocol_copy WHERE trial_id = $1")
