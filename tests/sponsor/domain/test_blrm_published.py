"""The BLRM against published and recomputed numbers.

Sources: the tests of the R package crmPack (deterministic draws, no sampling); the example of the R package trialr
for Neuenschwander, Branson, Gsponer, Stat Med 2008;27:2420-2439, recomputed by grid quadrature (the interval table
printed in the paper was not seen). An interpolated 201 x 201 grid is good to 3e-4.
"""

import numpy as np
import pytest

from services.sponsor.domain.escalation.blrm import (
    BlrmEstimates,
    BlrmModel,
    BlrmPrior,
    Intervals,
    estimate_blrm,
)
from services.sponsor.domain.escalation.blrm_samples import PosteriorSamples, doses_at, estimate_samples

DOSES = (1, 2.5, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 250)
INTERVALS = Intervals(target_from=0.2, target_to=0.35, unacceptable_from=0.6)
TOLERANCE = 3e-4


def trialr_example() -> BlrmEstimates:
    model = BlrmModel(
        doses=DOSES,
        reference_dose=250,
        prior=BlrmPrior(log_alpha=(2.15, 0.84), log_beta=(0.52, 0.80)),
        intervals=INTERVALS,
    )
    dlt, clear = np.zeros((1, 15), dtype=np.int64), np.zeros((1, 15), dtype=np.int64)
    clear[0, :4] = (3, 4, 4, 4)
    dlt[0, 6] = 2
    return estimate_blrm(model, dlt, clear)


def test_posterior_means_of_the_trialr_example() -> None:
    found = trialr_example()

    assert found.log_alpha[0] == pytest.approx(2.4271, abs=TOLERANCE)
    assert found.log_beta[0] == pytest.approx(0.3156, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("dose", "mean", "masses"),
    [
        (10, 0.1348, (0.7807, 0.1896, 0.0296, 0.0001)),
        (15, 0.2018, (0.5454, 0.3376, 0.1154, 0.0015)),
        (20, 0.2641, (0.3498, 0.3955, 0.2461, 0.0087)),
        (25, 0.3212, (0.2147, 0.3768, 0.3802, 0.0284)),
        (30, 0.3729, (0.1290, 0.3202, 0.4850, 0.0658)),
    ],
)
def test_interval_probabilities_of_the_trialr_example(
    dose: float, mean: float, masses: tuple[float, ...]
) -> None:
    found = trialr_example()

    level = DOSES.index(dose)
    assert found.means[0, level] == pytest.approx(mean, abs=TOLERANCE)
    assert found.masses[0, level] == pytest.approx(masses, abs=TOLERANCE)


def test_20_just_fails_overdose_control_on_the_trialr_example() -> None:
    found = trialr_example()

    assert found.overdose[0, DOSES.index(20)] == pytest.approx(0.2547, abs=TOLERANCE)
    assert found.overdose[0, DOSES.index(20)] > 0.25 >= found.overdose[0, DOSES.index(15)]


CRMPACK_DOSES = tuple(range(25, 301, 25))
CRMPACK_DRAWS = PosteriorSamples(log_alpha=(-1.8, -3.8, -2.2, -1.6), beta=(1.7, 3.3, 5.1, 2.2))


@pytest.mark.parametrize(
    ("dose", "target", "overdose"),
    [
        (25, 0.0, 0.0),
        (50, 0.0, 0.0),
        (75, 0.5, 0.25),
        (100, 0.25, 0.5),
        (125, 0.25, 0.75),
        *((dose, 0.0, 1.0) for dose in CRMPACK_DOSES[5:]),
    ],
)
def test_probabilities_of_crmpacks_draws(dose: int, target: float, overdose: float) -> None:
    intervals = Intervals(target_from=0.2, target_to=0.35, unacceptable_from=None)

    found = estimate_samples(CRMPACK_DRAWS, CRMPACK_DOSES, 50, intervals)

    level = CRMPACK_DOSES.index(dose)
    assert found.masses[0, level, 1] == target
    assert found.overdose[0, level] == overdose


def test_doses_at_the_target_of_crmpacks_draws() -> None:
    draws = PosteriorSamples(log_alpha=(-2.38, -2.13, -1.43, -2.57), beta=(1.67, 1.3, 1.77, 2.51))

    found = doses_at(draws, 50, 0.33)

    assert found == pytest.approx((136.062, 149.266, 75.176, 104.981), abs=5e-4)
    assert np.quantile(found, 0.25) == pytest.approx(97.530, abs=5e-4)
