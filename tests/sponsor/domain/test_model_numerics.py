"""Accuracy of the quadratures behind the model-based designs, against much finer ones."""

from itertools import pairwise

import numpy as np
import pytest

from services.sponsor.domain.escalation import crm as crm_module
from services.sponsor.domain.escalation.blrm import (
    BlrmModel,
    BlrmPrior,
    Intervals,
    blrm_moments,
    blrm_tables,
    estimate_blrm,
    estimates_from,
    is_fine_enough,
)
from services.sponsor.domain.escalation.crm import CrmModel, Estimator, crm_tables, estimate_counts
from services.sponsor.domain.escalation.likelihood import likeliest_of_counts, likeliest_weighted
from services.sponsor.domain.escalation.quadrature import Floats, Ints, area_below
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel

TRIALS = 300
SKELETON = (0.05, 0.10, 0.20, 0.35, 0.50, 0.70)


def model(kind: ModelKind, estimator: Estimator = Estimator.PLUG_IN) -> CrmModel:
    return CrmModel(curve=WorkingModel(kind=kind, skeleton=SKELETON), target=0.2, estimator=estimator)


def random_counts(seed: int, trials: int = TRIALS, levels: int = 6) -> tuple[Ints, Ints]:
    """Participants with and without a DLT in trials of up to 36, shapes (S, J)."""
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 7, size=(trials, levels))
    dlt = rng.binomial(n, np.sort(rng.uniform(0, 0.8, size=(trials, levels)), axis=1))
    return dlt, n - dlt


