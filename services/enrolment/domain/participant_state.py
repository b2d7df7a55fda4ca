"""Where a participant stands, from registration to the last contact: one word, from the facts alone.

How far somebody takes part is a vector beside this word, not a state.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ParticipantState(StrEnum):
    VOIDED = "voided"
    REGISTERED = "registered"
    ALLOCATED = "allocated"
    TREATED = "treated"
    IN_DLT_WINDOW = "in_dlt_window"
    EVALUABLE = "evaluable"
    NOT_EVALUABLE = "not_evaluable"
    OFF_TREATMENT = "off_treatment"
    FOLLOW_UP = "follow_up"
    COMPLETE = "complete"
    LTFU = "ltfu"
    DIED = "died"


class Evaluability(StrEnum):
    """What the safety service has said; silence is never "no DLT"."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    DLT = "dlt"
    NO_DLT = "no_dlt"
    NOT_EVALUABLE = "not_evaluable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFacts:
    """What the state is computed from.

    `treats` says that the trial has a treatment, `has_window` that a DLT window follows the first dose;
    `follow_up_ends_on` is None without a schedule or before its start; `open_entries` counts what is due or
    still to come of it.
    """

    voided: bool
    allocated: bool
    treats: bool
    has_window: bool
    dosed: bool
    treatment_ended: bool
    evaluability: Evaluability
    died: bool
    lost: bool
    follow_up_ends_on: date | None
    open_entries: int
    today: date


def participant_state(facts: CourseFacts) -> ParticipantState:
    """The state of enrolment.md section 3.4; death and loss come before everything else.

    Source: enrolment.md section 3.4.
    """
    if facts.voided:
        return ParticipantState.VOIDED
    if facts.died:
        return ParticipantState.DIED
    if facts.lost:
        return ParticipantState.LTFU
    if facts.treats and not facts.treatment_ended:
        return _on_treatment(facts)
    return _afterwards(facts)


def _on_treatment(facts: CourseFacts) -> ParticipantState:
    if not facts.dosed:
        return ParticipantState.ALLOCATED if facts.allocated else ParticipantState.REGISTERED
    if not facts.has_window:
        return ParticipantState.TREATED
    match facts.evaluability:
        case Evaluability.DLT | Evaluability.NO_DLT:
            return ParticipantState.EVALUABLE
        case Evaluability.NOT_EVALUABLE:
            return ParticipantState.NOT_EVALUABLE
        case _:
            return ParticipantState.IN_DLT_WINDOW


def _afterwards(facts: CourseFacts) -> ParticipantState:
    if facts.follow_up_ends_on is None:
        return ParticipantState.OFF_TREATMENT if facts.treatment_ended else ParticipantState.REGISTERED
    if facts.open_entries == 0 and facts.today > facts.follow_up_ends_on:
        return ParticipantState.COMPLETE
    return ParticipantState.FOLLOW_UP
