"""What enrolment says: registrations, doses, ends and changes, and what follows for windows and reports."""

from typing import Any

from services.safety.commands.copy_enrolment import (
    copy_administrations,
    copy_allocation,
    copy_consents,
    copy_end,
    copy_first_dose,
    copy_participation,
    copy_registrations,
    copy_void,
)
from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.commands.match_report import match_known
from services.safety.commands.report_elsewhere import report_unauthorised_dose
from services.safety.commands.report_parked_event import ReportParkedEvent, report_parked_event
from services.safety.events import consumed
from shared.act import Act
from shared.consumer import Consumer, Effect, React, Received
from shared.database import Tx


def _judge(cause: str) -> React:
    async def judge(tx: Tx, act: Act, event: Received[Any]) -> None:
        await judge_participant(tx, JudgeWindow(participant_id=event.body.participant_id, cause=cause), act)

    return judge


async def _registered(tx: Tx, act: Act, event: Received[consumed.ParticipantRegistered]) -> None:
    command = JudgeWindow(participant_id=event.body.participant_id, cause="registration")
    await judge_participant(tx, command, act)
    await match_known(tx, act, participant_number=event.body.participant_number)


async def _dosed(tx: Tx, act: Act, event: Received[consumed.DoseRecorded]) -> None:
    body = event.body
    await judge_participant(tx, JudgeWindow(participant_id=body.participant_id, cause="dose"), act)
    if not body.authorised:
        await report_unauthorised_dose(tx, act, event_id=event.envelope.id, trial_id=body.trial_id)


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
        "enrolment.participant.allocated.v1": Effect(
            model=consumed.ParticipantAllocated, project=copy_allocation
        ),
        "enrolment.consent.recorded.v1": Effect(model=consumed.ConsentRecorded, project=copy_consents),
        "enrolment.first-dose.recorded.v1": Effect(
            model=consumed.FirstDoseRecorded, project=copy_first_dose, react=_judge("dose")
        ),
        "enrolment.dose.recorded.v1": Effect(
            model=consumed.DoseRecorded, project=copy_administrations, react=_dosed
        ),
        "enrolment.treatment.ended.v1": Effect(
            model=consumed.TreatmentEnded, project=copy_end, react=_judge("treatment_end")
        ),
        "enrolment.participation.changed.v1": Effect(
            model=consumed.ParticipationChanged, project=copy_participation, react=_judge("participation")
        ),
        "enrolment.registration.voided.v1": Effect(
            model=consumed.RegistrationVoided, project=copy_void, react=_judge("registration")
        ),
        "enrolment.event.parked.v1": Effect(model=consumed.EventParked, react=_parked_elsewhere),
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
            "enrolment.dose-level.opened.v1",
            "enrolment.dose-level.closed.v1",
        }
    ),
)
