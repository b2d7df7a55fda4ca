"""A participant stops, reduces or changes what they take part in. Nobody is asked why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.change_sample import request_destruction
from services.enrolment.commands.end_treatment import EndReason, treatment_ended
from services.enrolment.commands.treatment import has_treatment
from services.enrolment.domain.age import local_date
from services.enrolment.domain.kinds import no_treatment
from services.enrolment.domain.participation import (
    Actor,
    Consequence,
    Course,
    Element,
    Participation,
    ParticipationChange,
    TreatmentEndReason,
    consequences_of,
    decide_participation,
    treatment_end_reason,
)
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import check_claimed
from services.enrolment.events.participant_events import ParticipationChangedV1
from services.enrolment.store.participants import (
    Participant,
    end_treatment,
    insert_course_change,
    save_course,
)
from services.enrolment.store.trials import site_zone
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put_all
from shared.tables import canonical_json

_END_REASONS: Mapping[TreatmentEndReason, EndReason] = {
    TreatmentEndReason.PARTICIPANT_OR_PARENT: "participant_choice",
    TreatmentEndReason.CLINICIAN_DECISION: "clinician",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeParticipation:
    participant_id: str
    elements: Mapping[Element, Course]
    by: Actor
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationNow:
    """Every element's course, and what the rest of the service does about what is stopped."""

    elements: Mapping[Element, Course]
    consequences: frozenset[Consequence]


async def change_participation(tx: Tx, command: ChangeParticipation, act: Act) -> ParticipationNow:
    """What goes on and what not, after the change.

    Raises:
        Refused: `safety_assessments_stopped`, `new_episode_required`, `time_in_future`, `no_treatment` when
            treatment is said to go on in a trial under which nothing is given.
    """
    allowed, participant = await participant_under_gate(tx, act, SITE_STAFF, command.participant_id)
    check_claimed(command.changed_at, act.now)
    treated = await _is_treated(tx, command, participant)
    # Where nothing is given, treatment is not something that could go on.
    never = frozenset() if treated else frozenset({Element.TREATMENT})
    before = Participation(stopped=frozenset(Element(name) for name in participant.stopped) | never)
    zone = ZoneInfo(await site_zone(tx, participant.trial_id, participant.site_number))
    on = local_date(command.changed_at, zone)
    changes = [
        ParticipationChange(element=element, course=course, actor=command.by, on=on)
        for element, course in command.elements.items()
    ]
    after = decide_participation(before, changes)
    now = ParticipationNow(elements=_courses(after), consequences=consequences_of(after))
    await save_course(tx, participant.id, canonical_json(sorted(after.stopped)))
    await insert_course_change(
        tx,
        {
            "id": act.new_id(),
            "participant_id": participant.id,
            "elements": {element.value: course.value for element, course in command.elements.items()},
            "changed_by": command.by.value,
            "changed_at": command.changed_at,
        },
    )
    events = [_changed(participant, command, now)]
    goes_on = participant.treatment_ended_at is None and participant.voided_at is None
    if treated and after.treatment_stopped and goes_on:
        reason = _END_REASONS.get(treatment_end_reason(command.by), "other")
        await end_treatment(tx, participant.id, reason, command.changed_at)
        events.append(treatment_ended(participant, reason, command.changed_at))
    if Element.SAMPLE_USE in after.stopped - before.stopped:
        events += await request_destruction(tx, allowed.act, participant, act.now)
    await put_all(tx, allowed.act, events)
    return now


async def _is_treated(tx: Tx, command: ChangeParticipation, participant: Participant) -> bool:
    treated = await has_treatment(tx, participant.trial_id)
    if not treated and command.elements.get(Element.TREATMENT) is Course.CONTINUES:
        raise no_treatment()
    return treated


def _courses(participation: Participation) -> dict[Element, Course]:
    return {
        element: Course.STOPPED if element in participation.stopped else Course.CONTINUES
        for element in Element
    }


def _changed(participant: Participant, command: ChangeParticipation, now: ParticipationNow) -> NewEvent:
    elements: dict[str, Literal["continues", "stopped"]] = {
        element.value: "stopped" if course is Course.STOPPED else "continues"
        for element, course in now.elements.items()
    }
    body = ParticipationChangedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        elements=elements,
        by=command.by.value,
        changed_at=command.changed_at,
    )
    return NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)
