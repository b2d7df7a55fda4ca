"""Doses delayed, missed or too few, and participants who leave."""

import pytest

from services.safety.domain.dlt import Left, LeftFor, Provisional, Verdict
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.dlt_facts import Cause, DoseDelay, Doses, MissedDoses, RunningDelay
from tests.safety.domain.judging import Define, judge


@pytest.mark.parametrize(("days", "verdict"), [(14, Verdict.NO_DLT), (15, Verdict.DLT)])
def test_a_dose_delayed_for_toxicity_beyond_the_limit_is_a_dlt(
    definition: DltDefinition, days: int, verdict: Verdict
) -> None:
    doses = Doses(planned=28, given=28, delays=(DoseDelay(cause=Cause.TOXICITY, days=days),))

    assert judge(definition, 29, doses=doses).verdict is verdict


def test_a_delay_for_another_cause_is_no_dlt_and_an_unstated_cause_is_provisional(
    definition: DltDefinition,
) -> None:
    other = Doses(planned=28, given=28, delays=(DoseDelay(cause=Cause.OTHER, days=20),))
    unstated = Doses(planned=28, given=28, delays=(DoseDelay(cause=Cause.NOT_STATED, days=20),))

    assert judge(definition, 29, doses=other).verdict is Verdict.NO_DLT
    assert judge(definition, 29, doses=unstated).provisional is Provisional.DLT


def test_a_dose_not_yet_given_becomes_a_dlt_by_time_alone(definition: DltDefinition) -> None:
    late = Doses(planned=28, given=9, delays=(RunningDelay(cause=Cause.TOXICITY, since_day=10),))

    assert judge(definition, 24, doses=late).verdict is Verdict.PENDING
    assert judge(definition, 24, doses=late).next_day_to_check == 25
    assert judge(definition, 25, doses=late).verdict is Verdict.DLT


def test_no_dose_is_late_any_more_once_the_participant_has_left(definition: DltDefinition) -> None:
    late = Doses(planned=28, given=9, delays=(RunningDelay(cause=Cause.TOXICITY, since_day=10),))
    left = Left(day=12, reason=LeftFor.PROGRESSION)

    assert judge(definition, 40, doses=late, left=left).verdict is Verdict.NOT_EVALUABLE


@pytest.mark.parametrize(
    ("limit", "toxicity", "verdict"),
    [
        ({"more_than_percent": 25}, 7, Verdict.NO_DLT),
        ({"more_than_percent": 25}, 8, Verdict.DLT),
        ({"more_than_count": 3}, 3, Verdict.NO_DLT),
        ({"more_than_count": 3}, 4, Verdict.DLT),
    ],
)
def test_doses_missed_for_toxicity_beyond_the_limit_are_a_dlt(
    definition_with: Define, limit: dict[str, int], toxicity: int, verdict: Verdict
) -> None:
    rules = definition_with(
        criteria=[{"id": "missed", "kind": "missed_doses", "cause": "toxicity", **limit}],
        minimum_exposure={"doses_percent": 0},
    )
    missed = (MissedDoses(cause=Cause.TOXICITY, count=toxicity), MissedDoses(cause=Cause.OTHER, count=9))

    assert judge(rules, 29, doses=Doses(planned=28, given=10, missed=missed)).verdict is verdict


def test_missed_doses_without_a_stated_cause_count_provisionally(definition_with: Define) -> None:
    rules = definition_with(
        criteria=[{"id": "missed", "kind": "missed_doses", "cause": "toxicity", "more_than_count": 3}]
    )
    missed = (MissedDoses(cause=Cause.TOXICITY, count=2), MissedDoses(cause=Cause.NOT_STATED, count=2))

    finding = judge(rules, 29, doses=Doses(planned=28, given=24, missed=missed))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert finding.reasons == ("cause_not_stated",)


@pytest.mark.parametrize(("given", "verdict"), [(20, Verdict.NOT_EVALUABLE), (21, Verdict.NO_DLT)])
def test_too_few_doses_at_the_windows_end_are_not_evaluable(
    definition: DltDefinition, given: int, verdict: Verdict
) -> None:
    doses = Doses(planned=28, given=given)

    assert judge(definition, 28, doses=doses).verdict is Verdict.PENDING
    assert judge(definition, 29, doses=doses).verdict is verdict


def test_exposure_below_the_minimum_is_named_as_the_reason(definition: DltDefinition) -> None:
    assert judge(definition, 29, doses=Doses(planned=28, given=3)).reasons == ("exposure_below_minimum",)


def test_unknown_doses_never_become_no_dlt(definition_with: Define) -> None:
    without_delay = definition_with(
        criteria=[{"id": "any", "any_term": True, "grade_at_least": 3}],
    )

    finding = judge(without_delay, 29, doses=None)

    assert finding.verdict is Verdict.PENDING
    assert finding.reasons == ("doses_not_known",)


@pytest.mark.parametrize("reason", list(LeftFor))
def test_leaving_the_window_without_a_dlt_is_not_evaluable_at_once(
    definition: DltDefinition, reason: LeftFor
) -> None:
    left = Left(day=10, reason=reason)

    assert judge(definition, 10, left=left).verdict is Verdict.PENDING
    finding = judge(definition, 11, left=left)

    assert (finding.verdict, finding.replaced) == (Verdict.NOT_EVALUABLE, True)
    assert "left_before_window_end_without_dlt" in finding.reasons
    assert ("death_from_progression" in finding.reasons) is (reason is LeftFor.DEATH_FROM_PROGRESSION)


def test_leaving_after_the_window_changes_nothing(definition: DltDefinition) -> None:
    assert judge(definition, 40, left=Left(day=29, reason=LeftFor.PROGRESSION)).verdict is Verdict.NO_DLT


def test_leaving_matters_only_where_the_protocol_says_so(definition_with: Define) -> None:
    tolerant = definition_with(not_evaluable=["death_from_progression"])
    withdrew = Left(day=10, reason=LeftFor.WITHDRAWAL)
    died = Left(day=10, reason=LeftFor.DEATH_FROM_PROGRESSION)

    assert judge(tolerant, 11, left=withdrew).verdict is Verdict.PENDING
    assert judge(tolerant, 29, left=withdrew).verdict is Verdict.NO_DLT
    assert judge(tolerant, 11, left=died).verdict is Verdict.NOT_EVALUABLE
