from collections.abc import Callable

import pytest

from services.safety.domain.causality import Causality
from services.safety.domain.dlt import (
    DltFinding,
    Left,
    LeftFor,
    Provisional,
    Verdict,
    WindowState,
    evaluate_dlt,
)
from services.safety.domain.dlt_definition import DltDefinition, DurationConvention
from services.safety.domain.dlt_facts import (
    Cause,
    DltEvent,
    DoseDelay,
    Doses,
    MissedDoses,
    RunningDelay,
)
from services.safety.domain.dlt_timeline import AsOf, DatedGrade, Strength, as_day_begins, during_day

ALL_DOSES = Doses(planned=28, given=28)
Define = Callable[..., DltDefinition]


def g(day: int | None, grade: int | None, confirmed: bool = True) -> DatedGrade:
    return DatedGrade(day=day, grade=grade, confirmed=confirmed)


def anc(*grades: DatedGrade, causality: Causality = Causality.POSSIBLE) -> DltEvent:
    return DltEvent(
        id="anc", term="Neutrophil count decreased", soc="Investigations", causality=causality, grades=grades
    )


def rash(
    *grades: DatedGrade,
    causality: Causality = Causality.POSSIBLE,
    sponsor: Causality = Causality.NOT_ASSESSED,
    exclusions: frozenset[str] = frozenset(),
) -> DltEvent:
    return DltEvent(
        id="rash",
        term="Rash maculo-papular",
        soc="Skin and subcutaneous tissue disorders",
        causality=causality,
        sponsor_causality=sponsor,
        confirmed_exclusions=exclusions,
        grades=grades,
    )


def judge(
    definition: DltDefinition,
    as_of: int | AsOf,
    *events: DltEvent,
    doses: Doses | None = ALL_DOSES,
    left: Left | None = None,
) -> DltFinding:
    moment = as_day_begins(as_of) if isinstance(as_of, int) else as_of
    return evaluate_dlt(definition, WindowState.STARTED, events, doses, left, moment)


def criterion(finding: DltFinding, id_: str) -> Strength:
    return next(found.strength for found in finding.criteria if found.id == id_)


WORKED_EXAMPLE = anc(g(3, 4), g(6, 4))


def test_grade_4_since_day_3_is_pending_as_of_day_8_and_a_dlt_as_of_day_9(definition: DltDefinition) -> None:
    eighth = judge(definition, 8, WORKED_EXAMPLE)
    ninth = judge(definition, 9, WORKED_EXAMPLE)

    assert (eighth.verdict, eighth.provisional) == (Verdict.PENDING, Provisional.NONE)
    assert eighth.next_day_to_check == 9
    assert (eighth.evaluable, eighth.replaced) == (None, False)
    assert (ninth.verdict, ninth.provisional) == (Verdict.DLT, Provisional.NONE)
    assert ninth.next_day_to_check is None
    assert (ninth.evaluable, ninth.replaced) == (True, False)


def test_by_inclusive_days_the_same_event_is_a_dlt_as_of_day_8(definition_with: Define) -> None:
    inclusive = definition_with(duration_convention="inclusive_days")

    assert judge(inclusive, 7, WORKED_EXAMPLE).verdict is Verdict.PENDING
    assert judge(inclusive, 7, WORKED_EXAMPLE).next_day_to_check == 8
    assert judge(inclusive, 8, WORKED_EXAMPLE).verdict is Verdict.DLT


def test_a_finding_names_definition_dictionary_convention_criterion_and_event_versions(
    definition: DltDefinition,
) -> None:
    finding = judge(definition, 9, WORKED_EXAMPLE)

    assert (finding.definition_id, finding.definition_version) == ("ep01", 3)
    assert finding.ctcae == "5.0+0"
    assert finding.convention is DurationConvention.DAY_DIFFERENCE
    met = next(found for found in finding.criteria if found.met)
    assert (met.id, met.since_day, met.true_from_day, met.events) == ("anc-long", 3, 9, (("anc", 1),))


def test_a_dlt_made_on_a_value_carried_forward_says_so_and_misses_a_result(definition: DltDefinition) -> None:
    finding = judge(definition, 9, WORKED_EXAMPLE)

    assert next(found.assumed_ongoing for found in finding.criteria if found.met)
    assert finding.reasons == ("anc-long", "result_missing")


