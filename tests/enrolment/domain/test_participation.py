from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    ends_every_contact,
    stop_everything,
    treatment_end_reason,
)
from services.enrolment.domain.refusals import Refused

TODAY = date(2026, 6, 15)
FAMILY = Actor.PARTICIPANT_OR_PARENT


def change(element: Element, course: Course = Course.STOPPED, actor: Actor = FAMILY) -> ParticipationChange:
    return ParticipationChange(element=element, course=course, actor=actor, on=TODAY)


def test_a15_treatment_stops_without_a_reason_and_visits_continue() -> None:
    participation = decide_participation(Participation(), [change(Element.TREATMENT)])

    assert participation.treatment_stopped
    assert consequences_of(participation) == {
        Consequence.DOSING_CLOSED,
        Consequence.SAFETY_REPORTING_CONTINUES,
    }


def test_a15_stopping_everything_cancels_contacts_keeps_and_locks_data_and_leaves_safety() -> None:
    only_treatment = decide_participation(Participation(), [change(Element.TREATMENT)])

    everything = decide_participation(only_treatment, stop_everything(FAMILY, TODAY))

    assert everything.stopped == frozenset(Element)
    assert consequences_of(everything) == frozenset(Consequence)


def test_treatment_cannot_go_on_without_the_safety_assessments() -> None:
    with pytest.raises(Refused) as refusal:
        decide_participation(Participation(), [change(Element.TRIAL_VISITS_PROCEDURES)])

    assert refusal.value.code == "safety_assessments_stopped"


@pytest.mark.parametrize("reverse", [False, True])
def test_visits_and_treatment_may_stop_in_one_act_in_either_order(reverse: bool) -> None:
    changes = [change(Element.TRIAL_VISITS_PROCEDURES), change(Element.TREATMENT)]

    stopped = decide_participation(Participation(), changes[::-1] if reverse else changes).stopped

    assert stopped == {Element.TRIAL_VISITS_PROCEDURES, Element.TREATMENT}


def test_participation_may_increase_again() -> None:
    without_contact = decide_participation(Participation(), [change(Element.CONTACT)])

    again = decide_participation(without_contact, [change(Element.CONTACT, Course.CONTINUES)])

    assert again == Participation()


def test_treatment_does_not_resume_while_the_visits_are_stopped() -> None:
    both = Participation(stopped=frozenset({Element.TREATMENT, Element.TRIAL_VISITS_PROCEDURES}))

    with pytest.raises(Refused) as refusal:
        decide_participation(both, [change(Element.TREATMENT, Course.CONTINUES)])

    assert refusal.value.code == "safety_assessments_stopped"


def test_taking_part_again_after_everything_stopped_is_a_new_episode() -> None:
    with pytest.raises(Refused) as refusal:
        decide_participation(
            Participation(stopped=frozenset(Element)), [change(Element.CONTACT, Course.CONTINUES)]
        )

    assert refusal.value.code == "new_episode_required"


def test_a_clinician_who_stops_treatment_does_not_withdraw_the_participant() -> None:
    assert change(Element.TREATMENT).is_withdrawal
    assert not change(Element.TREATMENT, actor=Actor.CLINICIAN_DECISION).is_withdrawal
    assert treatment_end_reason(Actor.CLINICIAN_DECISION) is TreatmentEndReason.CLINICIAN_DECISION
    assert treatment_end_reason(FAMILY) is TreatmentEndReason.PARTICIPANT_OR_PARENT


@pytest.mark.parametrize("reason", list(TreatmentEndReason))
def test_only_death_ends_every_contact(reason: TreatmentEndReason) -> None:
    assert ends_every_contact(reason) is reason.value.startswith("death")


changes_strategy = st.lists(
    st.builds(change, st.sampled_from(Element), st.sampled_from(Course), st.sampled_from(Actor)), max_size=5
)


@given(st.lists(changes_strategy, max_size=6))
def test_treatment_never_continues_without_visits_whatever_is_asked(
    acts: list[list[ParticipationChange]],
) -> None:
    participation = Participation()
    for changes in acts:
        try:
            participation = decide_participation(participation, changes)
        except Refused:
            continue
        assert participation.treatment_stopped or Element.TRIAL_VISITS_PROCEDURES not in participation.stopped
        assert Consequence.SAFETY_REPORTING_CONTINUES in consequences_of(participation)


@given(st.sets(st.sampled_from(Element)))
def test_everything_can_always_be_stopped(stopped: set[Element]) -> None:
    after = decide_participation(Participation(stopped=frozenset(stopped)), stop_everything(FAMILY, TODAY))

    assert after.stopped == frozenset(Element)
