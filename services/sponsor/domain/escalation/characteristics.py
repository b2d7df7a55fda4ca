"""Operating characteristics of a design under a truth: how they are kept, and how simulated trials are summarised."""

from dataclasses import dataclass

import numpy as np

from services.sponsor.domain.escalation.trial_course import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Operating characteristics, or their standard errors.

    Attributes:
        p_select: chance that no dose is found, then of each level.
        mean_n: participants by level.
        mean_n_total: participants.
        mean_dlt: participants with a DLT.
    """

    p_select: tuple[float, ...]
    mean_n: tuple[float, ...]
    mean_n_total: float
    mean_dlt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Simulated trials at their end: participants by level (S, J), DLTs (S,), dose found (S,), 0 for none."""

    treated: Ints
    dlts: Ints
    doses: Ints


def figures_of(outcomes: Outcomes) -> tuple[Figures, Figures]:
    """Means over simulated trials, and the standard error of each."""
    trials, levels = outcomes.treated.shape
    chosen = np.bincount(outcomes.doses, minlength=levels + 1) / trials
    total = outcomes.treated.sum(axis=1)
    means = Figures(
        p_select=_numbers(chosen),
        mean_n=_numbers(outcomes.treated.mean(axis=0)),
        mean_n_total=float(total.mean()),
        mean_dlt=float(outcomes.dlts.mean()),
    )
    errors = Figures(
        p_select=_numbers(np.sqrt(chosen * (1 - chosen) / trials)),
        mean_n=tuple(standard_error(outcomes.treated[:, place]) for place in range(levels)),
        mean_n_total=standard_error(total),
        mean_dlt=standard_error(outcomes.dlts),
    )
    return means, errors


def standard_error(values: Ints | Floats) -> float:
    """Standard error of the mean of S values."""
    return float(values.std() / np.sqrt(len(values)))


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
