"""Keeping copies of what enrolment says: values of events alone, so that a rebuild gives equal rows."""

from collections.abc import Sequence

from services.safety.events import consumed
from services.safety.store.copying import (
    copy_consent,
    copy_course,
    copy_doses,
    copy_registration,
    copy_step,
    copy_stop,
    copy_transfer,
    withdraw_dose,
)
from services.safety.store.window_facts import NO_LEVEL
from shared.consumer import Received
from shared.database import Tx

STOPS_THE_WINDOW = ("treatment", "trial_visits_procedures")
CONSENT_PURPOSES = ("parental_consent", "own_consent")


async def copy_registrations(tx: Tx, events: Sequence[Received[consumed.ParticipantRegistered]]) -> None:
    for event in events:
        await copy_registration(tx, event.body.model_dump())


async def copy_registrations_without_level(
    tx: Tx, events: Sequence[Received[consumed.ParticipantRegisteredWithoutLevel]]
) -> None:
    for event in events:
        await copy_registration(tx, event.body.model_dump() | {"level": NO_LEVEL})


async def copy_course_steps(tx: Tx, events: Sequence[Received[consumed.CourseStepRecorded]]) -> None:
    for body in (event.body for event in events):
        await copy_step(
            tx,
            {
                "participant_id": body.participant_id,
                "step": body.step,
                "happened_at": body.happened_at,
                "outcome": body.outcome,
            },
        )


async def copy_first_dose_without_level(
    tx: Tx, events: Sequence[Received[consumed.FirstDoseRecordedWithoutLevel]]
) -> None:
    for body in (event.body for event in events):
        await copy_course(tx, body.participant_id, first_dose_at=body.given_at)


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


async def copy_corrected_doses(tx: Tx, events: Sequence[Received[consumed.DoseCorrected]]) -> None:
    """What was said of a time is taken away before what stands is written; one event after the other."""
    for body in (event.body for event in events):
        await withdraw_dose(tx, body.participant_id, body.withdrawn_at)
        await copy_doses(
            tx,
            (
                (body.participant_id, dose.at, dose.given, dose.missed_because)
                for dose in body.administrations
            ),
        )


async def copy_corrected_first_dose(tx: Tx, events: Sequence[Received[consumed.FirstDoseCorrected]]) -> None:
    """The start of the windows as corrected, also to a later time; without dose levels none was received."""
    for body in (event.body for event in events):
        level = body.level_received or None
        await copy_course(tx, body.participant_id, first_dose_at=body.given_at, level_received=level)


async def copy_voided_first_dose(tx: Tx, events: Sequence[Received[consumed.FirstDoseVoided]]) -> None:
    for body in (event.body for event in events):
        await copy_course(tx, body.participant_id, first_dose_at=None, level_received=None)


async def copy_end(tx: Tx, events: Sequence[Received[consumed.TreatmentEnded]]) -> None:
    for body in (event.body for event in events):
        await copy_course(tx, body.participant_id, ended_at=body.ended_at, ended_reason=body.reason)


async def copy_resumption(tx: Tx, events: Sequence[Received[consumed.TreatmentResumed]]) -> None:
    """The treatment has not ended after all."""
    for body in (event.body for event in events):
        await copy_course(tx, body.participant_id, ended_at=None, ended_reason=None)


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


async def copy_transfers(tx: Tx, events: Sequence[Received[consumed.ParticipantTransferred]]) -> None:
    for body in (event.body for event in events):
        await copy_transfer(tx, body.participant_id, body.to_site_number)
