"""Keeping copies of what enrolment says: values of events alone, so that a rebuild gives equal rows."""

from collections.abc import Sequence

from services.safety.events import consumed
from services.safety.store.copying import (
    copy_consent,
    copy_course,
    copy_doses,
    copy_registration,
    copy_stop,
)
from shared.consumer import Received
from shared.database import Tx

STOPS_THE_WINDOW = ("treatment", "trial_visits_procedures")
CONSENT_PURPOSES = ("parental_consent", "own_consent")


async def copy_registrations(tx: Tx, events: Sequence[Received[consumed.ParticipantRegistered]]) -> None:
    for event in events:
        await copy_registration(tx, event.body.model_dump())


async def copy_allocation(tx: Tx, events: Sequence[Received[consumed.ParticipantAllocated]]) -> None:
    for event in events:
        await copy_course(tx, event.body.participant_id, allocated_level=event.body.level)


async def copy_consents(tx: Tx, events: Sequence[Received[consumed.ConsentRecorded]]) -> None:
    """Consents that were given; assent alone allows nothing."""
    for body in (event.body for event in events):
        if body.outcome == "given" and body.purpose in CONSENT_PURPOSES:
            await copy_consent(tx, body.screening_id, body.document, body.signed_at)


async def copy_first_dose(tx: Tx, events: Sequence[Received[consumed.FirstDoseRecorded]]) -> None:
    for body in (event.body for event in events):
        await copy_course(
            tx, body.participant_id, first_dose_at=body.given_at, level_received=body.level_received
        )


async def copy_administrations(tx: Tx, events: Sequence[Received[consumed.DoseRecorded]]) -> None:
    """All doses of a run of events in one statement."""
    await copy_doses(
        tx,
        (
            (event.body.participant_id, dose.at, dose.given, dose.missed_because)
            for event in events
            for dose in event.body.administrations
        ),
    )


async def copy_end(tx: Tx, events: Sequence[Received[consumed.TreatmentEnded]]) -> None:
    for body in (event.body for event in events):
        await copy_course(tx, body.participant_id, ended_at=body.ended_at, ended_reason=body.reason)


async def copy_participation(tx: Tx, events: Sequence[Received[consumed.ParticipationChanged]]) -> None:
    """Since when treatment or visits are stopped; nothing, if both go on (again)."""
    for body in (event.body for event in events):
        if any(body.elements.get(element) == "stopped" for element in STOPS_THE_WINDOW):
            await copy_stop(tx, body.participant_id, stopped_at=body.changed_at, by=body.by)
        else:
            await copy_course(tx, body.participant_id, stopped_at=None, stopped_by=None)


async def copy_void(tx: Tx, events: Sequence[Received[consumed.RegistrationVoided]]) -> None:
    for body in (event.body for event in events):
        await copy_course(tx, body.participant_id, voided_at=body.voided_at)
