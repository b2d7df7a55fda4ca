"""The CRM and the TITE-CRM against published numbers.

Sources: R package dfcrm 0.2-2.1 (examples and tests; plug-in estimator), recomputed by a 2001-point quadrature to
eight digits; Cheung YK, Dose Finding by the Continual Reassessment Method, 2011, p. 21 (the third trial); the
tests of the R package trialr (mean of the curve after one participant).
"""

import numpy as np
import pytest

from services.sponsor.domain.escalation.crm import (
    CrmEstimates,
    CrmModel,
    Estimator,
    estimate_counts,
)
from services.sponsor.domain.escalation.tite_crm import Observed, estimate_observed, linear_weight
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel

SKELETON = (0.05, 0.10, 0.20, 0.35, 0.50, 0.70)
LEVELS = (3, 4, 4, 3, 3, 4, 3, 2, 2, 2)
DLTS = (0, 0, 1, 0, 0, 1, 1, 0, 0, 0)
QUADRATURE = 5e-9
PRINTED_FOUR = 5e-5
PRINTED_SIX = 5e-7


def crm(
    estimator: Estimator,
    *,
    kind: ModelKind = ModelKind.EMPIRIC,
    skeleton: tuple[float, ...] = SKELETON,
    target: float = 0.2,
    prior_sd: float = 1.34**0.5,
) -> CrmModel:
    curve = WorkingModel(kind=kind, skeleton=skeleton)
    return CrmModel(curve=curve, target=target, estimator=estimator, prior_sd=prior_sd)


def estimates(model: CrmModel, levels: tuple[int, ...], dlts: tuple[int, ...]) -> CrmEstimates:
    dlt = np.zeros((1, model.curve.levels), dtype=np.int64)
    clear = np.zeros_like(dlt)
    for level, had_dlt in zip(levels, dlts, strict=True):
        (dlt if had_dlt else clear)[0, level - 1] += 1
    return estimate_counts(model, dlt, clear)


@pytest.mark.parametrize(
    ("kind", "beta", "variance", "chances"),
    [
        (
            ModelKind.EMPIRIC,
            -0.21217153,
            0.15759553,
            (0.088653, 0.155301, 0.272054, 0.427790, 0.570846, 0.749396),
        ),
        (
            ModelKind.LOGISTIC,
            -0.11011161,
            0.03869540,
            (0.089103, 0.160390, 0.283137, 0.439868, 0.577568, 0.744930),
        ),
    ],
)
def test_dfcrm_first_example_recommends_level_2(
    kind: ModelKind, beta: float, variance: float, chances: tuple[float, ...]
) -> None:
    found = estimates(crm(Estimator.PLUG_IN, kind=kind), LEVELS, DLTS)

    assert found.beta[0] == pytest.approx(beta, abs=QUADRATURE)
    assert found.variance is not None
    assert found.variance[0] == pytest.approx(variance, abs=QUADRATURE)
    assert found.chances[0] == pytest.approx(chances, abs=PRINTED_SIX)
    assert found.levels[0] == 2


def test_mean_of_the_curve_on_the_first_example() -> None:
    found = estimates(crm(Estimator.MEAN_OF_F), LEVELS, DLTS)

    printed = (0.109713, 0.172504, 0.279688, 0.424060, 0.560630, 0.737740)
    assert found.chances[0] == pytest.approx(printed, abs=PRINTED_SIX)
    assert found.levels[0] == 2


def test_likeliest_value_on_the_first_example_is_the_exact_root() -> None:
    found = estimates(crm(Estimator.MLE), LEVELS, DLTS)

    assert found.beta[0] == pytest.approx(-0.19097435, abs=QUADRATURE)
    assert found.beta[0] == pytest.approx(-0.19098848, abs=1e-4)  # R's optimiser stops at 1.2e-4
    printed = (0.084168, 0.149227, 0.264572, 0.420078, 0.564031, 0.744779)
    assert found.chances[0] == pytest.approx(printed, abs=PRINTED_SIX)
    assert found.levels[0] == 2
    assert found.variance is None


