"""How far a participant takes part: a vector of elements, each of which may stop, and may change again.

Nobody is ever asked why: an empty reason is valid. A clinician who stops treatment does not withdraw the
participant. Safety reporting goes on whatever is stopped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.enrolment.domain.refusals import Refused


class Element(StrEnum):
    TREATMENT = "treatment"
    TRIAL_VISITS_PROCEDURES = "trial_visits_procedures"
    CONTACT = "contact"
    DATA_FROM_ROUTINE_RECORDS = "data_from_routine_records"
    SAMPLE_USE = "sample_use"
    DATA_ALREADY_COLLECTED = "data_already_collected"


class Actor(StrEnum):
    PARTICIPANT_OR_PARENT = "participant_or_parent"
    CLINICIAN_DECISION = "clinician_decision"
    SPONSOR = "sponsor"


class Course(StrEnum):
    CONTINUES = "continues"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationChange:
    """One element changes course on a local date; the reason is optional and never asked for."""

    element: Element
    course: Course
    actor: Actor
    on: date
    reason: str = ""

    @property
    def is_withdrawal(self) -> bool:
        """Only the participant or parent withdraws."""
        return self.course is Course.STOPPED and self.actor is Actor.PARTICIPANT_OR_PARENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """What is stopped now; everything else continues."""

    stopped: frozenset[Element] = frozenset()

    @property
    def treatment_stopped(self) -> bool:
        return Element.TREATMENT in self.stopped


class Consequence(StrEnum):
    """What the rest of the service does about a stop."""

    DOSING_CLOSED = "dosing_closed"
    VISITS_CANCELLED = "visits_cancelled"
    CONTACT_TASKS_CANCELLED = "contact_tasks_cancelled"
    NO_NEW_ROUTINE_DATA = "no_new_routine_data"
    NO_FURTHER_SAMPLE_USE = "no_further_sample_use"
    COLLECTED_DATA_LOCKED = "collected_data_locked"
    SAFETY_REPORTING_CONTINUES = "safety_reporting_continues"


_CONSEQUENCE = {
    Element.TREATMENT: Consequence.DOSING_CLOSED,
    Element.TRIAL_VISITS_PROCEDURES: Consequence.VISITS_CANCELLED,
    Element.CONTACT: Consequence.CONTACT_TASKS_CANCELLED,
    Element.DATA_FROM_ROUTINE_RECORDS: Consequence.NO_NEW_ROUTINE_DATA,
    Element.SAMPLE_USE: Consequence.NO_FURTHER_SAMPLE_USE,
    Element.DATA_ALREADY_COLLECTED: Consequence.COLLECTED_DATA_LOCKED,
}


def consequences_of(participation: Participation) -> frozenset[Consequence]:
    """Effects of what is stopped; collected data are kept and locked, and safety reporting always remains."""
    return frozenset(_CONSEQUENCE[element] for element in participation.stopped) | {
        Consequence.SAFETY_REPORTING_CONTINUES
    }


def decide_participation(
    participation: Participation, changes: Iterable[ParticipationChange]
) -> Participation:
    """The vector after the changes, taken together.

    Raises:
        Refused: `safety_assessments_stopped` when treatment would go on without the assessments that make it
            safe, so that the person at the form chooses; `new_episode_required` when everything had stopped.

    Source: PeRSEVERE guiding principles (UK clinical trials units): participation stops, reduces or changes.
    """
    stopped = set(participation.stopped)
    for change in changes:
        if change.course is Course.STOPPED:
            stopped.add(change.element)
        elif participation.stopped == frozenset(Element):
            raise Refused(
                "new_episode_required", "Everything had stopped; taking part again is a new episode."
            )
        else:
            stopped.discard(change.element)
    if Element.TRIAL_VISITS_PROCEDURES in stopped and Element.TREATMENT not in stopped:
        raise Refused(
            "safety_assessments_stopped",
            "Treatment cannot go on without safety assessments: stop treatment too, or keep the visits.",
        )
    return Participation(stopped=frozenset(stopped))


def stop_everything(actor: Actor, on: date, reason: str = "") -> tuple[ParticipationChange, ...]:
    """The changes behind the single choice "all"."""
    return tuple(
        ParticipationChange(element=element, course=Course.STOPPED, actor=actor, on=on, reason=reason)
        for element in Element
    )


class TreatmentEndReason(StrEnum):
    """Why treatment ended, as the safety service needs it to judge evaluability."""

    COMPLETED = "completed"
    PROGRESSION = "progression"
    TOXICITY = "toxicity"
    DEATH_FROM_PROGRESSION = "death_from_progression"
    DEATH_OTHER = "death_other"
    PARTICIPANT_OR_PARENT = "participant_or_parent"
    CLINICIAN_DECISION = "clinician_decision"
    SPONSOR_DECISION = "sponsor_decision"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"


def treatment_end_reason(actor: Actor) -> TreatmentEndReason:
    """Reason of a treatment end that follows from a change of participation, whatever was or was not said."""
    return {
        Actor.PARTICIPANT_OR_PARENT: TreatmentEndReason.PARTICIPANT_OR_PARENT,
        Actor.CLINICIAN_DECISION: TreatmentEndReason.CLINICIAN_DECISION,
        Actor.SPONSOR: TreatmentEndReason.SPONSOR_DECISION,
    }[actor]


def ends_every_contact(reason: TreatmentEndReason) -> bool:
    """Whether mailings, contacts, birthday tasks and reminders end at once and everywhere."""
    return reason in (TreatmentEndReason.DEATH_FROM_PROGRESSION, TreatmentEndReason.DEATH_OTHER)
