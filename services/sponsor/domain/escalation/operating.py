"""Operating characteristics of any design: exact within a budget of states, else simulated."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.sponsor.domain.escalation.characteristics import Figures, figures_of
from services.sponsor.domain.escalation.design import Coherence, DoseDesign
from services.sponsor.domain.escalation.exact_course import (
    STATE_BUDGET,
    StateBudgetExceeded,
    exact_figures,
)
from services.sponsor.domain.escalation.simulated_course import simulated

TRIALS = 100_000
SLOW_STATE_BUDGET = 20_000
"""For designs whose answers take about a millisecond each."""
SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """Operating characteristics, with their standard errors, trials and seed where they were simulated."""

    figures: Figures
    errors: Figures | None = None
    trials: int | None = None
    seed: int | None = None


def operating_exactly(design: DoseDesign, truth: Sequence[float], cohorts: Sequence[int] | None) -> Operating:
    """Exact operating characteristics.

    Args:
        design: whose rule acts after each cohort.
        truth: true probability of a DLT by level.
        cohorts: sizes in order; None for a design that runs until its rule ends.

    Raises:
        StateBudgetExceeded: there are too many states.
    """
    figures = exact_figures(
        design.cohort_rule(),
        truth,
        cohorts,
        start_level=design.terms.start_level,
        tells_last=_tells_last(design),
        state_budget=SLOW_STATE_BUDGET if design.name == "blrm" else STATE_BUDGET,
    )
    return Operating(figures=figures)


def operating_by_simulation(
    design: DoseDesign, truth: Sequence[float], cohorts: Sequence[int] | None, trials: int, seed: int
) -> Operating:
    """Simulated operating characteristics; arguments as for `operating_exactly`."""
    outcomes = simulated(
        design.cohort_rule(),
        truth,
        cohorts,
        trials=trials,
        seed=seed,
        start_level=design.terms.start_level,
        tells_last=_tells_last(design),
    )
    figures, errors = figures_of(outcomes)
    return Operating(figures=figures, errors=errors, trials=trials, seed=seed)


def operating(design: DoseDesign, truth: Sequence[float], cohorts: Sequence[int] | None) -> Operating:
    """Exact where the states allow it, else TRIALS trials from SEED."""
    try:
        return operating_exactly(design, truth, cohorts)
    except StateBudgetExceeded:
        return operating_by_simulation(design, truth, cohorts, TRIALS, SEED)


def _tells_last(design: DoseDesign) -> bool:
    return design.terms.guards.coherence is Coherence.PARTICIPANT
