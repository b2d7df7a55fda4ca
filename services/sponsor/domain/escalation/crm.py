"""The continual reassessment method: counts in, an estimate of every level's chance of a DLT out.

The posterior of beta is a trapezoid sum on 241 points over 6 prior standard deviations to both sides; more
points where the prior is wide or the participants are many, so that its error stays below 1e-7. Everything is
vectorised over sets of counts: the live recommendation asks with one row, operating characteristics with all.

Sources: O'Quigley, Pepe, Fisher, Biometrics 1990;46:33-48; Cheung, Dose Finding by the CRM (2011).
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

from services.sponsor.domain.escalation.likelihood import likeliest_of_counts
from services.sponsor.domain.escalation.quadrature import Bools, Floats, Ints, area_below
from services.sponsor.domain.escalation.working_model import WorkingModel

PRIOR_SD = math.sqrt(1.34)
REACH = 6.0
HALF_POINTS = 120
FINER_FOR_AREAS = 4
TIE = 1e-9


class Estimator(StrEnum):
    """What stands for a level's chance of a DLT: the curve at the mean of beta, the mean curve, the likeliest."""

    PLUG_IN = "plug_in"
    MEAN_OF_F = "mean_of_f"
    MLE = "mle"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmModel:
    """Everything that turns counts into estimates.

    Attributes:
        target: wanted chance of a DLT.
        prior_sd: standard deviation of beta about 0; not used by the estimator `mle`.
        safety_cutoff: stop when level 1 is above the target with more than this posterior probability.
    """

    curve: WorkingModel
    target: float
    estimator: Estimator
    prior_sd: float = PRIOR_SD
    safety_cutoff: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmTables:
    """What depends on the design alone, on a grid of G values of beta.

    Attributes:
        log_dlt: ln p, shape (J, G).
        log_clear: ln(1 - p), shape (J, G).
        log_prior: shape (G,), its largest value 0.
        functionals: shape (G, J + 3): beta, beta squared, p of each level, and level 1 above the target.
    """

    beta: Floats
    log_dlt: Floats
    log_clear: Floats
    log_prior: Floats
    functionals: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmEstimates:
    """Estimates for S sets of counts.

    Attributes:
        beta: shape (S,), posterior mean or likeliest value; not a number where no likeliest value exists.
        variance: shape (S,), posterior variance; None for the estimator `mle`.
        chances: shape (S, J), under the estimator.
        above: shape (S,), posterior probability that level 1 is above the target; None for `mle`.
        levels: shape (S,), 1-based level whose estimate is closest to the target; the lower one on ties,
            0 where there is no estimate.
    """

    beta: Floats
    variance: Floats | None
    chances: Floats
    above: Floats | None
    levels: Ints

    def too_toxic(self, model: CrmModel) -> Bools:
        """Whether level 1 is above the target with more than the stated probability, shape (S,)."""
        if model.safety_cutoff is None or self.above is None:
            return np.zeros(len(self.levels), dtype=np.bool_)
        return self.above > model.safety_cutoff


def grid_steps(model: CrmModel, participants: int) -> int:
    """Steps to each side of the grid of beta; four times as many where an area decides about stopping."""
    wide = math.ceil(model.prior_sd / 2)
    many = math.ceil(model.prior_sd / 1.2 * math.sqrt(participants / 100))
    finer = 1 if model.safety_cutoff is None else FINER_FOR_AREAS
    return HALF_POINTS * max(1, wide, many) * finer


def crm_tables(model: CrmModel, participants: int) -> CrmTables:
    """The tables for at most this many participants."""
    return _tables(model.curve, model.target, model.prior_sd, grid_steps(model, participants))


@lru_cache(maxsize=64)
def _tables(curve: WorkingModel, target: float, prior_sd: float, steps: int) -> CrmTables:
    standard = np.linspace(-REACH, REACH, 2 * steps + 1)
    beta = standard * prior_sd
    log_dlt, log_clear = curve.log_chances(beta)
    functionals = np.column_stack(
        [beta, beta**2, np.exp(log_dlt).T, _above_target(curve, target, prior_sd, steps)]
    )
    log_prior = -(standard**2) / 2
    return CrmTables(
        beta=beta, log_dlt=log_dlt, log_clear=log_clear, log_prior=log_prior, functionals=functionals
    )


def _above_target(curve: WorkingModel, target: float, prior_sd: float, steps: int) -> Floats:
    """Weights of the area in which level 1 is above the target."""
    size = 2 * steps + 1
    crossing = curve.beta_where(1, target)
    if crossing is None:
        above = float(curve.chances(np.zeros(1))[0, 0]) > target
        return np.full(size, float(above))
    beta, above_is_below = crossing
    position = beta / (REACH * prior_sd / steps) + steps
    below: Floats = area_below(np.array([position]), size)[0]
    return below if above_is_below else 1.0 - below


def estimate_counts(model: CrmModel, dlt: Ints, clear: Ints, participants: int | None = None) -> CrmEstimates:
    """Estimates for sets of counts, each participant completely observed.

    Args:
        model: target, curve, prior and estimator.
        dlt: participants with a DLT, shape (S, J).
        clear: participants without, shape (S, J).
        participants: the most that any row can have, when rows of several calls are to be comparable.
    """
    most = int((dlt + clear).sum(axis=1).max(initial=0)) if participants is None else participants
    if model.estimator is Estimator.MLE:
        return estimates_at(model, likeliest_of_counts(model.curve, dlt, clear))
    tables = crm_tables(model, most)
    log_likelihood = dlt @ tables.log_dlt + clear @ tables.log_clear
    return posterior_estimates(model, tables, log_likelihood)


def posterior_estimates(model: CrmModel, tables: CrmTables, log_likelihood: Floats) -> CrmEstimates:
    """Estimates from the log-likelihood on the grid, shape (S, G)."""
    log_density = log_likelihood + tables.log_prior
    log_density -= log_density.max(axis=1, keepdims=True)
    density = np.exp(log_density, out=log_density)
    moments: Floats = density @ tables.functionals / density.sum(axis=1, keepdims=True)
    beta = moments[:, 0]
    variance = np.maximum(moments[:, 1] - beta**2, 0.0)
    plugged = model.estimator is Estimator.PLUG_IN
    chances: Floats = model.curve.chances(beta).T if plugged else moments[:, 2:-1]
    return CrmEstimates(
        beta=beta,
        variance=variance,
        chances=chances,
        above=np.clip(moments[:, -1], 0.0, 1.0),
        levels=closest_levels(chances, model.target),
    )


def estimates_at(model: CrmModel, beta: Floats) -> CrmEstimates:
    """Estimates from likeliest values of beta."""
    found = np.isfinite(beta)
    chances = model.curve.chances(np.where(found, beta, 0.0)).T
    chances[~found] = np.nan
    levels = np.zeros(len(beta), dtype=np.int64)
    levels[found] = closest_levels(chances[found], model.target)
    return CrmEstimates(beta=beta, variance=None, chances=chances, above=None, levels=levels)


def closest_levels(chances: Floats, target: float) -> Ints:
    """The 1-based level closest to the target in each row; the lower of two that differ by less than 1e-9."""
    distance = np.abs(chances - target)
    nearest = distance.min(axis=1, keepdims=True, initial=np.inf)
    return np.asarray(np.argmax(distance <= nearest + TIE, axis=1) + 1, dtype=np.int64)
