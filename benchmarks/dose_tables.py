"""Operating characteristics of BOIN and of the rolling six in time, against twins in plain Python in the same run.

Every run checks its result: exact chances are the published ones, simulations lie within five standard errors.
"""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from fractions import Fraction
from time import perf_counter

from benchmarks.measure import Result, Run, interleaved
from benchmarks.plain_boin import PlainBoin, plain_days, plain_exact, plain_trials
from benchmarks.size import Size
from services.sponsor.domain.escalation.design import Terms
from services.sponsor.domain.escalation.event_course import Accrual
from services.sponsor.domain.escalation.event_simulation import operating_in_time
from services.sponsor.domain.escalation.interval_design import IntervalDesign
from services.sponsor.domain.escalation.interval_parameters import IntervalParameters, interval_design
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.level_table import RollingSixTable
from services.sponsor.domain.escalation.operating import operating_by_simulation, operating_exactly
from services.sponsor.store.designs import shipped_table

TARGET, COHORTS, COHORT = 0.3, 10, 3
TRUTH = (0.05, 0.15, 0.30, 0.45, 0.60)
SELECTED = (0.000211, 0.011693, 0.232062, 0.546330, 0.193704, 0.016000)
"""Exact, by two independent programmes."""
SIX_TRUTH, GAP, WINDOW = (0.05, 0.1, 0.2, 0.3, 0.45), 10.0, 28.0
SIX_DAYS = 264.2
MANY_TRIALS, TIMED_TRIALS, PLAIN_TRIALS = 1_000_000, 10_000, 2_000
EXACT_MILLISECONDS, TIMED_MILLISECONDS = 100.0, 3_000.0
EXACT_RATIO, SIMULATED_RATIO, TIMED_RATIO = 3.0, 5.0, 1.5
"""The twin takes some 35 microseconds for a trial, R's `get.oc` about a thousand: 30 times as long."""


class WrongResult(Exception):
    """A run was fast and wrong."""


async def table_rows(id: str, size: Size) -> AsyncIterator[Result]:
    """BOIN exact as a time and against its twin, simulated twice, and rolling six trials in time."""
    ours, anchor = await interleaved(_run(exact), _run(exact_by_twin), runs=size.runs)
    what = f"BOIN exact, 5 levels, {COHORTS} cohorts of {COHORT}"
    yield _row(id, what, 1_000 / ours, None, "ms", size, EXACT_MILLISECONDS)
    yield _row(id, "the same v plain Python", ours, anchor, "runs/s", size, EXACT_RATIO)
    for trials in (TIMED_TRIALS, MANY_TRIALS if size.runs > 1 else 10 * TIMED_TRIALS):
        ours, anchor = await interleaved(
            _run(lambda many=trials: simulated(many), trials),  # type: ignore[misc]
            _run(simulated_by_twin, PLAIN_TRIALS),
            runs=size.runs,
        )
        what = f"BOIN, {trials:,} trials v plain Python"
        yield _row(id, what, ours, anchor, "trials/s", size, SIMULATED_RATIO)
    ours, anchor = await interleaved(
        _run(in_time, TIMED_TRIALS), _run(in_time_by_twin, PLAIN_TRIALS), runs=size.runs
    )
    what = f"rolling six in time, {TIMED_TRIALS:,} trials"
    yield _row(id, what, 1_000 * TIMED_TRIALS / ours, None, "ms", size, TIMED_MILLISECONDS)
    yield _row(id, "the same v plain Python", ours, anchor, "trials/s", size, TIMED_RATIO)


def _row(
    id: str, what: str, ours: float, anchor: float | None, unit: str, size: Size, floor: float
) -> Result:
    return Result(
        id=id,
        what=what,
        store="–",
        transport="–",
        ours=ours,
        anchor=anchor,
        unit=unit,
        runs=size.runs,
        floor=floor,
    )


def _run(work: Callable[[], None], times: int = 1) -> Run:
    """A run that gives how often per second its work is done."""

    async def run() -> float:
        began = perf_counter()
        work()
        return times / (perf_counter() - began)

    return run


def exact() -> None:
    _require_near(operating_exactly(_boin(), TRUTH, [COHORT] * COHORTS).figures.p_select, 1e-6)


def exact_by_twin() -> None:
    _require_near(plain_exact(_twin(), TRUTH, COHORTS, COHORT), 1e-6)


def simulated(trials: int) -> None:
    found = operating_by_simulation(_boin(), TRUTH, [COHORT] * COHORTS, trials, 1).figures
    _require_near(found.p_select, _five_errors(trials))


def simulated_by_twin() -> None:
    _require_near(plain_trials(_twin(), TRUTH, COHORTS, COHORT, PLAIN_TRIALS, 1), _five_errors(PLAIN_TRIALS))


def in_time() -> None:
    found = operating_in_time(_six(), SIX_TRUTH, Accrual(mean_gap=GAP, window=WINDOW), TIMED_TRIALS, 1)
    _require_days(found.durations.mean_days, found.duration_errors.mean_days)


def in_time_by_twin() -> None:
    _require_days(*plain_days(SIX_TRUTH, GAP, WINDOW, PLAIN_TRIALS, 1))


def _boin() -> IntervalDesign:
    terms = Terms(levels=len(TRUTH), cohort_size=COHORT)
    return interval_design("boin", terms, IntervalParameters(target=Fraction("0.3")))


def _twin() -> PlainBoin:
    return PlainBoin(TARGET, COHORTS * COHORT)


def _six() -> LevelDesign:
    table = RollingSixTable(table=shipped_table("rolling_six", "2008.1"))
    return LevelDesign(name="rolling_six", terms=Terms(levels=len(SIX_TRUTH)), table=table)


def _five_errors(trials: int) -> float:
    """Five of the largest standard errors that a share of so many trials can have."""
    return 2.5 / math.sqrt(trials)


def _require_near(found: Sequence[float], margin: float) -> None:
    if any(abs(one - expected) > margin for one, expected in zip(found, SELECTED, strict=True)):
        raise WrongResult(f"{found} is not {SELECTED}")


def _require_days(days: float, error: float) -> None:
    if abs(days - SIX_DAYS) > 5 * error + 0.5:
        raise WrongResult(f"{days} days is not {SIX_DAYS}")
