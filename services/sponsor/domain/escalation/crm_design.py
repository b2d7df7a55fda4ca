"""The CRM and the TITE-CRM as designs: what they recommend for a data cut, and over many trials.

Before the likelihood has a maximum (no DLT yet, or nothing else), a design by maximum likelihood starts up: one
level up without a DLT, one down while everybody had one.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from services.sponsor.domain.escalation.crm import CrmEstimates, CrmModel, estimate_counts
from services.sponsor.domain.escalation.design import Raw, Terms, missing_from_cohort
from services.sponsor.domain.escalation.model_rule import (
    NO_ESTIMATE,
    Choice,
    ModelRule,
    or_dose_without_estimate,
    or_start_up,
)
from services.sponsor.domain.escalation.observations import Observations, Participant
from services.sponsor.domain.escalation.quadrature import Ints
from services.sponsor.domain.escalation.result import Reason, RecommendationKind
from services.sponsor.domain.escalation.tite_crm import (
    Observed,
    WeightScheme,
    adaptive_weight,
    estimate_observed,
    linear_weight,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmDesign:
    """The continual reassessment method with its guards."""

    terms: Terms
    model: CrmModel

    @property
    def name(self) -> str:
        return "crm"

    @property
    def poor_rate(self) -> Fraction:
        return Fraction(str(self.model.target))

    @property
    def reads_pending(self) -> bool:
        return False

    def missing(self, data: Observations) -> int:
        return missing_from_cohort(self.terms, data)

    def raw(self, data: Observations) -> Raw:
        return _wanted(self.model, data, estimate_counts(self.model, *_counts(data)), None)

    def final(self, data: Observations) -> Raw:
        return _found(self.model, data, estimate_counts(self.model, *_counts(data)), None)

    def choose(self, dlts: Ints, clear: Ints) -> Choice:
        estimates = estimate_counts(self.model, dlts, clear)
        return Choice(levels=estimates.levels, stops=estimates.too_toxic(self.model))

    def cohort_rule(self) -> ModelRule:
        return ModelRule(chooser=self, terms=self.terms, poor_rate=self.poor_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class TiteCrmDesign:
    """The time-to-event CRM: pending participants count for what has been seen of them.

    Attributes:
        window: length of the DLT window, in the unit of follow-up; None where every weight is given.
        weights: how follow-up becomes a weight; None where every weight is given.
    """

    terms: Terms
    model: CrmModel
    window: float | None = None
    weights: WeightScheme | None = None

    @property
    def name(self) -> str:
        return "tite_crm"

    @property
    def poor_rate(self) -> Fraction:
        return Fraction(str(self.model.target))

    @property
    def reads_pending(self) -> bool:
        return True

    def missing(self, data: Observations) -> int:
        return missing_from_cohort(self.terms, data)

    def raw(self, data: Observations) -> Raw:
        estimates, weights = self._estimated(data)
        return _wanted(self.model, data, estimates, weights)

    def final(self, data: Observations) -> Raw:
        estimates, weights = self._estimated(data)
        return _found(self.model, data, estimates, weights)

    def cohort_rule(self) -> ModelRule:
        """With every window completed before the next cohort, as operating characteristics play it: the CRM."""
        return CrmDesign(terms=self.terms, model=self.model).cohort_rule()

    def _estimated(self, data: Observations) -> tuple[CrmEstimates, list[float] | None]:
        if data.participants is None:
            if sum(data.pending):
                raise ValueError("a pending participant's follow-up or weight is not known")
            return estimate_counts(self.model, *_counts(data)), None
        weights = self.participant_weights(data.participants)
        people = [
            Observed(level=one.level, dlt=bool(one.dlt), weight=weight)
            for one, weight in zip(data.participants, weights, strict=True)
        ]
        return estimate_observed(self.model, people), weights

    def participant_weights(self, participants: tuple[Participant, ...]) -> list[float]:
        """The share of the window that counts, in the order of entry; 1 with an answer.

        Raises:
            ValueError: a pending participant has neither a weight nor a follow-up that can be weighed.
        """
        times = [one.follow_up for one in participants if one.dlt and one.follow_up is not None]
        return [self._weight(one, times) for one in participants]

    def _weight(self, one: Participant, dlt_times: list[float]) -> float:
        if one.dlt is not None:
            return 1.0
        if one.weight is not None:
            return one.weight
        if one.follow_up is None or self.window is None or self.weights is None:
            raise ValueError("a pending participant's follow-up or weight is not known")
        if self.weights is WeightScheme.LINEAR:
            return linear_weight(one.follow_up, self.window)
        return adaptive_weight(one.follow_up, self.window, dlt_times)


def _counts(data: Observations) -> tuple[Ints, Ints]:
    """Evaluated participants with and without a DLT, each of shape (1, J)."""
    dlts = np.array([data.dlts], dtype=np.int64)
    return dlts, np.array([data.evaluated], dtype=np.int64) - dlts


def _wanted(model: CrmModel, data: Observations, estimates: CrmEstimates, weights: list[float] | None) -> Raw:
    if estimates.too_toxic(model)[0]:
        return Raw(level=None, closes_from=1, model=_summary(model, estimates, weights, None))
    current = np.array([data.current or 1])
    level = int(or_start_up(estimates.levels, np.array([sum(data.dlts)]), current)[0])
    level = max(1, min(level, data.levels))
    reasons = (Reason.START,) if estimates.levels[0] == NO_ESTIMATE else ()
    return Raw(level=level, reasons=reasons, model=_summary(model, estimates, weights, level))


def _found(model: CrmModel, data: Observations, estimates: CrmEstimates, weights: list[float] | None) -> Raw:
    """The model's own choice; only a level that an earlier decision closed is passed over."""
    if estimates.too_toxic(model)[0]:
        return Raw(level=None, closes_from=1, model=_summary(model, estimates, weights, None))
    evaluated, dlts = np.array([data.evaluated]), np.array([data.dlts])
    level = int(or_dose_without_estimate(estimates.levels, evaluated, dlts)[0])
    summary = _summary(model, estimates, weights, level or None)
    if level == 0:
        return Raw(level=None, kind=RecommendationKind.STOP_NO_MTD, reasons=(Reason.START,), model=summary)
    return open_dose(data, level, summary)


def open_dose(data: Observations, level: int, summary: dict[str, Any]) -> Raw:
    """The dose found, brought below what an earlier decision closed."""
    reasons: tuple[Reason, ...] = ()
    if data.closed_from is not None and level >= data.closed_from:
        level, reasons = data.closed_from - 1, (Reason.ELIMINATED,)
    return Raw(level=level, kind=RecommendationKind.COMPLETE, reasons=reasons, model=summary)


def _summary(
    model: CrmModel, estimates: CrmEstimates, weights: list[float] | None, raw_level: int | None
) -> dict[str, Any]:
    known = bool(np.isfinite(estimates.beta[0]))
    return {
        "estimator": model.estimator.value,
        "estimate": float(estimates.beta[0]) if known else None,
        "variance": None if estimates.variance is None else float(estimates.variance[0]),
        "probabilities": [float(chance) for chance in estimates.chances[0]] if known else None,
        "weights": weights,
        "raw_level": raw_level,
    }
