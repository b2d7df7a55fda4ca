"""The BLRM as a design: which dose the rule of selection that the protocol names takes from the posterior.

Overdose control says which doses are eligible; selection is a separate rule, and on the same posterior two rules
can be levels apart.

Sources: Neuenschwander, Branson, Gsponer, Stat Med 2008;27:2420-2439; the R package crmPack (`NextBestNCRM`,
`NextBestMTD`).
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np

from services.sponsor.domain.escalation.blrm import (
    BlrmEstimates,
    BlrmModel,
    BlrmPrior,
    Intervals,
    estimate_blrm,
)
from services.sponsor.domain.escalation.blrm_samples import doses_at, estimate_samples
from services.sponsor.domain.escalation.crm_design import open_dose
from services.sponsor.domain.escalation.design import Raw, Terms, missing_from_cohort
from services.sponsor.domain.escalation.model_rule import Choice, ModelRule, Remembering
from services.sponsor.domain.escalation.observations import Observations
from services.sponsor.domain.escalation.quadrature import Bools, Floats, Ints
from services.sponsor.domain.escalation.result import RecommendationKind

TIE = 1e-9


class Selection(StrEnum):
    """Which dose is taken: EWOC, NCRM, the posterior mean closest to the target, a quantile of the MTD."""

    HIGHEST_ELIGIBLE = "highest_eligible"
    MAX_TARGET_PROBABILITY = "max_target_probability"
    CLOSEST_MEAN = "closest_mean"
    MTD_QUANTILE = "mtd_quantile"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlrmDesign:
    """Bayesian logistic regression with its rule of selection and its guards.

    Attributes:
        prior: None where only draws from elsewhere are read.
        max_overdose: a dose is eligible up to this probability of being above the target interval, inclusive.
        min_target_probability: NCRM takes the largest target probability only above this.
        target: of `closest_mean` and `mtd_quantile`.
        quantile: of `mtd_quantile`, by linear interpolation (type 7).
    """

    terms: Terms
    doses: tuple[float, ...]
    reference_dose: float
    intervals: Intervals
    selection: Selection
    prior: BlrmPrior | None = None
    max_overdose: float = 0.25
    min_target_probability: float = 0.05
    target: float | None = None
    quantile: float | None = None

    @property
    def name(self) -> str:
        return "blrm"

    @property
    def poor_rate(self) -> Fraction:
        return Fraction(str(self.intervals.target_to if self.target is None else self.target))

    @property
    def reads_pending(self) -> bool:
        return False

    def missing(self, data: Observations) -> int:
        return missing_from_cohort(self.terms, data)

    def raw(self, data: Observations) -> Raw:
        estimates, allowed = self._estimated(data), self._allowed(data.dose_limit)
        level, summary = self._choice_with_summary(data, estimates, allowed)
        if level:
            return Raw(level=level, model=summary)
        return self._nothing(summary, allowed)

    def final(self, data: Observations) -> Raw:
        estimates, allowed = self._estimated(data), self._allowed(data.dose_limit)
        level, summary = self._choice_with_summary(data, estimates, allowed)
        return open_dose(data, level, summary) if level else self._nothing(summary, allowed)

    def choose(self, dlts: Ints, clear: Ints) -> Choice:
        levels = self._selected(estimate_blrm(self._model(), dlts, clear), self._allowed(None))
        return Choice(levels=levels, stops=levels == 0)

    def cohort_rule(self) -> ModelRule:
        return ModelRule(chooser=Remembering(chooser=self), terms=self.terms, poor_rate=self.poor_rate)

    def _model(self) -> BlrmModel:
        if self.prior is None:
            raise ValueError("the design has no prior")
        return BlrmModel(
            doses=self.doses, reference_dose=self.reference_dose, prior=self.prior, intervals=self.intervals
        )

    def _estimated(self, data: Observations) -> BlrmEstimates:
        if data.samples is not None:
            return estimate_samples(data.samples, self.doses, self.reference_dose, self.intervals)
        dlts = np.array([data.dlts], dtype=np.int64)
        return estimate_blrm(self._model(), dlts, np.array([data.evaluated], dtype=np.int64) - dlts)

    def _allowed(self, dose_limit: float | None) -> Bools:
        """Which doses the limit leaves, shape (J,)."""
        return np.array([dose_limit is None or dose <= dose_limit for dose in self.doses])

    def _nothing(self, summary: dict[str, Any], allowed: Bools) -> Raw:
        """No dose may be given; where toxicity says so, and not the limit, every level closes."""
        if allowed.any():
            return Raw(level=None, closes_from=1, model=summary)
        return Raw(level=None, kind=RecommendationKind.STOP_NO_MTD, model=summary)

    def _selected(self, estimates: BlrmEstimates, allowed: Bools) -> Ints:
        """The 1-based level of each row by any rule but `mtd_quantile`; 0 where there is none."""
        eligible = (estimates.overdose <= self.max_overdose + TIE) & allowed
        highest = highest_of(eligible)
        match self.selection:
            case Selection.HIGHEST_ELIGIBLE:
                return highest
            case Selection.MAX_TARGET_PROBABILITY:
                inside = np.where(eligible, estimates.masses[:, :, 1], 0.0)
                likely = inside.max(axis=1) > self.min_target_probability
                return np.where(likely, np.argmax(inside, axis=1) + 1, highest)
            case Selection.CLOSEST_MEAN if self.target is not None:
                return nearest(estimates.means, self.target, allowed)
            case _:
                raise ValueError("this selection cannot be made from these data")

    def _choice_with_summary(
        self, data: Observations, estimates: BlrmEstimates, allowed: Bools
    ) -> tuple[int, dict[str, Any]]:
        quantile, draws = None, None
        if self.selection is Selection.MTD_QUANTILE:
            draws, quantile = self._mtd(data)
            level = int(nearest(np.array([self.doses]), quantile, allowed)[0])
        else:
            level = int(self._selected(estimates, allowed)[0])
        return level, {
            "mean_log_alpha": float(estimates.log_alpha[0]),
            "mean_log_beta": float(estimates.log_beta[0]),
            "probabilities": estimates.means[0].tolist(),
            "under": estimates.masses[0, :, 0].tolist(),
            "target": estimates.masses[0, :, 1].tolist(),
            "excess": estimates.masses[0, :, 2].tolist(),
            "unacceptable": estimates.masses[0, :, 3].tolist() if estimates.masses.shape[2] > 3 else None,
            "overdose": estimates.overdose[0].tolist(),
            "eligible": ((estimates.overdose[0] <= self.max_overdose + TIE) & allowed).tolist(),
            "raw_level": level or None,
            "mtd_samples": None if draws is None else draws.tolist(),
            "mtd_quantile": quantile,
        }

    def _mtd(self, data: Observations) -> tuple[Floats, float]:
        """The MTD of every draw, and the stated quantile of them."""
        if data.samples is None or self.target is None or self.quantile is None:
            raise ValueError("a quantile of the MTD needs draws, a target and the quantile")
        draws = doses_at(data.samples, self.reference_dose, self.target)
        return draws, float(np.quantile(draws, self.quantile))


def highest_of(eligible: Bools) -> Ints:
    """The highest 1-based level that is eligible in each row; 0 where none is."""
    levels = eligible.shape[1] - np.argmax(eligible[:, ::-1], axis=1)
    return np.asarray(np.where(eligible.any(axis=1), levels, 0), dtype=np.int64)


def nearest(values: Floats, wanted: float, allowed: Bools) -> Ints:
    """The 1-based level whose value is nearest, the lower one on ties, among those allowed; 0 where none is."""
    if not allowed.any():
        return np.zeros(len(values), dtype=np.int64)
    distance = np.where(allowed, np.abs(values - wanted), np.inf)
    margin = TIE * max(1.0, abs(wanted))
    closest = np.argmax(distance <= distance.min(axis=1, keepdims=True) + margin, axis=1)
    return np.asarray(closest + 1, dtype=np.int64)
