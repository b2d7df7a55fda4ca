"""Keeping copies of what enrolment and safety say: one set-based statement per run of events of one type."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Table

from services.sponsor.events.consumed import (
    DltVerdictRecorded,
    DltWindowClosed,
    DltWindowReopened,
    DoseLevelClosed,
    DoseLevelOpened,
    FirstDoseCorrected,
    FirstDoseRecorded,
    FirstDoseVoided,
    ParticipantAllocated,
    ParticipantEvent,
    ParticipantRegistered,
    ParticipantRegisteredWithoutLevel,
    ParticipantTransferred,
    ParticipationChanged,
    RegistrationVoided,
    ScreeningFailed,
    ScreeningStarted,
    TreatmentEnded,
    TreatmentResumed,
)
from services.sponsor.store.copies import LEVELS, PARTICIPANTS, SCREENINGS, VERDICTS, merge_copies
from shared.consumer import Project, Received
from shared.database import Tx

Columns = dict[str, Any]
NO_LEVEL = 0
"""Level of everybody in a part without dose levels."""


def _keeping(table: Table, columns: Callable[[Any], Columns]) -> Project:
    """A projection that writes these columns and the aggregate's version."""

    async def keep(tx: Tx, events: Sequence[Received[Any]]) -> None:
        rows = [columns(event.body) | {"version": event.envelope.sequence} for event in events]
        await merge_copies(tx, table, rows)

    return keep


def _participant(event: ParticipantEvent) -> Columns:
    return {"participant_id": event.participant_id, "trial_id": event.trial_id}


def _registered(event: ParticipantRegistered) -> Columns:
    return _participant(event) | {
        "participant_number": event.participant_number,
        "site_number": event.site_number,
        "part": event.part,
        "level": event.level,
        "decision_id": event.decision_id,
    }


def _registered_without_level(event: ParticipantRegisteredWithoutLevel) -> Columns:
    return _participant(event) | {
        "participant_number": event.participant_number,
        "site_number": event.site_number,
        "part": event.part,
        "level": NO_LEVEL,
        "decision_id": "",
    }


def _allocated(event: ParticipantAllocated) -> Columns:
    return _participant(event) | {"part": event.part, "level": event.level}


def _dosed(event: FirstDoseRecorded | FirstDoseCorrected) -> Columns:
    return _participant(event) | {"first_dose_at": event.given_at}


def _not_dosed(event: FirstDoseVoided) -> Columns:
    return _participant(event) | {"first_dose_at": None}


def _transferred(event: ParticipantTransferred) -> Columns:
    return _participant(event) | {"site_number": event.to_site_number}


def _ended(event: TreatmentEnded) -> Columns:
    return _participant(event) | {
        "treatment_ended_at": event.ended_at,
        "treatment_end_reason": event.reason,
    }


def _resumed(event: TreatmentResumed) -> Columns:
    return _participant(event) | {"treatment_ended_at": None, "treatment_end_reason": None}


def _changed(event: ParticipationChanged) -> Columns:
    return _participant(event) | {"elements": event.elements}


def _voided(event: RegistrationVoided) -> Columns:
    return _participant(event) | {"voided": True}


def _level(event: DoseLevelOpened | DoseLevelClosed) -> Columns:
    return {
        "level_id": event.level_id,
        "trial_id": event.trial_id,
        "part": event.part,
        "level": event.level,
    }


def _opened(event: DoseLevelOpened) -> Columns:
    return _level(event) | {"state": "open", "decision_id": event.decision_id, "cause": None}


def _closed(event: DoseLevelClosed) -> Columns:
    return _level(event) | {"state": "closed", "cause": event.cause}


def _screening(event: ScreeningStarted | ScreeningFailed) -> Columns:
    return {"screening_id": event.screening_id, "trial_id": event.trial_id}


def _screened(event: ScreeningStarted) -> Columns:
    return _screening(event) | {"site_number": event.site_number}


def _screening_failed(event: ScreeningFailed) -> Columns:
    return _screening(event) | {"failed_because": event.reason_code}


def _window(event: DltVerdictRecorded | DltWindowClosed | DltWindowReopened) -> Columns:
    return {
        "window_id": event.window_id,
        "trial_id": event.trial_id,
        "participant_id": event.participant_id,
    }


def _verdict(event: DltVerdictRecorded) -> Columns:
    return _window(event) | {
        "part": event.part,
        "level": event.level_allocated,
        "verdict": event.verdict,
        "provisional": event.provisional,
    }


def _window_closed(event: DltWindowClosed) -> Columns:
    return _window(event) | {"closed_at": event.closed_at}


def _window_open(event: DltWindowReopened) -> Columns:
    return _window(event) | {"closed_at": None}


keep_registration = _keeping(PARTICIPANTS, _registered)
keep_registration_without_level = _keeping(PARTICIPANTS, _registered_without_level)
keep_allocation = _keeping(PARTICIPANTS, _allocated)
keep_first_dose = _keeping(PARTICIPANTS, _dosed)
keep_no_first_dose = _keeping(PARTICIPANTS, _not_dosed)
keep_participant_version = _keeping(PARTICIPANTS, _participant)
keep_transfer = _keeping(PARTICIPANTS, _transferred)
keep_treatment_end = _keeping(PARTICIPANTS, _ended)
keep_treatment_resumption = _keeping(PARTICIPANTS, _resumed)
keep_participation = _keeping(PARTICIPANTS, _changed)
keep_voiding = _keeping(PARTICIPANTS, _voided)
keep_level_opening = _keeping(LEVELS, _opened)
keep_level_closing = _keeping(LEVELS, _closed)
keep_screening = _keeping(SCREENINGS, _screened)
keep_screening_failure = _keeping(SCREENINGS, _screening_failed)
keep_verdict = _keeping(VERDICTS, _verdict)
keep_window_end = _keeping(VERDICTS, _window_closed)
keep_window_open = _keeping(VERDICTS, _window_open)
