"""Operating characteristics of model-based designs against every course of a small trial, played one by one.

The live recommendation decides in each course, so this also holds the vectorised rule to it.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from services.sponsor.domain.escalation.blrm import BlrmPrior, Intervals
from services.sponsor.domain.escalation.blrm_design import BlrmDesign, Selection
from services.sponsor.domain.escalation.crm import CrmModel, Estimator
from services.sponsor.domain.escalation.crm_design import CrmDesign
from services.sponsor.domain.escalation.design import Coherence, DoseDesign, Guards, Terms
from services.sponsor.domain.escalation.observations import Observations, observed
from services.sponsor.domain.escalation.operating import operating_by_simulation, operating_exactly
from services.sponsor.domain.escalation.recommend import conclude, recommend
from services.sponsor.domain.escalation.result import RecommendationKind
from services.sponsor.domain.escalation.simulated_course import simulated
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel

TRUTH = (0.15, 0.3, 0.5)


def crm(
    estimator: Estimator = Estimator.PLUG_IN,
    coherence: Coherence = Coherence.COHORT,
    *,
    no_skip: bool = True,
    cutoff: float | None = None,
    kind: ModelKind = ModelKind.EMPIRIC,
    start_level: int = 1,
    skeleton: tuple[float, ...] = (0.02, 0.06, 0.3),
) -> CrmDesign:
    guards = Guards(no_skip=no_skip, coherence=coherence)
    curve = WorkingModel(kind=kind, skeleton=skeleton)
    return CrmDesign(
        terms=Terms(levels=3, guards=guards, start_level=start_level),
        model=CrmModel(curve=curve, target=0.25, estimator=estimator, safety_cutoff=cutoff),
    )


def blrm(selection: Selection) -> BlrmDesign:
    return BlrmDesign(
        terms=Terms(levels=3, guards=Guards(coherence=Coherence.COHORT)),
        doses=(10.0, 20.0, 40.0),
        reference_dose=20.0,
        intervals=Intervals(target_from=0.2, target_to=0.35, unacceptable_from=0.6),
        prior=BlrmPrior(log_alpha=(-1.0, 1.0), log_beta=(0.2, 0.6)),
        selection=selection,
        target=0.25,
        max_overdose=0.35,
    )


def courses(
    design: DoseDesign, sizes: tuple[int, ...], data: Observations, chance: float
) -> Iterator[tuple[Observations, int, float]]:
    """Every course of a trial: its data at the end, the dose found (0 for none), and its chance."""
    answer = recommend(design, data)
    if answer.kind is RecommendationKind.STOP_NO_MTD:
        yield data, 0, chance
        return
    if not sizes:
        yield data, conclude(design, data).level or 0, chance
        return
    assert answer.level is not None
    p = TRUTH[answer.level - 1]
    for outcomes in product((False, True), repeat=sizes[0]):
        share = float(np.prod([p if dlt else 1 - p for dlt in outcomes]))
        after = data.followed_by(answer.level, outcomes)
        yield from courses(design, sizes[1:], after, chance * share)


def one_by_one(design: DoseDesign, sizes: tuple[int, ...]) -> tuple[list[float], list[float], float]:
    """Chance of each dose, mean participants by level, mean DLTs."""
    doses: dict[int, float] = defaultdict(float)
    treated, dlts = np.zeros(3), 0.0
    for data, dose, chance in courses(design, sizes, observed(3, []), 1.0):
        doses[dose] += chance
        treated += chance * np.array(data.evaluated)
        dlts += chance * sum(data.dlts)
    return [doses[dose] for dose in range(4)], list(treated), dlts


@pytest.mark.parametrize(
    "design",
    [
        crm(),
        crm(kind=ModelKind.LOGISTIC),
        crm(Estimator.MEAN_OF_F),
        crm(Estimator.MLE),
        crm(Estimator.MLE, Coherence.OFF, no_skip=False, start_level=3),
        crm(coherence=Coherence.OFF, no_skip=False),
        crm(coherence=Coherence.PARTICIPANT),
        crm(skeleton=(0.05, 0.06, 0.07)),  # wants up after poor cohorts too, so coherence binds
        crm(cutoff=0.8),
        crm(start_level=2),
        blrm(Selection.HIGHEST_ELIGIBLE),
        blrm(Selection.MAX_TARGET_PROBABILITY),
        blrm(Selection.CLOSEST_MEAN),
    ],
    ids=[
        "plug-in",
        "logistic",
        "mean",
        "mle",
        "mle-unguarded",
        "unguarded",
        "after-a-dlt",
        "coherence",
        "safety-stop",
        "start-at-2",
        "ewoc",
        "ncrm",
        "closest-mean",
    ],
)
def test_the_exact_figures_are_those_of_every_course(design: CrmDesign | BlrmDesign) -> None:
    sizes = (3, 1, 2, 2) if isinstance(design, CrmDesign) else (2, 2)

    found = operating_exactly(design, TRUTH, sizes).figures

    doses, treated, dlts = one_by_one(design, sizes)
    assert found.p_select == pytest.approx(doses, abs=1e-12)
    assert found.mean_n == pytest.approx(treated, abs=1e-12)
    assert found.mean_dlt == pytest.approx(dlts, abs=1e-12)
    assert sum(found.p_select) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "design", [crm(), crm(cutoff=0.8), crm(Estimator.MLE)], ids=["plug-in", "safety-stop", "mle"]
)
def test_simulated_figures_lie_within_four_standard_errors_of_the_exact_ones(design: CrmDesign) -> None:
    sizes = (3,) * 8
    exact = operating_exactly(design, TRUTH, sizes).figures

    played = operating_by_simulation(design, TRUTH, sizes, 20_000, 7)

    assert played.errors is not None
    for name in ("p_select", "mean_n"):
        pairs = zip(
            getattr(exact, name), getattr(played.figures, name), getattr(played.errors, name), strict=True
        )
        assert all(abs(one - other) <= 4 * error + 1e-12 for one, other, error in pairs)


def test_a_simulated_trial_depends_on_the_seed_and_its_index_alone() -> None:
    rule, sizes = crm().cohort_rule(), (3,) * 6

    at_once = simulated(rule, TRUTH, sizes, trials=500, seed=5)
    in_batches = simulated(rule, TRUTH, sizes, trials=500, seed=5, batch=7)
    another = simulated(rule, TRUTH, sizes, trials=500, seed=6)

    assert np.array_equal(at_once.doses, in_batches.doses)
    assert np.array_equal(at_once.treated, in_batches.treated)
    assert not np.array_equal(at_once.treated, another.treated)


def test_guards_act_inside_the_trial_and_the_last_choice_is_the_models_own() -> None:
    """One participant, no DLT: the guards would allow level 2, the model's own choice is level 3."""
    design = crm()

    found = operating_exactly(design, (0.0, 0.0, 0.0), (1,)).figures

    assert found.p_select == (0.0, 0.0, 0.0, 1.0)
    assert recommend(design, observed(3, []).followed_by(1, [False])).level == 2