@pytest.mark.parametrize("later", [g(9, 4), g(12, 1)])
def test_a_result_on_or_after_the_deciding_day_ends_the_assumption(
    definition: DltDefinition, later: DatedGrade
) -> None:
    finding = judge(definition, 13, anc(g(3, 4), later))

    assert finding.verdict is Verdict.DLT
    assert not next(found.assumed_ongoing for found in finding.criteria if found.met)
    assert "result_missing" not in finding.reasons


@pytest.mark.parametrize(
    ("convention", "resolved_on", "verdict"),
    [
        ("day_difference", 8, Verdict.PENDING),
        ("day_difference", 9, Verdict.DLT),
        ("inclusive_days", 7, Verdict.PENDING),
        ("inclusive_days", 8, Verdict.DLT),
    ],
)
def test_a_resolved_duration_is_counted_by_the_protocols_convention(
    definition_with: Define, convention: str, resolved_on: int, verdict: Verdict
) -> None:
    rules = definition_with(duration_convention=convention)

    assert judge(rules, 15, anc(g(3, 4), g(resolved_on, 2))).verdict is verdict


def test_a_grade_below_the_limit_in_between_starts_the_duration_again(definition: DltDefinition) -> None:
    interrupted = anc(g(3, 4), g(6, 3), g(7, 4))

    assert judge(definition, 12, interrupted).verdict is Verdict.PENDING
    assert judge(definition, 12, interrupted).next_day_to_check == 13
    assert judge(definition, 13, interrupted).verdict is Verdict.DLT


def test_entries_dated_on_the_day_that_begins_are_not_known(definition: DltDefinition) -> None:
    event = rash(g(5, 3))

    assert judge(definition, 5, event).verdict is Verdict.PENDING
    assert judge(definition, 5, event).provisional is Provisional.NONE
    assert judge(definition, 6, event).verdict is Verdict.DLT


def test_within_a_day_the_entries_of_that_day_are_known_but_the_day_is_not_over(
    definition: DltDefinition,
) -> None:
    assert judge(definition, during_day(5), rash(g(5, 3))).verdict is Verdict.DLT
    assert judge(definition, during_day(8), anc(g(3, 4))).verdict is Verdict.PENDING
    assert judge(definition, during_day(9), anc(g(3, 4), g(9, 0))).verdict is Verdict.DLT


def test_before_the_first_dose_everything_is_pending_and_no_day_changes_it(definition: DltDefinition) -> None:
    finding = evaluate_dlt(
        definition, WindowState.NOT_STARTED, [rash(g(1, 4))], None, None, as_day_begins(40)
    )

    assert finding.verdict is Verdict.PENDING
    assert finding.reasons == ("no_first_dose",)
    assert finding.next_day_to_check is None


def test_a_participant_who_ends_before_any_dose_is_not_evaluable_and_replaced(
    definition: DltDefinition,
) -> None:
    left = Left(day=0, reason=LeftFor.WITHDRAWAL)

    finding = evaluate_dlt(definition, WindowState.NOT_STARTED, [], None, left, as_day_begins(1))

    assert finding.verdict is Verdict.NOT_EVALUABLE
    assert (finding.evaluable, finding.replaced) == (False, True)
    assert finding.reasons == ("ended_before_first_dose",)


def test_silence_is_pending_until_the_window_closes_as_day_29_begins(definition: DltDefinition) -> None:
    last_day = judge(definition, 28)
    closed = judge(definition, 29)

    assert (last_day.verdict, last_day.next_day_to_check) == (Verdict.PENDING, 29)
    assert last_day.reasons == ("window_open",)
    assert (closed.verdict, closed.next_day_to_check, closed.reasons) == (Verdict.NO_DLT, None, ())
    assert (closed.evaluable, closed.replaced) == (True, False)


def test_a_duration_that_runs_over_the_windows_end_keeps_the_verdict_pending(
    definition: DltDefinition,
) -> None:
    running = anc(g(27, 4))

    assert judge(definition, 29, running).verdict is Verdict.PENDING
    assert judge(definition, 29, running).reasons == ("duration_running",)
    assert judge(definition, 29, running).next_day_to_check == 33
    assert judge(definition, 33, running).verdict is Verdict.DLT
    assert judge(definition, 33, anc(g(27, 4), g(30, 1))).verdict is Verdict.NO_DLT


