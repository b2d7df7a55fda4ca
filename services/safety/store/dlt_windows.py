"""DLT windows in the store: the verdict as it stands, and its versions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.safety.domain.dlt import Provisional, Verdict
from services.safety.domain.dlt_facts import CriterionFinding
from services.safety.domain.ids import ParticipantId, TrialId, WindowId
from services.safety.domain.window_judgement import Judgement
from services.safety.store.copies import ParticipantCopy
from services.safety.store.stored_window import StoredWindow
from services.safety.store.tables import DltVerdictRow, DltWindowRow
from services.safety.store.window_facts import Registration
from shared.database import Sql, Tx, instant_parameter
from shared.rows import insert_once, insert_row, table_of, upsert_row

_WINDOWS = table_of(DltWindowRow)
_VERDICTS = table_of(DltVerdictRow)
_PARTICIPANTS = table_of(ParticipantCopy)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """One version of a verdict."""

    window_id: str
    participant_id: str
    participant_number: str
    site_number: str
    version: int
    verdict: str
    provisional: str
    criteria: tuple[str, ...]
    reasons: tuple[str, ...]
    part: str
    level_allocated: int
    level_received: int | None
    basis: dict[str, Any]
    cause: str
    report_id: str | None
    recorded_at: datetime


async def lock_window(tx: Tx, participant_id: str) -> None:
    """Lock the participant's window, if there is one, until the transaction ends.

    Whoever judges a window has written its own fact before, and reads all facts by a statement that begins
    after this lock: of two who come together the second sees what the first has written.
    """
    await tx.fetch(_LOCK, participant_id)


async def open_window(
    tx: Tx, window_id: str, participant_id: ParticipantId, trial_id: TrialId
) -> StoredWindow | None:
    """A new window without a verdict; None when somebody else has opened it in the meantime."""
    window = StoredWindow(
        window_id=WindowId(window_id),
        participant_id=participant_id,
        trial_id=trial_id,
        version=0,
        verdict="",
        provisional="",
        criteria=(),
        reasons=(),
        alerted=frozenset(),
        next_check_at=None,
        closes_at=None,
        closed_at=None,
        voided_at=None,
    )
    return window if await insert_once(tx, _WINDOWS, _row(window)) else None


async def save_window(tx: Tx, window: StoredWindow) -> None:
    await upsert_row(tx, _WINDOWS, _row(window))


async def add_verdict(
    tx: Tx,
    window: StoredWindow,
    judgement: Judgement,
    registration: Registration,
    *,
    cause: str,
    report_id: str | None,
    recorded_at: datetime,
) -> None:
    """The verdict's next version, `window.version`, with what it rests on."""
    await insert_row(
        tx,
        _VERDICTS,
        {
            "window_id": window.window_id,
            "version": window.version,
            "verdict": judgement.verdict.value,
            "provisional": judgement.provisional.value,
            "criteria": list(judgement.criteria),
            "reasons": list(judgement.reasons),
            "part": registration.part,
            "level_allocated": registration.level_allocated,
            "level_received": registration.level_received,
            "basis": {
                "definition": judgement.definition,
                "dictionary": judgement.dictionary,
                "convention": judgement.convention,
                "as_of_day": judgement.as_of_day,
                "findings": [_dump_finding(finding) for finding in judgement.findings],
            },
            "cause": cause,
            "report_id": report_id,
            "recorded_at": recorded_at,
        },
    )