def test_cheung_2011_page_21_recommends_level_4() -> None:
    skeleton = (0.05, 0.12, 0.25, 0.40, 0.55)
    model = crm(Estimator.PLUG_IN, kind=ModelKind.LOGISTIC, skeleton=skeleton, target=0.25)

    found = estimates(model, (3, 5, 5, 3, 4), (0, 0, 1, 0, 0))

    assert found.beta[0] == pytest.approx(0.27946135, abs=QUADRATURE)
    assert found.variance is not None
    assert found.variance[0] == pytest.approx(0.09070290, abs=QUADRATURE)
    assert found.chances[0] == pytest.approx((0.007683, 0.026543, 0.081655, 0.181912, 0.331395), abs=5e-7)
    assert found.levels[0] == 4
    assert model.curve.scaled_doses == pytest.approx((-5.944, -4.992, -4.099, -3.405, -2.799), abs=5e-4)


@pytest.mark.parametrize(
    ("estimator", "dlt", "chances", "level"),
    [
        (Estimator.MEAN_OF_F, 0, (0.0915, 0.1315, 0.1670, 0.2894, 0.4151), 4),
        (Estimator.PLUG_IN, 0, (0.0222, 0.0536, 0.0897, 0.2443, 0.4143), 5),
        (Estimator.MEAN_OF_F, 1, (0.3525, 0.4312, 0.4893, 0.6400, 0.7482), 1),
        (Estimator.PLUG_IN, 1, (0.3460, 0.4423, 0.5107, 0.6752, 0.7823), 1),
    ],
)
def test_the_estimator_alone_decides_between_levels_4_and_5(
    estimator: Estimator, dlt: int, chances: tuple[float, ...], level: int
) -> None:
    model = crm(estimator, skeleton=(0.05, 0.1, 0.15, 0.33, 0.5), target=0.33, prior_sd=1.0)

    found = estimates(model, (2,), (dlt,))

    assert found.chances[0] == pytest.approx(chances, abs=PRINTED_FOUR)
    assert found.levels[0] == level


TITE_LEVELS = (3, 3, 3, 4, 4, 3, 2, 2, 2, 3)
TITE_DLTS = (0, 0, 1, 0, 1, 0, 0, 0, 0, 0)
FOLLOW_UP = (178, 181, 168, 181, 24, 181, 179, 102, 42, 3)


def tite(estimator: Estimator) -> CrmEstimates:
    weights = [
        1.0 if dlt else linear_weight(time, 180) for dlt, time in zip(TITE_DLTS, FOLLOW_UP, strict=True)
    ]
    people = [
        Observed(level=level, dlt=bool(dlt), weight=weight)
        for level, dlt, weight in zip(TITE_LEVELS, TITE_DLTS, weights, strict=True)
    ]
    return estimate_observed(crm(estimator), people)


def test_linear_weights_of_the_dfcrm_tite_example() -> None:
    weights = [linear_weight(time, 180) for time in FOLLOW_UP]

    printed = (0.988889, 1, 0.933333, 1, 0.133333, 1, 0.994444, 0.566667, 0.233333, 0.016667)
    assert weights == pytest.approx(printed, abs=PRINTED_SIX)


def test_dfcrm_tite_example_recommends_level_3() -> None:
    found = tite(Estimator.PLUG_IN)

    assert found.beta[0] == pytest.approx(-0.13278655, abs=QUADRATURE)
    assert found.variance is not None
    assert found.variance[0] == pytest.approx(0.19549015, abs=QUADRATURE)
    printed = (0.072569, 0.133152, 0.244312, 0.398807, 0.545008, 0.731745)
    assert found.chances[0] == pytest.approx(printed, abs=PRINTED_SIX)
    assert found.levels[0] == 3


def test_the_mean_of_the_curve_recommends_level_2_on_the_same_tite_data() -> None:
    found = tite(Estimator.MEAN_OF_F)

    assert found.chances[0] == pytest.approx((0.0984, 0.1557, 0.2563, 0.3965, 0.5336, 0.7172), abs=5e-5)
    assert found.levels[0] == 2
