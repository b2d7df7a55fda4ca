"""The likeliest value of beta of a one-parameter curve: the root of the score, to the last digits."""

import numpy as np

from services.sponsor.domain.escalation.quadrature import Floats, Ints
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel

LOWEST, HIGHEST = -30.0, 30.0
GRID_STEP = 0.05
HALVINGS = 60


def likeliest_of_counts(curve: WorkingModel, dlt: Ints, clear: Ints) -> Floats:
    """The beta that maximises the likelihood of each set of counts.

    The log-likelihood is concave in exp(beta), so its score has at most one root, found by halving.

    Args:
        curve: skeleton and form.
        dlt: participants with a DLT, shape (S, J).
        clear: participants without, shape (S, J).

    Returns:
        Shape (S,); not a number where the likelihood has no maximum, as without a DLT or with nothing else.
    """
    mixed = (dlt.sum(axis=1) > 0) & (clear.sum(axis=1) > 0)
    low = np.full(len(dlt), LOWEST)
    high = np.full(len(dlt), HIGHEST)
    mixed &= (_score(curve, dlt, clear, low) > 0) & (_score(curve, dlt, clear, high) < 0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        rising = _score(curve, dlt, clear, middle) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return np.where(mixed, (low + high) / 2, np.nan)


def _score(curve: WorkingModel, dlt: Ints, clear: Ints, beta: Floats) -> Floats:
    """The derivative of the log-likelihood by exp(beta), each row at its own beta."""
    log_dlt, log_clear = curve.log_chances(beta)
    x = curve.scaled_doses[:, np.newaxis]
    if curve.kind is ModelKind.EMPIRIC:
        slopes = dlt.T * x - clear.T * np.exp(log_dlt - log_clear) * x
    else:
        slopes = dlt.T * np.exp(log_clear) * x - clear.T * np.exp(log_dlt) * x
    return np.asarray(slopes.sum(axis=0))


def likeliest_weighted(curve: WorkingModel, levels: Ints, dlt: Ints, weights: Floats) -> float | None:
    """The beta that maximises the likelihood of participants observed in part.

    With weights the score may have several roots, so the highest point of a fine grid is found first.

    Args:
        curve: skeleton and form.
        levels: 1-based level of each participant, shape (P,).
        dlt: 1 where the participant has a DLT.
        weights: share of the window observed, 1 for a DLT.

    Returns:
        None where the likelihood has no maximum.
    """
    grid = np.linspace(LOWEST, HIGHEST, round((HIGHEST - LOWEST) / GRID_STEP) + 1)
    heights = log_likelihood_weighted(curve, levels, dlt, weights, grid)
    top = int(np.argmax(heights))
    if top in (0, len(grid) - 1) or heights[top] - max(heights[0], heights[-1]) < 1e-12:
        return None
    low, high = float(grid[top - 1]), float(grid[top + 1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        rising = _weighted_score(curve, levels, dlt, weights, middle) > 0
        low, high = (middle, high) if rising else (low, middle)
    return (low + high) / 2


def log_likelihood_weighted(
    curve: WorkingModel, levels: Ints, dlt: Ints, weights: Floats, beta: Floats
) -> Floats:
    """The log-likelihood of participants observed in part, shape of beta."""
    log_dlt, log_clear = curve.log_chances(beta)
    total = np.zeros(len(beta))
    for level, had_dlt, weight in zip(levels - 1, dlt, weights, strict=True):
        if had_dlt:
            total += log_dlt[level]
        elif weight == 1:
            total += log_clear[level]
        else:
            total += np.log1p(-weight * np.exp(log_dlt[level]))
    return total


def _weighted_score(curve: WorkingModel, levels: Ints, dlt: Ints, weights: Floats, beta: float) -> float:
    """The derivative by exp(beta) at one beta."""
    log_dlt, log_clear = (values[levels - 1, 0] for values in curve.log_chances(np.array([beta])))
    x = curve.scaled_doses[levels - 1]
    rise = x if curve.kind is ModelKind.EMPIRIC else np.exp(log_clear) * x
    chance = np.exp(log_dlt)
    clear = np.where(weights == 1, np.exp(log_clear), 1 - weights * chance)
    return float(np.where(dlt == 1, rise, -weights * chance * rise / clear).sum())
