"""What the sponsor service does with each event of the enrolment service.

Slots and consent are enrolment's own business: no rule here looks at them. Screenings are counted for monitoring.
"""

from services.sponsor.commands.flag_packs import flag_packs
from services.sponsor.commands.keep_copies import (
    keep_allocation,
    keep_first_dose,
    keep_level_closing,
    keep_level_opening,
    keep_no_first_dose,
    keep_participant_version,
    keep_participation,
    keep_registration,
    keep_registration_without_level,
    keep_screening,
    keep_screening_failure,
    keep_transfer,
    keep_treatment_end,
    keep_treatment_resumption,
    keep_voiding,
)
from services.sponsor.commands.keep_pack_sources import keep_dose_corrections, keep_doses, keep_receipt
from services.sponsor.commands.reassess_trial import reassess_trial
from services.sponsor.events.consumed import (
    ConsumedEvent,
    DecisionReceived,
    DoseCorrected,
    DoseLevelClosed,
    DoseLevelOpened,
    DoseRecorded,
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
from shared.act import Act
from shared.consumer import Consumer, Effect, Received
from shared.database import Tx


async def look_again(tx: Tx, act: Act, event: Received[ConsumedEvent]) -> None:
    """Reassess the event's trial; nothing of the event itself decides."""
    await reassess_trial(tx, act, event.body.trial_id)


async def look_at_packs_too(tx: Tx, act: Act, event: Received[ConsumedEvent]) -> None:
    """As `look_again`, for what takes back something that a committee may have been shown."""
    await look_again(tx, act, event)
    await flag_packs(tx, act, event.body.trial_id)


ENROLMENT_EVENTS = Consumer(
    consumer="sponsor",
    producer="enrolment",
    effects={
        "enrolment.participant.registered.v1": Effect(
            model=ParticipantRegistered, project=keep_registration, react=look_again
        ),
        "enrolment.participant.registered.v2": Effect(
            model=ParticipantRegisteredWithoutLevel, project=keep_registration_without_level, react=look_again
        ),
        "enrolment.first-dose.recorded.v2": Effect(
            model=FirstDoseRecorded, project=keep_first_dose, react=look_again
        ),
        "enrolment.participant.allocated.v1": Effect(
            model=ParticipantAllocated, project=keep_allocation, react=look_again
        ),
        "enrolment.first-dose.recorded.v1": Effect(
            model=FirstDoseRecorded, project=keep_first_dose, react=look_again
        ),
        "enrolment.registration.voided.v1": Effect(
            model=RegistrationVoided, project=keep_voiding, react=look_at_packs_too
        ),
        "enrolment.first-dose.corrected.v1": Effect(
            model=FirstDoseCorrected, project=keep_first_dose, react=look_at_packs_too
        ),
        "enrolment.first-dose.voided.v1": Effect(
            model=FirstDoseVoided, project=keep_no_first_dose, react=look_at_packs_too
        ),
        "enrolment.dose.corrected.v1": Effect(model=DoseCorrected, project=keep_dose_corrections),
        "enrolment.dose.voided.v1": Effect(model=DoseCorrected, project=keep_dose_corrections),
        "enrolment.dose.recorded.v1": Effect(model=DoseRecorded, project=keep_doses),
        "enrolment.course-step.recorded.v1": Effect(model=ParticipantEvent, project=keep_participant_version),
        "enrolment.treatment.ended.v1": Effect(model=TreatmentEnded, project=keep_treatment_end),
        "enrolment.treatment.resumed.v1": Effect(model=TreatmentResumed, project=keep_treatment_resumption),
        "enrolment.participant.died.v1": Effect(model=ParticipantEvent, project=keep_participant_version),
        "enrolment.death.corrected.v1": Effect(model=ParticipantEvent, project=keep_participant_version),
        "enrolment.participant.lost.v1": Effect(model=ParticipantEvent, project=keep_participant_version),
        "enrolment.participant.found.v1": Effect(model=ParticipantEvent, project=keep_participant_version),
        "enrolment.episode.started.v1": Effect(model=ParticipantEvent, project=keep_participant_version),
        "enrolment.sample-destruction.requested.v1": Effect(
            model=ParticipantEvent, project=keep_participant_version
        ),
        "enrolment.participation.changed.v1": Effect(model=ParticipationChanged, project=keep_participation),
        "enrolment.participant.transferred.v1": Effect(model=ParticipantTransferred, project=keep_transfer),
        "enrolment.dose-level.opened.v1": Effect(model=DoseLevelOpened, project=keep_level_opening),
        "enrolment.dose-level.closed.v1": Effect(model=DoseLevelClosed, project=keep_level_closing),
        "enrolment.screening.started.v1": Effect(model=ScreeningStarted, project=keep_screening),
        "enrolment.screening.failed.v1": Effect(model=ScreeningFailed, project=keep_screening_failure),
        "enrolment.dose-decision.received.v1": Effect(model=DecisionReceived, project=keep_receipt),
    },
    ignored=frozenset(
        {
            "enrolment.recruitment.closed.v1",
            "enrolment.recruitment.reopened.v1",
            "enrolment.slot.opened.v1",
            "enrolment.slot.reserved.v1",
            "enrolment.slot.waitlisted.v1",
            "enrolment.slot.offered.v1",
            "enrolment.slot.released.v1",
            "enrolment.slot.expiring.v1",
            "enrolment.slot.expired.v1",
            "enrolment.slot.revoked.v1",
            "enrolment.slot.frozen.v1",
            "enrolment.slot.unfrozen.v1",
            "enrolment.referral.received.v1",
            "enrolment.referral.replied.v1",
            "enrolment.duplicate.suspected.v1",
            "enrolment.duplicate.resolved.v1",
            "enrolment.randomisation.committed.v1",
            "enrolment.randomisation.corrected.v1",
            "enrolment.eligibility.signed.v1",
            "enrolment.adult-consent.due.v1",
            "enrolment.re-consent.requested.v1",
            "enrolment.re-consent.due.v1",
            "enrolment.registration.flagged.v1",
            "enrolment.consent.recorded.v1",
            "enrolment.exceptional-authorisation.recorded.v1",
            "enrolment.countersignature.overdue.v1",
            "enrolment.take-over.completed.v1",
            "enrolment.event.parked.v1",
        }
    ),
)
