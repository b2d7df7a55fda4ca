"""What enrolment says: registrations, doses, ends and changes, and what follows for windows and reports."""

from typing import Any

from services.safety.commands.copy_enrolment import (
    copy_administrations,
    copy_allocation,
    copy_consents,
    copy_corrected_doses,
    copy_corrected_first_dose,
    copy_course_steps,
    copy_end,
    copy_first_dose,
    copy_first_dose_without_level,
    copy_participation,
    copy_registrations,
    copy_registrations_without_level,
    copy_resumption,
    copy_transfers,
    copy_void,
    copy_voided_first_dose,
)
from services.safety.commands.enter_taken_reports import enter_taken_reports
from services.safety.commands.follow_again import follow_participant
from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.commands.match_report import match_known
from services.safety.commands.move_reports import move_reports
from services.safety.commands.report_elsewhere import (
    report_exceptional_authorisation,
    report_missing_countersignature,
    report_unauthorised_dose,
)
from services.safety.commands.report_parked_event import ReportParkedEvent, report_parked_event
from services.safety.events import consumed
from shared.act import Act
from shared.consumer import Consumer, Effect, React, Received
from shared.database import Tx


def _judge(cause: str) -> React:
    async def judge(tx: Tx, act: Act, event: Received[Any]) -> None:
        await judge_participant(tx, JudgeWindow(participant_id=event.body.participant_id, cause=cause), act)

    return judge


def _began(cause: str) -> React:
    """A first dose: the window moves with it, and events may lie before it that were read as after."""

    async def began(tx: Tx, act: Act, event: Received[Any]) -> None:
        participant_id = event.body.participant_id
        await judge_participant(tx, JudgeWindow(participant_id=participant_id, cause=cause), act)
        await follow_participant(tx, act, participant_id)

    return began


async def _registered(
    tx: Tx,
    act: Act,
    event: Received[consumed.ParticipantRegistered | consumed.ParticipantRegisteredWithoutLevel],
) -> None:
    command = JudgeWindow(participant_id=event.body.participant_id, cause="registration")
    await judge_participant(tx, command, act)
    await match_known(tx, act, participant_number=event.body.participant_number)


async def _dosed(tx: Tx, act: Act, event: Received[consumed.DoseRecorded]) -> None:
    body = event.body
    await judge_participant(tx, JudgeWindow(participant_id=body.participant_id, cause="dose"), act)
    if not body.authorised:
        await report_unauthorised_dose(tx, act, event_id=event.envelope.id, trial_id=body.trial_id)


async def _dose_corrected(tx: Tx, act: Act, event: Received[consumed.DoseCorrected]) -> None:
    """Judge, unless the first dose changes as well: between the two the window would fit neither."""
    body = event.body
    if not body.first_dose_follows:
        command = JudgeWindow(participant_id=body.participant_id, cause="correction")
        await judge_participant(tx, command, act)
    if body.newly_unauthorised:
        await report_unauthorised_dose(tx, act, event_id=event.envelope.id, trial_id=body.trial_id)


async def _authorised_by_exception(
    tx: Tx, act: Act, event: Received[consumed.ExceptionalAuthorisation]
) -> None:
    body = event.body
    await report_exceptional_authorisation(
        tx, act, authorisation_id=body.authorisation_id, trial_id=body.trial_id
    )


async def _not_countersigned(tx: Tx, act: Act, event: Received[consumed.ExceptionalAuthorisation]) -> None:
    body = event.body
    await report_missing_countersignature(
        tx, act, authorisation_id=body.authorisation_id, trial_id=body.trial_id
    )


async def _transferred(tx: Tx, act: Act, event: Received[consumed.ParticipantTransferred]) -> None:
    body = event.body
    await move_reports(tx, act, participant_id=body.participant_id, to_site_number=body.to_site_number)


async def _taken_over(tx: Tx, act: Act, event: Received[consumed.TakeOverCompleted]) -> None:
    await enter_taken_reports(tx, act, event.body.trial_id)


async def _parked_elsewhere(tx: Tx, act: Act, event: Received[consumed.EventParked]) -> None:
    body = event.body
    command = ReportParkedEvent(
        where="enrolment",
        producer=body.producer,
        event_type=body.event_type_parked,
        event_id=body.event_id,
        scope=body.scope,
        reason=body.reason,
    )
    await report_parked_event(tx, command, act, ignored={})


