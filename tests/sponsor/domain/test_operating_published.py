"""Operating characteristics in time, and simulation against exact figures.

Source of the days: rolling six and 3+3 played with arrivals every 10 days on average, windows of 21 and 28 days,
truth 0.05 to 0.45, arrivals during a hold lost (the setting of Skolnik JM et al. J Clin Oncol 2008;26(2):190-195).
"""

import numpy as np
import pytest

from services.sponsor.domain.escalation.characteristics import Outcomes, figures_of
from services.sponsor.domain.escalation.design import DoseDesign
from services.sponsor.domain.escalation.event_course import Accrual
from services.sponsor.domain.escalation.event_simulation import operating_in_time, played
from services.sponsor.domain.escalation.exact_course import StateBudgetExceeded, exact_figures
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.operating import operating, operating_by_simulation, operating_exactly
from services.sponsor.domain.escalation.simulated_course import simulated
from tests.sponsor.domain.designs import (
    around_target,
    boin,
    extra_safe,
    iq_rolling_six,
    rolling_six,
    three_plus_three,
)

TRUTH = (0.05, 0.1, 0.2, 0.3, 0.45)


@pytest.mark.parametrize(
    ("design", "window", "days"),
    [
        (three_plus_three(mtd_needs_six=True), 21.0, (269.0, 269.0)),
        (three_plus_three(mtd_needs_six=True), 28.0, (305.0, 305.0)),
        (rolling_six(), 21.0, (239.0, 241.0)),
        (rolling_six(), 28.0, (265.0, 265.0)),
    ],
    ids=["3+3, 21 d", "3+3, 28 d", "rolling six, 21 d", "rolling six, 28 d"],
)
def test_days_from_opening_to_the_last_decision(
    design: LevelDesign, window: float, days: tuple[float, float]
) -> None:
    """The reference had 5,000 trials: 4 of its standard errors and half a day of rounding are allowed."""
    found = operating_in_time(design, TRUTH, Accrual(mean_gap=10, window=window), 20_000, 1)

    allowed = 4 * found.duration_errors.mean_days * 2 + 0.5
    assert days[0] - allowed < found.durations.mean_days < days[1] + allowed


def test_rolling_six_saves_days_at_equal_toxicity() -> None:
    accrual = Accrual(mean_gap=10, window=21)

    six = operating_in_time(rolling_six(), TRUTH, accrual, 20_000, 1)
    three = operating_in_time(three_plus_three(mtd_needs_six=True), TRUTH, accrual, 20_000, 1)

    assert three.durations.mean_days - six.durations.mean_days > 25
    assert (round(three.figures.mean_dlt, 1), round(six.figures.mean_dlt, 1)) == (3.0, 3.2)


def test_dlts_are_those_of_everybody_treated() -> None:
    """Participants still pending at the last decision get their answers: the mean is sum of n times truth."""
    found = operating_in_time(rolling_six(), TRUTH, Accrual(mean_gap=5, window=28), 20_000, 3)

    expected = float(np.dot(found.figures.mean_n, TRUTH))
    assert abs(found.figures.mean_dlt - expected) < 5 * found.errors.mean_dlt


@pytest.mark.parametrize(
    "design",
    [boin(), extra_safe("0.3"), around_target("mtpi"), boin(n_earlystop=9), boin(bound_mtd=True)],
    ids=["boin", "extra safe", "mtpi", "early stop", "bounded"],
)
def test_simulation_agrees_with_the_exact_figures(design: DoseDesign) -> None:
    exact = operating_exactly(design, (0.2, 0.35, 0.5, 0.6, 0.7), [3] * 8)
    drawn = operating_by_simulation(design, (0.2, 0.35, 0.5, 0.6, 0.7), [3] * 8, 100_000, 7)

    assert drawn.errors is not None
    for truth, found, error in zip(
        exact.figures.p_select, drawn.figures.p_select, drawn.errors.p_select, strict=True
    ):
        assert abs(truth - found) <= 4 * error + 1e-12
    assert abs(exact.figures.mean_dlt - drawn.figures.mean_dlt) <= 4 * drawn.errors.mean_dlt
    for truth, found, error in zip(
        exact.figures.mean_n, drawn.figures.mean_n, drawn.errors.mean_n, strict=True
    ):
        assert abs(truth - found) <= 4 * error + 1e-12


@pytest.mark.parametrize(
    "design",
    [three_plus_three(), three_plus_three(allow_deescalate=False), rolling_six(), iq_rolling_six()],
    ids=["3+3", "without going back", "rolling six", "iq"],
)
def test_designs_that_run_until_their_rule_ends(design: LevelDesign) -> None:
    exact = operating_exactly(design, TRUTH, None)
    drawn = operating_by_simulation(design, TRUTH, None, 50_000, 7)

    assert drawn.errors is not None
    assert abs(sum(exact.figures.p_select) - 1) < 1e-12
    for truth, found, error in zip(
        exact.figures.p_select, drawn.figures.p_select, drawn.errors.p_select, strict=True
    ):
        assert abs(truth - found) <= 4 * error


