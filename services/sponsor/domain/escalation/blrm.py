"""Bayesian logistic regression with overdose control: counts in, interval probabilities of every level out.

logit p(d) = log alpha + beta log(d / d*), beta > 0; (log alpha, log beta) bivariate normal. The posterior lives
on a grid of 201 x 201 points over 6 standard deviations to both sides. Along log alpha, which moves every curve
up or down, the mass is cumulated and interpolated at the point where the curve crosses a bound, so that an
interval's probability is not rounded to whole grid points. Wide priors and many participants, whose posterior
is narrow on that grid, get a finer one.

Source: Neuenschwander, Branson, Gsponer, Stat Med 2008;27:2420-2439.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from services.sponsor.domain.escalation.quadrature import Floats, Ints, area_below

STEPS = 100
REACH = 6.0
GRIDS_AT_ONCE = 2_500_000
MOST_FINER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BlrmPrior:
    """Mean and standard deviation of log alpha and of log beta, and their correlation."""

    log_alpha: tuple[float, float]
    log_beta: tuple[float, float]
    rho: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Bounds of under-, target, excessive and unacceptable toxicity; the last may be absent."""

    target_from: float
    target_to: float
    unacceptable_from: float | None

    @property
    def cuts(self) -> tuple[float, ...]:
        inner = (self.target_from, self.target_to)
        return inner if self.unacceptable_from is None else (*inner, self.unacceptable_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlrmModel:
    """Everything that turns counts into probabilities: doses of the levels, ascending, and the prior."""

    doses: tuple[float, ...]
    reference_dose: float
    prior: BlrmPrior
    intervals: Intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class BlrmEstimates:
    """Posterior of S sets of counts.

    Attributes:
        log_alpha, log_beta: posterior means, shape (S,).
        means: posterior mean chance of a DLT, shape (S, J).
        masses: probability of each interval from the lowest up, shape (S, J, 3 or 4).
    """

    log_alpha: Floats
    log_beta: Floats
    means: Floats
    masses: Floats

    @property
    def overdose(self) -> Floats:
        """Probability of being above the target interval, shape (S, J)."""
        return np.asarray(self.masses[:, :, 2:].sum(axis=2))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlrmTables:
    """What depends on the model alone, on G = 201 x 201 grid points.

    Attributes:
        log_dlt: ln p, shape (J, G).
        log_clear: ln(1 - p), shape (J, G).
        log_prior: shape (G,).
        functionals: shape (G, 2 + J + J * cuts): log alpha, log beta, p of each level, p below each cut.
    """

    log_dlt: Floats
    log_clear: Floats
    log_prior: Floats
    functionals: Floats


def grid_steps(prior: BlrmPrior, participants: int) -> tuple[int, int]:
    """Steps to each side of the grid along log alpha and along log beta, at most MOST_FINER times STEPS together."""
    alpha, beta = _finer(prior, participants)
    alpha = min(alpha, MOST_FINER)
    return STEPS * alpha, STEPS * min(beta, MOST_FINER // alpha)


def is_fine_enough(prior: BlrmPrior, participants: int) -> bool:
    """Whether the finest grid still resolves the posterior of so many participants under so wide a prior."""
    alpha, beta = _finer(prior, participants)
    return alpha <= MOST_FINER and beta <= 2 * max(1, MOST_FINER // alpha)


def _finer(prior: BlrmPrior, participants: int) -> tuple[int, int]:
    """How many times finer than STEPS the grid should be: found by comparison with much finer ones."""
    narrow = math.sqrt(max(participants, 1)) / 20
    alpha, beta = prior.log_alpha[1] * narrow, prior.log_beta[1] * narrow / 2
    return max(1, math.ceil(alpha)), max(1, math.ceil(beta))


def estimate_blrm(model: BlrmModel, dlt: Ints, clear: Ints) -> BlrmEstimates:
    """Estimates for sets of counts, shapes (S, J)."""
    most = int((dlt + clear).sum(axis=1).max(initial=0))
    tables = blrm_tables(model, grid_steps(model.prior, most))
    rows = max(1, GRIDS_AT_ONCE // len(tables.log_prior))
    moments = np.concatenate(
        [
            blrm_moments(tables, dlt[start : start + rows], clear[start : start + rows])
            for start in range(0, max(len(dlt), 1), rows)
        ]
    )
    return estimates_from(model, moments)


def estimates_from(model: BlrmModel, moments: Floats) -> BlrmEstimates:
    """Estimates from the posterior means of the tables' functionals, shape (S, 2 + J + J * cuts)."""
    levels, cuts = len(model.doses), len(model.intervals.cuts)
    below = np.clip(moments[:, 2 + levels :].reshape(len(moments), levels, cuts), 0.0, 1.0)
    below = np.maximum.accumulate(below, axis=2)
    edges = np.concatenate(
        [np.zeros((len(moments), levels, 1)), below, np.ones((len(moments), levels, 1))], axis=2
    )
    return BlrmEstimates(
        log_alpha=moments[:, 0],
        log_beta=moments[:, 1],
        means=moments[:, 2 : 2 + levels],
        masses=np.diff(edges, axis=2),
    )


def blrm_moments(tables: BlrmTables, dlt: Ints, clear: Ints) -> Floats:
    """Posterior means of the tables' functionals for S sets of counts."""
    log_density = dlt @ tables.log_dlt + clear @ tables.log_clear + tables.log_prior
    log_density -= log_density.max(axis=1, keepdims=True, initial=-np.inf)
    density = np.exp(log_density)
    return np.asarray(density @ tables.functionals / density.sum(axis=1, keepdims=True))


@lru_cache(maxsize=3)
def blrm_tables(model: BlrmModel, steps: tuple[int, int]) -> BlrmTables:
    """The tables of a model on a grid of so many steps to each side.

    The second coordinate of the grid is what of log alpha is independent of log beta, so that a strong prior
    correlation costs no accuracy.
    """
    (alpha_mean, alpha_sd), (beta_mean, beta_sd) = model.prior.log_alpha, model.prior.log_beta
    along, across = (np.linspace(-REACH, REACH, 2 * step + 1) for step in steps)
    log_beta = beta_mean + beta_sd * across
    centre = alpha_mean + alpha_sd * model.prior.rho * across
    spread = alpha_sd * math.sqrt(1 - model.prior.rho**2)
    log_alpha = centre[:, np.newaxis] + spread * along[np.newaxis, :]
    shifts = np.exp(log_beta) * np.log(np.array(model.doses) / model.reference_dose)[:, np.newaxis]
    logits = (log_alpha[np.newaxis, :, :] + shifts[:, :, np.newaxis]).reshape(len(model.doses), -1)
    below = [
        _below(np.log(cut / (1 - cut)) - shift, centre, spread, steps[0])
        for shift in shifts
        for cut in model.intervals.cuts
    ]
    log_dlt = -np.logaddexp(0.0, -logits)
    means = (log_alpha.ravel(), np.repeat(log_beta, len(along)))
    return BlrmTables(
        log_dlt=log_dlt,
        log_clear=-np.logaddexp(0.0, logits),
        log_prior=-(across[:, np.newaxis] ** 2 + along[np.newaxis, :] ** 2).ravel() / 2,
        functionals=np.column_stack([*means, *np.exp(log_dlt), *below]),
    )


def _below(crossing: Floats, centre: Floats, spread: float, steps: int) -> Floats:
    """Weights of the area in which log alpha lies below the crossing of each row, shape (G,)."""
    positions = ((crossing - centre) / spread / REACH + 1) * steps
    return area_below(positions, 2 * steps + 1).ravel()
