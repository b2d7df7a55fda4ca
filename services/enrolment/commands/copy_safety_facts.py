"""Copies of what safety says: verdicts, and which reports hold the trial because they match nobody."""

from collections.abc import Sequence

from services.enrolment.events.consumed import (
    AdverseEventReported,
    DltVerdictRecorded,
    StoppingRuleCrossed,
)
from services.enrolment.store import copy_saves
from shared.consumer import Received
from shared.database import Tx


async def copy_verdicts(tx: Tx, events: Sequence[Received[DltVerdictRecorded]]) -> None:
    rows = [
        {
            "window_id": body.window_id,
            "trial_id": body.trial_id,
            "participant_id": body.participant_id,
            "verdict": body.verdict,
            "provisional": body.provisional,
            "part": body.part,
            "level": body.level_allocated,
        }
        for body in (event.body for event in events)
    ]
    await copy_saves.save_verdicts(tx, rows)


async def copy_crossings(tx: Tx, events: Sequence[Received[StoppingRuleCrossed]]) -> None:
    """A crossing holds recruitment from its arrival, whether or not the sponsor's halt for it has arrived too."""
    rows = [
        {
            "halt_id": body.crossing_id,
            "trial_id": body.trial_id,
            "part": body.part,
            "level": body.level if body.part is not None else None,
            "site_number": None,
            "recruitment": True,
            "dosing": False,
            "imposed_at": body.crossed_at,
            "lifted": False,
        }
        for body in (event.body for event in events)
    ]
    await copy_saves.save_crossings(tx, rows)


async def copy_reports(tx: Tx, events: Sequence[Received[AdverseEventReported]]) -> None:
    rows = [
        {
            "report_id": body.report_id,
            "trial_id": body.trial_id or "",
            "holds_trial": body.holds_trial,
        }
        for body in (event.body for event in events)
    ]
    await copy_saves.save_reports(tx, rows)
