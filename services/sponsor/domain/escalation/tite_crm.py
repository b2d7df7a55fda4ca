"""The time-to-event CRM: participants whose window is still open count for the part of it that they have passed.

Source: Cheung, Chappell, Biometrics 2000;56:1177-1182 (linear and adaptive weights).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from services.sponsor.domain.escalation.crm import (
    CrmEstimates,
    CrmModel,
    Estimator,
    crm_tables,
    estimates_at,
    posterior_estimates,
)
from services.sponsor.domain.escalation.likelihood import likeliest_weighted, log_likelihood_weighted


class WeightScheme(StrEnum):
    """How follow-up becomes a weight: in proportion, or by when the DLTs seen so far came."""

    LINEAR = "linear"
    ADAPTIVE = "adaptive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A participant as the likelihood sees one.

    Attributes:
        level: 1-based.
        weight: in 0 to 1; 1 for a DLT and for a window that was completed.
    """

    level: int
    dlt: bool
    weight: float = 1.0


def linear_weight(follow_up: float, window: float) -> float:
    """The share of the window that has passed, at most 1."""
    return min(follow_up / window, 1.0)


def adaptive_weight(follow_up: float, window: float, dlt_times: Sequence[float]) -> float:
    """The weight of a participant without a DLT, given when the DLTs came.

    Between two DLTs the weight grows by 1 / (z + 1), z being their number; it is 1 at the end of the window.

    Args:
        follow_up: time since the start of the window, at least 0, in the unit of `window`.
        window: above 0.
        dlt_times: time to each observed DLT, each above 0 and at most the window, in any order.
    """
    if follow_up >= window:
        return 1.0
    marks = [0.0, *sorted(dlt_times), window]
    passed = sum(1 for time in marks[1:-1] if time <= follow_up)
    start, end = marks[passed], marks[passed + 1]
    return min((passed + (follow_up - start) / (end - start)) / (len(dlt_times) + 1), 1.0)


def estimate_observed(model: CrmModel, participants: Sequence[Observed]) -> CrmEstimates:
    """Estimates from participants observed wholly or in part, as one row.

    Source: dose-by-dose likelihood p^y (1 - w p)^(1 - y) of the paper above.
    """
    levels = np.array([one.level for one in participants], dtype=np.int64)
    dlt = np.array([one.dlt for one in participants], dtype=np.int64)
    weights = np.array([one.weight for one in participants], dtype=np.float64)
    if model.estimator is Estimator.MLE:
        found = likeliest_weighted(model.curve, levels, dlt, weights)
        return estimates_at(model, np.array([np.nan if found is None else found]))
    tables = crm_tables(model, len(participants))
    heights = log_likelihood_weighted(model.curve, levels, dlt, weights, tables.beta)
    return posterior_estimates(model, tables, heights[np.newaxis, :])