async def due_windows(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Participants whose verdict time may have changed by now."""
    return [row[0] for row in await tx.fetch(_DUE, instant_parameter(tx, now), limit)]


async def every_participant(tx: Tx) -> list[str]:
    return [row[0] for row in await tx.fetch(_EVERYONE)]


async def verdicts_now(
    tx: Tx, *, trial_id: str, sites: frozenset[str] | None, after: str, limit: int
) -> list[tuple[StoredWindow, StoredVerdict]]:
    """The verdict in force of each participant of a trial, by window, with the window."""
    statement = (
        _verdict_rows(_VERDICTS.c.version == _WINDOWS.c.version)
        .where(_WINDOWS.c.trial_id == trial_id, _WINDOWS.c.voided_at.is_(None), _WINDOWS.c.window_id > after)
        .order_by(_WINDOWS.c.window_id)
        .limit(limit)
    )
    if sites is not None:
        statement = statement.where(_PARTICIPANTS.c.site_number.in_(sorted(sites)))
    rows = (await tx.execute(statement)).all()
    return [(_window_of(row), _verdict(row)) for row in rows]


async def verdict_history(tx: Tx, participant_id: str) -> tuple[StoredWindow, list[StoredVerdict]] | None:
    """A participant's window and every version of its verdict; None when there is no window."""
    statement = (
        _verdict_rows().where(_WINDOWS.c.participant_id == participant_id).order_by(_VERDICTS.c.version)
    )
    rows = (await tx.execute(statement)).all()
    return (_window_of(rows[0]), [_verdict(row) for row in rows]) if rows else None


def _verdict_rows(*more: Any) -> Any:
    joined = _VERDICTS.c.window_id == _WINDOWS.c.window_id
    for condition in more:
        joined &= condition
    windows = [column.label(f"window_{column.name}") for column in _WINDOWS.columns]
    people = (_PARTICIPANTS.c.participant_number, _PARTICIPANTS.c.site_number)
    return (
        select(_VERDICTS, *windows, *people)
        .join(_WINDOWS, joined)
        .join(_PARTICIPANTS, _PARTICIPANTS.c.participant_id == _WINDOWS.c.participant_id)
    )


def _row(window: StoredWindow) -> dict[str, Any]:
    return asdict(window) | {
        "criteria": list(window.criteria),
        "reasons": list(window.reasons),
        "alerted": sorted(window.alerted),
    }


def _window(values: Mapping[str, Any], prefix: str = "") -> StoredWindow:
    return StoredWindow(
        **{column.name: values[f"{prefix}{column.name}"] for column in _WINDOWS.columns}
        | {
            "criteria": tuple(values[f"{prefix}criteria"]),
            "reasons": tuple(values[f"{prefix}reasons"]),
            "alerted": frozenset(values[f"{prefix}alerted"]),
        }
    )


def _window_of(row: Any) -> StoredWindow:
    return _window(row._mapping, "window_")


def _verdict(row: Any) -> StoredVerdict:
    return StoredVerdict(
        window_id=row.window_id,
        participant_id=row.window_participant_id,
        participant_number=row.participant_number,
        site_number=row.site_number,
        version=row.version,
        verdict=Verdict(row.verdict).value,
        provisional=Provisional(row.provisional).value,
        criteria=tuple(row.criteria),
        reasons=tuple(row.reasons),
        part=row.part,
        level_allocated=row.level_allocated,
        level_received=row.level_received,
        basis=row.basis,
        cause=row.cause,
        report_id=row.report_id,
        recorded_at=row.recorded_at,
    )


def _dump_finding(finding: CriterionFinding) -> dict[str, Any]:
    return {
        "criterion": finding.id,
        "strength": finding.strength.name.lower(),
        "since_day": finding.since_day,
        "true_from_day": finding.true_from_day,
        "assumed_ongoing": finding.assumed_ongoing,
        "next_day": finding.next_day,
        "open": sorted(question.value for question in finding.open),
        "events": [list(event) for event in finding.events],
    }


_LOCK = Sql("SELECT window_id FROM dlt_window WHERE participant_id = $1 FOR UPDATE")
_DUE = Sql(
    "SELECT participant_id FROM dlt_window WHERE next_check_at IS NOT NULL AND next_check_at <= $1"
    " ORDER BY next_check_at, window_id LIMIT $2"
)
_EVERYONE = Sql("SELECT participant_id FROM participant_copy ORDER BY participant_id")