def by_gauss_hermite(model: CrmModel, nodes: int, dlt: Ints, clear: Ints) -> Floats:
    """Posterior mean of beta by a Gauss-Hermite rule around the prior."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    beta = points * model.prior_sd
    log_dlt, log_clear = model.curve.log_chances(beta)
    heights = dlt @ log_dlt + clear @ log_clear
    density = np.exp(heights - heights.max(axis=1, keepdims=True)) * weights
    return np.asarray(density @ beta / density.sum(axis=1))


@pytest.mark.parametrize("kind", list(ModelKind))
def test_the_grid_has_241_points_over_six_prior_standard_deviations(kind: ModelKind) -> None:
    tables = crm_tables(model(kind), 36)

    assert len(tables.beta) == 241
    assert tables.beta[-1] == pytest.approx(6 * 1.34**0.5)


@pytest.mark.parametrize("kind", list(ModelKind))
def test_241_points_err_by_less_than_1e_7_and_never_choose_another_level(kind: ModelKind) -> None:
    dlt, clear = random_counts(seed=12)
    fine = crm_module._tables(model(kind).curve, 0.2, model(kind).prior_sd, 5_000)

    found = estimate_counts(model(kind), dlt, clear)
    finer = crm_module.posterior_estimates(model(kind), fine, dlt @ fine.log_dlt + clear @ fine.log_clear)

    assert np.abs(found.beta - finer.beta).max() < 1e-7
    assert np.abs(found.chances - finer.chances).max() < 1e-7
    assert np.array_equal(found.levels, finer.levels)


def test_gauss_hermite_around_the_prior_chooses_wrong_levels_on_the_same_data() -> None:
    """Why the trapezoid: 21 nodes are too few, so this data would show an unsafe rule."""
    dlt, clear = random_counts(seed=12)
    empiric = model(ModelKind.EMPIRIC)

    right = estimate_counts(empiric, dlt, clear).levels
    rough = empiric.curve.chances(by_gauss_hermite(empiric, 21, dlt, clear)).T

    assert np.count_nonzero(crm_module.closest_levels(rough, 0.2) != right) > 10


@pytest.mark.parametrize("prior_sd", [0.1, 1.0, 4.0, 10.0])
def test_wide_priors_and_many_participants_get_a_finer_grid(prior_sd: float) -> None:
    curve = WorkingModel(kind=ModelKind.EMPIRIC, skeleton=SKELETON)
    wide = CrmModel(curve=curve, target=0.2, estimator=Estimator.MEAN_OF_F, prior_sd=prior_sd)
    n = np.array([[0, 200, 300, 100, 0, 0]])
    dlt = np.array([[0, 18, 66, 30, 0, 0]])
    fine = crm_module._tables(curve, 0.2, prior_sd, 40_000)

    found = estimate_counts(wide, dlt, n - dlt)
    finer = crm_module.posterior_estimates(wide, fine, dlt @ fine.log_dlt + (n - dlt) @ fine.log_clear)

    assert np.abs(found.chances - finer.chances).max() < 1e-6


@pytest.mark.parametrize("kind", list(ModelKind))
def test_the_probability_that_decides_about_stopping_is_good_to_1e_5(kind: ModelKind) -> None:
    dlt, clear = random_counts(seed=3)
    curve = WorkingModel(kind=kind, skeleton=SKELETON)
    stopping = CrmModel(curve=curve, target=0.2, estimator=Estimator.PLUG_IN, safety_cutoff=0.9)
    fine = crm_module._tables(curve, 0.2, stopping.prior_sd, 10_000)

    found = estimate_counts(stopping, dlt, clear).above
    finer = crm_module.posterior_estimates(stopping, fine, dlt @ fine.log_dlt + clear @ fine.log_clear).above

    assert found is not None
    assert finer is not None
    assert np.abs(found - finer).max() < 1e-5


@pytest.mark.parametrize("kind", list(ModelKind))
def test_both_ways_to_the_likeliest_value_agree(kind: ModelKind) -> None:
    dlt, clear = random_counts(seed=5, trials=25)
    curve = WorkingModel(kind=kind, skeleton=SKELETON)

    by_counts = likeliest_of_counts(curve, dlt, clear)

    for row in range(len(dlt)):
        outcomes = [(level, 1) for level in range(6) for _ in range(dlt[row, level])]
        outcomes += [(level, 0) for level in range(6) for _ in range(clear[row, level])]
        levels = np.array([level + 1 for level, _ in outcomes])
        answers = np.array([answer for _, answer in outcomes])
        by_person = likeliest_weighted(curve, levels, answers, np.ones(len(outcomes)))
        assert (by_person is None) == bool(np.isnan(by_counts[row]))
        if by_person is not None:
            assert by_person == pytest.approx(by_counts[row], abs=1e-9)


def test_no_likeliest_value_without_a_dlt_or_with_nothing_else() -> None:
    curve = WorkingModel(kind=ModelKind.EMPIRIC, skeleton=SKELETON)
    three_at_one = np.array([[3, 0, 0, 0, 0, 0]])

    assert np.isnan(likeliest_of_counts(curve, three_at_one, 0 * three_at_one)).all()
    assert np.isnan(likeliest_of_counts(curve, 0 * three_at_one, three_at_one)).all()


def test_extreme_parameters_give_numbers_and_no_warning() -> None:
    skeleton = (1e-12, 1e-6, 0.5, 1 - 1e-9)
    for kind in ModelKind:
        for prior_sd in (1e-6, 10.0):
            curve = WorkingModel(kind=kind, skeleton=skeleton)
            extreme = CrmModel(curve=curve, target=0.3, estimator=Estimator.MEAN_OF_F, prior_sd=prior_sd)
            n = np.array([[3, 0, 6, 9]])

            all_dlt = estimate_counts(extreme, n, 0 * n)
            none = estimate_counts(extreme, 0 * n, n)

            assert np.isfinite(all_dlt.chances).all()
            assert np.isfinite(none.chances).all()


def test_areas_below_a_point_are_good_to_the_fourth_power_of_the_spacing() -> None:
    grid = np.linspace(-6, 6, 121)
    density = np.exp(-(grid**2) / 2)
    positions = np.array([0.0, 12.3, 60.0, 71.7, 120.0, 500.0, -4.0])

    found = area_below(positions, 121) @ density * 0.1

    points = np.clip(positions, 0, 120) * 0.1 - 6
    fine = np.linspace(-6, 6, 1_200_001)
    heights = np.exp(-(fine**2) / 2)
    areas = np.concatenate([[0], np.cumsum((heights[1:] + heights[:-1]) / 2)]) * 1e-5
    assert found == pytest.approx(np.interp(points, fine, areas), abs=2e-6)


# --- BLRM -----------------------------------------------------------------------------------------------------

CUTS = (0.2, 0.35, 0.6)


def counted_on_801(blrm: BlrmModel, dlt: Ints, clear: Ints) -> tuple[Floats, Floats]:
    """Posterior means and interval probabilities by counting points of an 801 x 801 grid, shapes (J,), (J, 4)."""
    (alpha_mean, alpha_sd), (beta_mean, beta_sd) = blrm.prior.log_alpha, blrm.prior.log_beta
    standard = np.linspace(-6, 6, 801)
    u, v = np.meshgrid(standard, standard, indexing="ij")
    log_beta = beta_mean + beta_sd * v
    log_alpha = alpha_mean + alpha_sd * (blrm.prior.rho * v + np.sqrt(1 - blrm.prior.rho**2) * u)
    logits = [log_alpha + np.exp(log_beta) * np.log(dose / blrm.reference_dose) for dose in blrm.doses]
    heights = -(u**2 + v**2) / 2
    for logit, y, x in zip(logits, dlt[0], clear[0], strict=True):
        heights = heights - y * np.logaddexp(0, -logit) - x * np.logaddexp(0, logit)
    weights = np.exp(heights - heights.max())
    weights /= weights.sum()
    chances = [1 / (1 + np.exp(-logit)) for logit in logits]
    bounds = (0.0, *CUTS, 1.0)
    masses = [
        [weights[(chance >= low) & (chance < high)].sum() for low, high in pairwise(bounds)]
        for chance in chances
    ]
    return np.array([(weights * chance).sum() for chance in chances]), np.array(masses)


@pytest.mark.parametrize("rho", [0.0, -0.6, 0.95])
def test_an_interpolated_201_grid_is_as_good_as_counting_on_801(rho: float) -> None:
    blrm = BlrmModel(
        doses=(10, 20, 40, 80),
        reference_dose=50,
        prior=BlrmPrior(log_alpha=(-0.8, 1.5), log_beta=(0.1, 0.9), rho=rho),  # no level at the reference
        intervals=Intervals(target_from=0.2, target_to=0.35, unacceptable_from=0.6),
    )
    dlt, clear = np.array([[0, 1, 2, 0]]), np.array([[3, 5, 2, 0]])

    found = estimate_blrm(blrm, dlt, clear)

    means, masses = counted_on_801(blrm, dlt, clear)
    assert found.means[0] == pytest.approx(means, abs=1e-6)
    assert found.masses[0] == pytest.approx(masses, abs=1e-3)  # what counting on 801 points can say


@pytest.mark.parametrize(("sd", "participants"), [(0.8, 100), (2.0, 100), (5.0, 60), (10.0, 60)])
def test_wide_priors_and_many_participants_get_a_finer_grid_of_the_blrm(sd: float, participants: int) -> None:
    prior = BlrmPrior(log_alpha=(-1.0, sd), log_beta=(0.2, 1.0))
    blrm = BlrmModel(
        doses=(10, 20, 40),
        reference_dose=30,
        prior=prior,
        intervals=Intervals(target_from=0.2, target_to=0.35, unacceptable_from=0.6),
    )
    n = np.array([[participants // 2, participants // 4, participants // 4]])
    dlt = n // np.array([20, 8, 3])
    much_finer = blrm_tables(blrm, (1600, 150))

    found = estimate_blrm(blrm, dlt, n - dlt)

    finer = estimates_from(blrm, blrm_moments(much_finer, dlt, n - dlt))
    assert is_fine_enough(prior, participants)
    assert found.means == pytest.approx(finer.means, abs=1e-6)
    assert found.masses == pytest.approx(finer.masses, abs=6e-4)


def test_a_prior_too_wide_for_its_participants_is_known() -> None:
    prior = BlrmPrior(log_alpha=(0.0, 10.0), log_beta=(0.0, 5.0))

    assert is_fine_enough(prior, 20)
    assert not is_fine_enough(prior, 1_000)


def test_interval_probabilities_and_overdose_add_up() -> None:
    blrm = BlrmModel(
        doses=(10, 20, 40, 80),
        reference_dose=40,
        prior=BlrmPrior(log_alpha=(-0.8, 1.5), log_beta=(0.1, 0.9)),
        intervals=Intervals(target_from=0.2, target_to=0.35, unacceptable_from=0.6),
    )
    dlt, clear = random_counts(seed=2, trials=70, levels=4)

    found = estimate_blrm(blrm, dlt, clear)

    assert found.masses.sum(axis=2) == pytest.approx(np.ones((70, 4)))
    assert (np.diff(found.overdose, axis=1) >= -1e-9).all()
