"""Posterior draws of the BLRM that were made elsewhere: the same probabilities, counted instead of integrated."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.sponsor.domain.escalation.blrm import BlrmEstimates, Intervals
from services.sponsor.domain.escalation.quadrature import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorSamples:
    """Draws of log alpha and of beta, pairwise; beta is above 0."""

    log_alpha: tuple[float, ...]
    beta: tuple[float, ...]


def estimate_samples(
    samples: PosteriorSamples, doses: Sequence[float], reference_dose: float, intervals: Intervals
) -> BlrmEstimates:
    """Probabilities as shares of the draws, as one row.

    The target interval is closed on both sides, those above it are open below and closed above.
    """
    log_alpha, beta = np.array(samples.log_alpha), np.array(samples.beta)
    shifts = np.log(np.array(doses) / reference_dose)[:, np.newaxis]
    logits = np.clip(log_alpha + beta * shifts, -700.0, 700.0)
    chances = 1 / (1 + np.exp(-logits))
    bounds = [-np.inf, *intervals.cuts, np.inf]
    inside = [(chances > low) & (chances <= high) for low, high in pairwise(bounds)]
    inside[0] = chances < intervals.target_from
    inside[1] |= chances == intervals.target_from
    return BlrmEstimates(
        log_alpha=np.array([log_alpha.mean()]),
        log_beta=np.array([np.log(beta).mean()]),
        means=chances.mean(axis=1)[np.newaxis, :],
        masses=np.column_stack([share.mean(axis=1) for share in inside])[np.newaxis, :, :],
    )


def doses_at(samples: PosteriorSamples, reference_dose: float, target: float) -> Floats:
    """The dose at which each draw's curve reaches the target."""
    logit = np.log(target) - np.log1p(-target)
    exponents = (logit - np.array(samples.log_alpha)) / np.array(samples.beta)
    return np.asarray(reference_dose * np.exp(np.clip(exponents, -700.0, 600.0)))
