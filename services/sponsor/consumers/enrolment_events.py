"""What the sponsor service does with each event of the enrolment service.

Slots, screening and consent are enrolment's own business: no rule here looks at them.
"""

from services.sponsor.commands.keep_copies import (
    keep_allocation,
    keep_first_dose,
    keep_level_closing,
    keep_level_opening,
    keep_participant_version,
    keep_participation,
    keep_registration,
    keep_treatment_end,
    keep_voiding,
)
from services.sponsor.commands.reassess_trial import reassess_trial
from services.sponsor.events.consumed import (
    ConsumedEvent,
    DoseLevelClosed,
    DoseLevelOpened,
    DoseRecorded,
    FirstDoseRecorded,
    ParticipantAllocated,
    ParticipantRegistered,
    ParticipationChanged,
    RegistrationVoided,
    TreatmentEnded,
)
from shared.act import Act
from shared.consumer import Consumer, Effect, Received
from shared.database import Tx


async def look_again(tx: Tx, act: Act, event: Received[ConsumedEvent]) -> None:
    """Reassess the event's trial; nothing of the event itself decides."""
    await reassess_trial(tx, act, event.body.trial_id)


ENROLMENT_EVENTS = Consumer(
    consumer="sponsor",
    producer="enrolment",
    effects={
        "enrolment.participant.registered.v1": Effect(
            model=ParticipantRegistered, project=keep_registration, react=look_again
        ),
        "enrolment.participant.allocated.v1": Effect(
            model=ParticipantAllocated, project=keep_allocation, react=look_again
        ),
        "enrolment.first-dose.recorded.v1": Effect(
            model=FirstDoseRecorded, project=keep_first_dose, react=look_again
        ),
        "enrolment.registration.voided.v1": Effect(
            model=RegistrationVoided, project=keep_voiding, react=look_again
        ),
        "enrolment.dose.recorded.v1": Effect(model=DoseRecorded, project=keep_participant_version),
        "enrolment.treatment.ended.v1": Effect(model=TreatmentEnded, project=keep_treatment_end),
        "enrolment.participation.changed.v1": Effect(model=ParticipationChanged, project=keep_participation),
        "enrolment.dose-level.opened.v1": Effect(model=DoseLevelOpened, project=keep_level_opening),
        "enrolment.dose-level.closed.v1": Effect(model=DoseLevelClosed, project=keep_level_closing),
    },
    ignored=frozenset(
        {
            "enrolment.slot.opened.v1",
            "enrolment.slot.reserved.v1",
            "enrolment.slot.waitlisted.v1",
            "enrolment.slot.offered.v1",
            "enrolment.slot.released.v1",
            "enrolment.slot.expired.v1",
            "enrolment.slot.revoked.v1",
            "enrolment.slot.frozen.v1",
            "enrolment.slot.unfrozen.v1",
            "enrolment.screening.started.v1",
            "enrolment.screening.failed.v1",
            "enrolment.consent.recorded.v1",
            "enrolment.event.parked.v1",
        }
    ),
)