def test_an_event_that_begins_after_the_window_is_late_toxicity_and_no_dlt(definition: DltDefinition) -> None:
    assert judge(definition, 40, rash(g(28, 3))).verdict is Verdict.DLT
    assert judge(definition, 40, rash(g(29, 3))).verdict is Verdict.NO_DLT
    assert judge(definition, 40, anc(g(29, 4))).verdict is Verdict.NO_DLT


def test_an_event_that_worsens_after_the_window_is_late_toxicity_too(definition: DltDefinition) -> None:
    assert judge(definition, 40, rash(g(20, 2), g(30, 4))).verdict is Verdict.NO_DLT


def test_what_was_seen_before_day_1_is_baseline(definition: DltDefinition) -> None:
    assert judge(definition, 29, rash(g(-3, 3))).verdict is Verdict.NO_DLT
    assert judge(definition, 29, rash(g(-4, 2), g(1, 3))).verdict is Verdict.DLT


def test_a_grade_below_every_criterion_is_no_dlt(definition: DltDefinition) -> None:
    assert judge(definition, 29, rash(g(5, 2)), anc(g(5, 3))).verdict is Verdict.NO_DLT


def test_an_unconfirmed_grade_is_pending_and_provisionally_a_dlt(definition: DltDefinition) -> None:
    finding = judge(definition, 6, rash(g(5, 3, confirmed=False)))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert finding.reasons == ("grade_not_confirmed", "window_open")


def test_an_unconfirmed_grade_outlives_the_window_as_pending(definition: DltDefinition) -> None:
    finding = judge(definition, 60, rash(g(5, 3, confirmed=False)))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert finding.next_day_to_check is None


@pytest.mark.parametrize("entry", [g(5, 1, confirmed=False), g(5, None)])
def test_a_low_proposal_or_a_missing_grade_is_pending_but_not_provisionally_a_dlt(
    definition: DltDefinition, entry: DatedGrade
) -> None:
    finding = judge(definition, 29, rash(entry))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.NONE)


def test_a_duration_carried_by_an_unconfirmed_entry_is_provisional(definition: DltDefinition) -> None:
    finding = judge(definition, 9, anc(g(3, 4), g(6, 4, confirmed=False)))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)


def test_an_entry_whose_grade_is_missing_carries_the_earlier_grade_on_provisionally(
    definition: DltDefinition,
) -> None:
    finding = judge(definition, 9, anc(g(3, 4), g(6, None)))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert "grade_missing" in finding.reasons


def test_an_unconfirmed_recovery_neither_ends_nor_makes_a_dlt(definition: DltDefinition) -> None:
    finding = judge(definition, 40, anc(g(3, 4), g(6, 1, confirmed=False)))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.NONE)


def test_an_entry_without_a_date_may_lie_in_the_window(definition: DltDefinition) -> None:
    severe = judge(definition, 29, rash(g(None, 3)))
    lasting = judge(definition, 29, anc(g(None, 4)))
    mild = judge(definition, 29, rash(g(None, 2)))

    assert (severe.verdict, severe.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert severe.reasons == ("date_missing",)
    assert (lasting.verdict, lasting.provisional) == (Verdict.PENDING, Provisional.NONE)
    assert mild.verdict is Verdict.NO_DLT


@pytest.mark.parametrize(
    ("causality", "verdict"),
    [
        (Causality.UNRELATED, Verdict.NO_DLT),
        (Causality.UNLIKELY, Verdict.NO_DLT),
        (Causality.POSSIBLE, Verdict.DLT),
        (Causality.PROBABLE, Verdict.DLT),
        (Causality.DEFINITE, Verdict.DLT),
    ],
)
def test_only_the_attribution_that_the_protocol_names_counts(
    definition: DltDefinition, causality: Causality, verdict: Verdict
) -> None:
    assert judge(definition, 29, rash(g(5, 3), causality=causality)).verdict is verdict


def test_a_missing_attribution_counts_provisionally(definition: DltDefinition) -> None:
    finding = judge(definition, 29, rash(g(5, 3), causality=Causality.NOT_ASSESSED))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert finding.reasons == ("causality_missing",)


def test_where_a_missing_attribution_does_not_count_the_answer_is_still_awaited(
    definition_with: Define,
) -> None:
    rules = definition_with(attribution={"counts": ["possible"], "missing": "does_not_count"})

    finding = judge(rules, 29, rash(g(5, 3), causality=Causality.NOT_ASSESSED))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.NONE)


