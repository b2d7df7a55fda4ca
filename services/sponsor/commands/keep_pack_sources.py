"""Keeping copies of what a committee is shown: doses, adverse events, and which sites received a decision."""

from collections.abc import Iterator, Sequence
from typing import Any

from services.sponsor.events.consumed import (
    Administration,
    AdverseEvent,
    DecisionReceived,
    DoseCorrected,
    DoseRecorded,
)
from services.sponsor.store.copies import ADVERSE_EVENTS, DOSES, PARTICIPANTS, RECEIPTS, merge_copies
from shared.clock import format_instant
from shared.consumer import Received
from shared.database import Tx

Columns = dict[str, Any]


async def keep_doses(tx: Tx, events: Sequence[Received[DoseRecorded]]) -> None:
    await _keep(tx, events, [row for event in events for row in _standing(event)])


async def keep_dose_corrections(tx: Tx, events: Sequence[Received[DoseCorrected]]) -> None:
    """Take away what was said of the time, then keep what stands on record now about the times concerned."""
    rows = []
    for event in events:
        taken_back = Administration(at=event.body.withdrawn_at, given=False, missed_because=None)
        rows += [_dose(event, taken_back, withdrawn=True), *_standing(event)]
    await _keep(tx, events, rows)


async def _keep(tx: Tx, events: Sequence[Received[Any]], rows: Sequence[Columns]) -> None:
    await merge_copies(tx, DOSES, rows)
    people = [
        {
            "participant_id": event.body.participant_id,
            "trial_id": event.body.trial_id,
            "version": event.envelope.sequence,
        }
        for event in events
    ]
    await merge_copies(tx, PARTICIPANTS, people)


def _standing(event: Received[DoseRecorded] | Received[DoseCorrected]) -> Iterator[Columns]:
    for one in event.body.administrations:
        yield _dose(event, one, withdrawn=False)


def _dose(
    event: Received[DoseRecorded] | Received[DoseCorrected], one: Administration, *, withdrawn: bool
) -> Columns:
    return {
        "dose_id": f"{event.body.participant_id}|{format_instant(one.at)}",
        "participant_id": event.body.participant_id,
        "trial_id": event.body.trial_id,
        "at": one.at,
        "given": one.given,
        "missed_because": one.missed_because,
        "withdrawn": withdrawn,
        "version": event.envelope.sequence,
    }


async def keep_reports(tx: Tx, events: Sequence[Received[AdverseEvent]]) -> None:
    """First versions: as `keep_adverse_events`, and when they were taken in."""
    rows = [
        _adverse_event(event.body) | {"version": event.envelope.sequence, "reported_at": event.envelope.time}
        for event in events
    ]
    await merge_copies(tx, ADVERSE_EVENTS, rows)


async def keep_adverse_events(tx: Tx, events: Sequence[Received[AdverseEvent]]) -> None:
    rows = [_adverse_event(event.body) | {"version": event.envelope.sequence} for event in events]
    await merge_copies(tx, ADVERSE_EVENTS, rows)


def _adverse_event(body: AdverseEvent) -> Columns:
    row = body.model_dump(exclude={"version", "onset_on"})
    onset = None if body.onset_on is None else body.onset_on.isoformat()
    return row | {"report_version": body.version, "onset_on": onset}


async def keep_receipt(tx: Tx, events: Sequence[Received[DecisionReceived]]) -> None:
    rows = [
        event.body.model_dump()
        | {
            "receipt_id": f"{event.body.decision_id}|{event.body.site_number}",
            "version": event.envelope.sequence,
        }
        for event in events
    ]
    await merge_copies(tx, RECEIPTS, rows)