def test_slow_accrual_in_time_is_the_sequential_design() -> None:
    """When nobody arrives within a window, rolling six decides on complete answers only."""
    exact = operating_exactly(rolling_six(), TRUTH, None)

    found = operating_in_time(rolling_six(), TRUTH, Accrual(mean_gap=3_000, window=1), 20_000, 5)

    for truth, seen, error in zip(
        exact.figures.p_select, found.figures.p_select, found.errors.p_select, strict=True
    ):
        assert abs(truth - seen) <= 4 * error + 1e-3


def test_results_do_not_depend_on_batching() -> None:
    rule, cohorts = boin().cohort_rule(), [3] * 10

    whole = simulated(rule, TRUTH, cohorts, trials=3_000, seed=11)
    split = simulated(rule, TRUTH, cohorts, trials=3_000, seed=11, batch=701)
    accrual = Accrual(mean_gap=10, window=28, screen_failure=0.2, inevaluable=0.1, queues=True)
    in_time = [played(rolling_six(), TRUTH, accrual, 500, 11, batch) for batch in (500, 77)]

    assert np.array_equal(whole.doses, split.doses)
    assert np.array_equal(whole.treated, split.treated)
    assert np.array_equal(in_time[0].days, in_time[1].days)


def test_another_seed_gives_other_trials() -> None:
    rule = boin().cohort_rule()

    first = simulated(rule, TRUTH, [3] * 10, trials=200, seed=1)
    second = simulated(rule, TRUTH, [3] * 10, trials=200, seed=2)

    assert not np.array_equal(first.treated, second.treated)


def test_waiting_people_enter_when_the_hold_ends() -> None:
    lost = Accrual(mean_gap=2, window=28)
    queued = Accrual(mean_gap=2, window=28, queues=True)

    without = operating_in_time(rolling_six(), TRUTH, lost, 5_000, 1)
    with_queue = operating_in_time(rolling_six(), TRUTH, queued, 5_000, 1)

    assert without.durations.mean_waiting == 0
    assert with_queue.durations.mean_waiting > 1
    assert with_queue.durations.mean_days < without.durations.mean_days


def test_screening_failures_and_delays_lengthen_a_trial_and_treat_nobody_more() -> None:
    plain = operating_in_time(three_plus_three(), TRUTH, Accrual(mean_gap=10, window=28), 5_000, 1)
    hard = Accrual(mean_gap=10, window=28, screening_delay=7, screen_failure=0.3)

    found = operating_in_time(three_plus_three(), TRUTH, hard, 5_000, 1)

    assert found.durations.mean_days > plain.durations.mean_days + 50
    assert abs(found.figures.mean_n_total - plain.figures.mean_n_total) < 0.5


def test_beyond_the_budget_of_states_trials_are_simulated() -> None:
    truth = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
    with pytest.raises(StateBudgetExceeded):
        exact_figures(boin(levels=7).cohort_rule(), truth, [3] * 20, state_budget=10_000)

    assert operating(boin(levels=7), truth, [3] * 6).trials is None


def test_unequal_cohorts_are_followed_by_their_own_sizes() -> None:
    found = exact_figures(boin().cohort_rule(), TRUTH, [3, 3, 4, 1])

    assert abs(found.mean_n_total - 11) < 0.05
    assert abs(sum(found.p_select) - 1) < 1e-12


def test_standard_errors_are_those_of_a_proportion_and_a_mean() -> None:
    outcomes = Outcomes(
        treated=np.array([[3, 0], [3, 3]]), dlts=np.array([1, 2]), doses=np.array([0, 2], dtype=np.int64)
    )

    means, errors = figures_of(outcomes)

    assert (means.p_select, means.mean_n, means.mean_dlt) == ((0.5, 0.0, 0.5), (3.0, 1.5), 1.5)
    assert errors.p_select == pytest.approx((0.5 / 2**0.5, 0.0, 0.5 / 2**0.5))
    assert errors.mean_n == pytest.approx((0.0, 1.5 / 2**0.5))


def test_no_level_takes_more_than_its_table_although_late_answers_relax_a_cell() -> None:
    """IQ rolling six: two DLTs of six close a level; two of seven, once a pending answer is clear, would not."""
    found = played(iq_rolling_six(), TRUTH, Accrual(mean_gap=10, window=21), 10_000, 1)

    assert int(found.treated.max()) == 8