def test_the_sponsor_may_raise_the_attribution_and_never_lower_it(definition: DltDefinition) -> None:
    raised = rash(g(5, 3), causality=Causality.UNRELATED, sponsor=Causality.POSSIBLE)
    lowered = rash(g(5, 3), causality=Causality.POSSIBLE, sponsor=Causality.UNRELATED)

    assert judge(definition, 29, raised).verdict is Verdict.DLT
    assert judge(definition, 29, lowered).verdict is Verdict.DLT


def test_an_exclusion_applies_only_to_the_criterion_that_names_it(definition: DltDefinition) -> None:
    allowed = rash(g(5, 3), exclusions=frozenset({"alt-brief"}))
    foreign = rash(g(5, 3), exclusions=frozenset({"something-else"}))

    assert judge(definition, 29, allowed).verdict is Verdict.NO_DLT
    assert judge(definition, 29, foreign).verdict is Verdict.DLT


def test_a_class_that_the_criterion_leaves_out_does_not_count(definition: DltDefinition) -> None:
    blood = DltEvent(
        id="fn",
        term="Febrile neutropenia",
        soc="Blood and lymphatic system disorders",
        causality=Causality.DEFINITE,
        grades=(g(5, 4),),
    )

    assert judge(definition, 29, blood).verdict is Verdict.NO_DLT


def test_a_term_with_its_own_criterion_is_not_judged_by_the_any_term_one(definition: DltDefinition) -> None:
    brief = anc(g(3, 4), g(5, 1))

    assert judge(definition, 29, brief).verdict is Verdict.NO_DLT
    assert criterion(judge(definition, 5, brief), "nonhaem-g3") is Strength.NO


def test_an_uncoded_event_counts_provisionally_for_any_term_criteria(definition: DltDefinition) -> None:
    uncoded = DltEvent(id="x", term="", soc="", causality=Causality.POSSIBLE, grades=(g(5, 3),))

    finding = judge(definition, 29, uncoded)

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert "term_not_coded" in finding.reasons


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


def test_with_a_dlt_a_participant_is_evaluable_however_short_the_exposure(definition: DltDefinition) -> None:
    left = Left(day=3, reason=LeftFor.TOXICITY)

    finding = judge(definition, 29, rash(g(2, 3)), doses=Doses(planned=28, given=1), left=left)

    assert finding.verdict is Verdict.DLT
    assert (finding.evaluable, finding.replaced) == (True, False)


def test_a_running_criterion_is_settled_before_leaving_counts(definition: DltDefinition) -> None:
    left = Left(day=5, reason=LeftFor.PROGRESSION)

    assert judge(definition, 8, anc(g(3, 4)), left=left).verdict is Verdict.PENDING
    assert judge(definition, 8, anc(g(3, 4)), left=left).next_day_to_check == 9
    assert judge(definition, 9, anc(g(3, 4)), left=left).verdict is Verdict.DLT
    assert judge(definition, 9, anc(g(3, 4), g(7, 1)), left=left).verdict is Verdict.NOT_EVALUABLE


def test_the_worst_of_several_entries_of_a_day_counts(definition: DltDefinition) -> None:
    assert judge(definition, 29, rash(g(5, 1), g(5, 3))).verdict is Verdict.DLT
    assert judge(definition, 29, rash(g(5, 3), g(5, 1))).verdict is Verdict.DLT


def test_the_next_day_is_the_earliest_of_window_end_and_running_durations(definition: DltDefinition) -> None:
    assert judge(definition, 4, anc(g(3, 4))).next_day_to_check == 9
    assert judge(definition, 26, anc(g(25, 4))).next_day_to_check == 29
    assert judge(definition, 29, anc(g(25, 4))).next_day_to_check == 31
    assert judge(definition, 4, anc(g(3, 3))).next_day_to_check == 29
