"""The verdict over time: silence, windows, durations, and what is not yet confirmed."""

import pytest

from services.safety.domain.dlt import Left, LeftFor, Provisional, Verdict, WindowState, evaluate_dlt
from services.safety.domain.dlt_definition import DltDefinition, DurationConvention
from services.safety.domain.dlt_facts import Doses
from services.safety.domain.dlt_timeline import DatedGrade, as_day_begins, during_day
from tests.safety.domain.judging import Define, anc, g, judge, rash

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