ENROLMENT_EVENTS = Consumer(
    consumer="safety",
    producer="enrolment",
    effects={
        "enrolment.participant.registered.v1": Effect(
            model=consumed.ParticipantRegistered, project=copy_registrations, react=_registered
        ),
        "enrolment.participant.registered.v2": Effect(
            model=consumed.ParticipantRegisteredWithoutLevel,
            project=copy_registrations_without_level,
            react=_registered,
        ),
        "enrolment.first-dose.recorded.v2": Effect(
            model=consumed.FirstDoseRecordedWithoutLevel,
            project=copy_first_dose_without_level,
            react=_began("dose"),
        ),
        "enrolment.course-step.recorded.v1": Effect(
            model=consumed.CourseStepRecorded, project=copy_course_steps, react=_judge("course_step")
        ),
        "enrolment.participant.allocated.v1": Effect(
            model=consumed.ParticipantAllocated, project=copy_allocation
        ),
        "enrolment.consent.recorded.v1": Effect(model=consumed.ConsentRecorded, project=copy_consents),
        "enrolment.first-dose.recorded.v1": Effect(
            model=consumed.FirstDoseRecorded, project=copy_first_dose, react=_began("dose")
        ),
        "enrolment.dose.recorded.v1": Effect(
            model=consumed.DoseRecorded, project=copy_administrations, react=_dosed
        ),
        "enrolment.dose.corrected.v1": Effect(
            model=consumed.DoseCorrected, project=copy_corrected_doses, react=_dose_corrected
        ),
        "enrolment.dose.voided.v1": Effect(
            model=consumed.DoseCorrected, project=copy_corrected_doses, react=_dose_corrected
        ),
        "enrolment.first-dose.corrected.v1": Effect(
            model=consumed.FirstDoseCorrected, project=copy_corrected_first_dose, react=_began("correction")
        ),
        "enrolment.first-dose.voided.v1": Effect(
            model=consumed.FirstDoseVoided, project=copy_voided_first_dose, react=_began("correction")
        ),
        "enrolment.exceptional-authorisation.recorded.v1": Effect(
            model=consumed.ExceptionalAuthorisation, react=_authorised_by_exception
        ),
        "enrolment.countersignature.overdue.v1": Effect(
            model=consumed.ExceptionalAuthorisation, react=_not_countersigned
        ),
        "enrolment.treatment.ended.v1": Effect(
            model=consumed.TreatmentEnded, project=copy_end, react=_judge("treatment_end")
        ),
        "enrolment.treatment.resumed.v1": Effect(
            model=consumed.TreatmentResumed, project=copy_resumption, react=_judge("treatment_end")
        ),
        "enrolment.participation.changed.v1": Effect(
            model=consumed.ParticipationChanged, project=copy_participation, react=_judge("participation")
        ),
        "enrolment.registration.voided.v1": Effect(
            model=consumed.RegistrationVoided, project=copy_void, react=_judge("registration")
        ),
        "enrolment.participant.transferred.v1": Effect(
            model=consumed.ParticipantTransferred, project=copy_transfers, react=_transferred
        ),
        "enrolment.take-over.completed.v1": Effect(model=consumed.TakeOverCompleted, react=_taken_over),
        "enrolment.event.parked.v1": Effect(model=consumed.EventParked, react=_parked_elsewhere),
    },
    ignored=frozenset(
        {
            "enrolment.recruitment.closed.v1",
            "enrolment.recruitment.reopened.v1",
            # A death ends the treatment here by its own event; what was reported of it comes as a report.
            "enrolment.participant.died.v1",
            "enrolment.death.corrected.v1",
            "enrolment.participant.lost.v1",
            "enrolment.participant.found.v1",
            "enrolment.episode.started.v1",
            "enrolment.sample-destruction.requested.v1",
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
            "enrolment.screening.started.v1",
            "enrolment.screening.failed.v1",
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
            "enrolment.dose-level.opened.v1",
            "enrolment.dose-level.closed.v1",
            "enrolment.dose-decision.received.v1",
        }
    ),
)
