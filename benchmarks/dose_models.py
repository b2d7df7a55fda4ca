"""Operating characteristics of the CRM: exact and simulated, against a twin in plain Python in the same run.

Every run checks its result: ours and the twin's exact chances are equal, a simulation lies within five standard
errors of them.
"""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from time import perf_counter

from benchmarks.measure import Result, Run, interleaved
from benchmarks.plain_crm import PlainCrm, plain_exact, plain_trials
from benchmarks.size import Size
from services.sponsor.domain.escalation.crm import CrmModel, Estimator
from services.sponsor.domain.escalation.crm_design import CrmDesign
from services.sponsor.domain.escalation.design import Coherence, Guards, Terms
from services.sponsor.domain.escalation.operating import operating_by_simulation, operating_exactly
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)
TRUTH = (0.05, 0.12, 0.25, 0.40, 0.55)
TARGET, COHORTS, COHORT = 0.25, 10, 3
SELECTED = (0.0, 0.00266335988, 0.16808510155, 0.63753971243, 0.18474577706, 0.0069660491)
"""Exact, as both programmes have it."""
TRIALS, PLAIN_TRIALS = 10_000, 100
EXACT_MILLISECONDS = 1_000.0
EXACT_RATIO, SIMULATED_RATIO = 3.0, 100.0
"""The twin takes half the time of R's dfcrm (`crmsim`) for a trial."""


class WrongResult(Exception):
    """A run was fast and wrong."""


async def crm_rows(id: str, size: Size) -> AsyncIterator[Result]:
    """CRM exact 10 cohorts of 3, as a time and against the twin, and 10,000 simulated trials against it."""
    ours, anchor = await interleaved(_run(exact), _run(exact_by_twin), runs=size.runs)
    yield _row(
        id, f"CRM exact, {COHORTS} cohorts of {COHORT}", 1_000 / ours, None, "ms", size, EXACT_MILLISECONDS
    )
    yield _row(id, "the same v plain Python", ours, anchor, "runs/s", size, EXACT_RATIO)
    ours, anchor = await interleaved(
        _run(simulated, TRIALS), _run(simulated_by_twin, PLAIN_TRIALS), runs=size.runs
    )
    what = f"CRM, {TRIALS:,} trials v plain Python"
    yield _row(id, what, ours, anchor, "trials/s", size, SIMULATED_RATIO)


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
    _require_near(operating_exactly(_design(), TRUTH, [COHORT] * COHORTS).figures.p_select, margin=1e-9)


def exact_by_twin() -> None:
    _require_near((0.0, *plain_exact(_twin(), TRUTH, COHORTS, COHORT)), margin=1e-9)


def simulated() -> None:
    found = operating_by_simulation(_design(), TRUTH, [COHORT] * COHORTS, TRIALS, 1).figures
    _require_near(found.p_select, margin=_five_errors(TRIALS))


def simulated_by_twin() -> None:
    found = plain_trials(_twin, TRUTH, COHORTS, COHORT, PLAIN_TRIALS, 1)
    _require_near((0.0, *found), margin=_five_errors(PLAIN_TRIALS))


def _twin() -> PlainCrm:
    return PlainCrm(SKELETON, TARGET)


def _design() -> CrmDesign:
    curve = WorkingModel(kind=ModelKind.EMPIRIC, skeleton=SKELETON)
    guards = Guards(no_skip=True, coherence=Coherence.COHORT)
    return CrmDesign(
        terms=Terms(levels=len(SKELETON), cohort_size=COHORT, guards=guards),
        model=CrmModel(curve=curve, target=TARGET, estimator=Estimator.PLUG_IN),
    )


def _five_errors(trials: int) -> float:
    """Five of the largest standard errors that a share of so many trials can have."""
    return 2.5 / math.sqrt(trials)


def _require_near(found: Sequence[float], margin: float) -> None:
    if any(abs(one - expected) > margin for one, expected in zip(found, SELECTED, strict=True)):
        raise WrongResult(f"{found} is not {SELECTED}")
