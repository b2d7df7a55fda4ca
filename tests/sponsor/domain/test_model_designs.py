"""CRM, TITE-CRM and BLRM as designs: guards, start-up, closed levels, rules of selection."""

import numpy as np
import pytest

from services.sponsor.domain.escalation.blrm import BlrmPrior, Intervals
from services.sponsor.domain.escalation.blrm_design import BlrmDesign, Selection
from services.sponsor.domain.escalation.blrm_samples import PosteriorSamples
from services.sponsor.domain.escalation.crm import CrmModel, Estimator
from services.sponsor.domain.escalation.crm_design import CrmDesign, TiteCrmDesign
from services.sponsor.domain.escalation.design import Answer, Coherence, Guards, Terms
from services.sponsor.domain.escalation.observations import Observations, Participant, observed
from services.sponsor.domain.escalation.recommend import conclude, recommend
from services.sponsor.domain.escalation.result import Reason, RecommendationKind
from services.sponsor.domain.escalation.tite_crm import WeightScheme
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel

GUARDED = Guards(no_skip=True, coherence=Coherence.COHORT)
UNGUARDED = Guards(no_skip=False, coherence=Coherence.OFF)
ANSWERS = {"N": False, "T": True, "P": None}


def people(text: str) -> tuple[Participant, ...]:
    """Participants of a string as `1NNN 2NTP`, a cohort per group."""
    return tuple(
        Participant(level=int(group[0]), dlt=ANSWERS[letter], cohort=cohort)
        for cohort, group in enumerate(text.split())
        for letter in group[1:]
    )


def seen(levels: int, text: str, closed_from: int | None = None) -> Observations:
    return observed(levels, people(text), closed_from)


def crm_model(estimator: Estimator = Estimator.PLUG_IN, safety_cutoff: float | None = None) -> CrmModel:
    curve = WorkingModel(kind=ModelKind.EMPIRIC, skeleton=(0.05, 0.1, 0.15, 0.33, 0.5))
    return CrmModel(curve=curve, target=0.33, estimator=estimator, prior_sd=1.0, safety_cutoff=safety_cutoff)


def crm(
    guards: Guards = GUARDED,
    estimator: Estimator = Estimator.PLUG_IN,
    cohort_size: int | None = None,
    safety_cutoff: float | None = None,
) -> CrmDesign:
    terms = Terms(levels=5, guards=guards, cohort_size=cohort_size)
    return CrmDesign(terms=terms, model=crm_model(estimator, safety_cutoff))


def shown(answer: Answer) -> tuple[str, int | None, tuple[str, ...]]:
    return answer.kind.value, answer.level, tuple(reason.value for reason in answer.reasons)


def test_nobody_treated_yet_starts_at_the_start_level() -> None:
    assert shown(recommend(crm(), seen(5, ""))) == ("stay", 1, ("start",))


def test_without_guards_the_model_jumps_over_untried_levels() -> None:
    found = recommend(crm(UNGUARDED), seen(5, "2N"))

    assert shown(found) == ("escalate", 5, ())


def test_no_skip_brings_the_jump_down_to_the_first_untried_level_and_keeps_the_models_own_wish() -> None:
    found = recommend(crm(), seen(5, "2N"))

    assert shown(found) == ("escalate", 3, ("no_skip",))
    assert found.model is not None
    assert found.model["raw_level"] == 5


def test_without_guards_the_model_escalates_directly_after_a_dlt() -> None:
    data = seen(5, "1NNN 2NNN 3NNT")

    unguarded = recommend(crm(Guards(no_skip=True, coherence=Coherence.OFF)), data)
    guarded = recommend(crm(Guards(no_skip=True, coherence=Coherence.PARTICIPANT)), data)

    assert shown(unguarded) == ("escalate", 4, ())
    assert shown(guarded) == ("stay", 3, ("coherence",))


def test_a_cohort_above_the_target_rate_forbids_escalation() -> None:
    found = recommend(crm(), seen(5, "1NN 2NT"))

    assert shown(found) == ("stay", 2, ("coherence",))


def test_both_guards_are_named_and_the_lower_level_holds() -> None:
    # Three clear participants at level 1 and one DLT of two: the model wants more than one level up.
    data = seen(5, "1NNNNNNNNN 1NT")

    found = recommend(crm(), data)

    assert found.model is not None
    assert found.model["raw_level"] > 2
    assert shown(found) == ("stay", 1, ("no_skip", "coherence"))


def test_a_pending_participant_holds_the_cohort_while_the_answer_can_change() -> None:
    assert shown(recommend(crm(), seen(5, "2NNP"))) == ("wait", None, ("partial_cohort",))


def test_a_pending_participant_who_cannot_change_the_answer_is_not_waited_for() -> None:
    assert shown(recommend(crm(), seen(5, "2TTP"))) == ("deescalate", 1, ())


def test_an_incomplete_cohort_waits() -> None:
    found = recommend(crm(cohort_size=3), seen(5, "2NN"))

    assert shown(found) == ("wait", None, ("partial_cohort",))


def test_a_level_closed_by_an_earlier_decision_stays_closed_whatever_the_data_now_say() -> None:
    data = seen(5, "1NNN 2NNN 3NNN", closed_from=4)

    next_level, dose = recommend(crm(), data), conclude(crm(), data)

    assert shown(next_level) == ("stay", 3, ("eliminated", "no_skip"))
    assert shown(dose) == ("complete", 3, ("eliminated",))
    assert next_level.closed_levels == (4, 5)


def test_the_last_choice_is_the_models_own_and_may_be_untried() -> None:
    found = conclude(crm(), seen(5, "1NNN 2NNN"))

    assert shown(found) == ("complete", 5, ())


def test_the_safety_stop_ends_the_trial_without_a_dose() -> None:
    data = seen(5, "1TTT")

    assert shown(recommend(crm(safety_cutoff=0.8), data)) == ("stop_no_mtd", None, ("lowest_eliminated",))
    assert shown(conclude(crm(safety_cutoff=0.8), data))[0] == "stop_no_mtd"
    assert shown(recommend(crm(), data)) == ("stay", 1, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1N", ("escalate", 2, ("start",))),
        ("1NNN 2NNN", ("escalate", 3, ("start",))),
        ("3T", ("deescalate", 2, ("start",))),
        ("1TT", ("stay", 1, ("start",))),
    ],
)
def test_maximum_likelihood_starts_up_one_level_at_a_time_until_both_outcomes_are_seen(
    text: str, expected: tuple[str, int, tuple[str, ...]]
) -> None:
    found = recommend(crm(UNGUARDED, Estimator.MLE), seen(5, text))

    assert shown(found) == expected
    assert found.model is not None
    assert found.model["estimate"] is None
    assert found.model["probabilities"] is None


def test_maximum_likelihood_estimates_once_both_outcomes_are_seen() -> None:
    found = recommend(crm(UNGUARDED, Estimator.MLE), seen(5, "1NNN 2NNT"))

    assert Reason.START not in found.reasons
    assert found.model is not None
    assert found.model["estimate"] is not None
    assert found.model["variance"] is None


def test_maximum_likelihood_ends_at_the_highest_level_tried_without_a_dlt_and_without_a_dose_if_all_had_one() -> (
    None
):
    assert shown(conclude(crm(estimator=Estimator.MLE), seen(5, "1NNN 2NNN"))) == ("complete", 2, ())
    assert shown(conclude(crm(estimator=Estimator.MLE), seen(5, "1TTT")))[:2] == ("stop_no_mtd", None)


# --- TITE-CRM -------------------------------------------------------------------------------------------------


def tite(scheme: WeightScheme | None = WeightScheme.LINEAR, window: float | None = 100.0) -> TiteCrmDesign:
    terms = Terms(levels=5, guards=UNGUARDED)
    return TiteCrmDesign(terms=terms, model=crm_model(), window=window, weights=scheme)


def followed(*rows: tuple[int, bool | None, float | None]) -> Observations:
    return observed(
        5,
        [
            Participant(level=level, dlt=dlt, cohort=place, follow_up=time)
            for place, (level, dlt, time) in enumerate(rows)
        ],
    )


def test_a_pending_participant_counts_for_what_has_been_seen_and_is_not_waited_for() -> None:
    found = recommend(tite(), followed((1, False, None), (1, None, 25.0), (2, True, 10.0)))

    assert found.kind is not RecommendationKind.WAIT
    assert found.model is not None
    assert found.model["weights"] == [1.0, 0.25, 1.0]


def test_weights_of_whole_windows_give_the_crm() -> None:
    data = seen(5, "1NNN 2NNT")

    by_time, at_once = recommend(tite(), data), recommend(crm(UNGUARDED), data)

    assert by_time.model is not None
    assert at_once.model is not None
    assert by_time.level == at_once.level
    assert by_time.model["estimate"] == pytest.approx(at_once.model["estimate"], abs=1e-12)


@pytest.mark.parametrize(
    ("time", "weight"),
    [(0, 0), (10, 10 / 20 / 3), (20, 1 / 3), (40, (1 + 20 / 40) / 3), (60, 2 / 3), (80, 2.5 / 3), (100, 1)],
)
def test_adaptive_weights_follow_the_times_of_the_dlts(time: float, weight: float) -> None:
    data = followed((1, True, 60.0), (1, True, 20.0), (2, None, float(time)))

    found = recommend(tite(WeightScheme.ADAPTIVE), data)

    assert found.model is not None
    assert found.model["weights"] == pytest.approx([1.0, 1.0, weight], abs=1e-12)


def test_adaptive_weights_without_a_dlt_are_linear() -> None:
    found = recommend(tite(WeightScheme.ADAPTIVE), followed((1, None, 30.0)))

    assert found.model is not None
    assert found.model["weights"] == pytest.approx([0.3])


def test_a_pending_participant_without_follow_up_cannot_be_weighed() -> None:
    with pytest.raises(ValueError, match="follow-up"):
        recommend(tite(), seen(5, "1NP"))


# --- BLRM -----------------------------------------------------------------------------------------------------

DOSES = (1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0, 100.0, 150.0, 200.0, 250.0)


def blrm(
    selection: Selection,
    *,
    guards: Guards = UNGUARDED,
    target: float | None = None,
    max_overdose: float = 0.25,
) -> BlrmDesign:
    return BlrmDesign(
        terms=Terms(levels=15, guards=guards),
        doses=DOSES,
        reference_dose=250,
        intervals=Intervals(target_from=0.2, target_to=0.35, unacceptable_from=0.6),
        prior=BlrmPrior(log_alpha=(2.15, 0.84), log_beta=(0.52, 0.80)),
        selection=selection,
        max_overdose=max_overdose,
        target=target,
    )


TRIALR = "1NNN 2NNNN 3NNNN 4NNNN 7TT"


@pytest.mark.parametrize(
    ("selection", "dose"),
    [
        (Selection.HIGHEST_ELIGIBLE, 15),
        (Selection.MAX_TARGET_PROBABILITY, 15),
        (Selection.CLOSEST_MEAN, 25),
    ],
)
def test_two_rules_choose_two_levels_apart_on_the_same_posterior(selection: Selection, dose: float) -> None:
    found = recommend(blrm(selection, target=0.3), seen(15, TRIALR))

    assert found.level is not None
    assert DOSES[found.level - 1] == dose


def test_no_dose_within_overdose_control_stops_and_closes_every_level() -> None:
    found = recommend(blrm(Selection.HIGHEST_ELIGIBLE, max_overdose=0.001), seen(15, "1TTT"))

    assert shown(found) == ("stop_no_mtd", None, ("lowest_eliminated",))
    assert found.closed_levels == tuple(range(1, 16))


def drawn(
    selection: Selection, samples: PosteriorSamples, *, limit: float | None = None, **of: float
) -> Answer:
    doses = tuple(float(dose) for dose in range(25, 301, 25))
    design = BlrmDesign(
        terms=Terms(levels=12, guards=GUARDED),
        doses=doses,
        reference_dose=50,
        intervals=Intervals(target_from=0.2, target_to=0.35, unacceptable_from=None),
        selection=selection,
        target=of.get("target"),
        quantile=of.get("quantile"),
    )
    nobody = (0,) * 12
    data = Observations(evaluated=nobody, dlts=nobody, pending=nobody, dose_limit=limit, samples=samples)
    return recommend(design, data)


@pytest.mark.parametrize(("limit", "dose"), [(None, 75), (45.0, 25)])
def test_ncrm_on_crmpacks_draws_with_and_without_a_dose_limit(limit: float | None, dose: int) -> None:
    samples = PosteriorSamples(log_alpha=(-1.8, -3.8, -2.2, -1.6), beta=(1.7, 3.3, 5.1, 2.2))

    found = drawn(Selection.MAX_TARGET_PROBABILITY, samples, limit=limit)

    assert found.level == dose // 25
    assert found.model is not None
    assert found.model["unacceptable"] is None
    assert found.model["mtd_quantile"] is None


@pytest.mark.parametrize(("limit", "dose"), [(None, 100), (90.0, 75)])
def test_quantile_of_the_mtd_on_crmpacks_draws_with_and_without_a_dose_limit(
    limit: float | None, dose: int
) -> None:
    samples = PosteriorSamples(log_alpha=(-2.38, -2.13, -1.43, -2.57), beta=(1.67, 1.3, 1.77, 2.51))

    found = drawn(Selection.MTD_QUANTILE, samples, limit=limit, target=0.33, quantile=0.25)

    assert found.level == dose // 25
    assert found.model is not None
    assert found.model["mtd_quantile"] == pytest.approx(97.530, abs=5e-4)
    assert found.model["mtd_samples"] == pytest.approx((136.062, 149.266, 75.176, 104.981), abs=5e-4)


def test_a_dose_limit_below_every_dose_stops_without_closing_levels() -> None:
    samples = PosteriorSamples(log_alpha=(-3.0,), beta=(1.0,))

    found = drawn(Selection.HIGHEST_ELIGIBLE, samples, limit=10.0)

    assert shown(found) == ("stop_no_mtd", None, ())
    assert found.closed_levels == ()


def test_ncrm_takes_the_highest_eligible_dose_when_no_target_probability_is_large_enough() -> None:
    # Every draw puts the lower doses far below the target interval and the higher ones far above it.
    samples = PosteriorSamples(log_alpha=(0.0,) * 4, beta=(20.0,) * 4)

    found = drawn(Selection.MAX_TARGET_PROBABILITY, samples)

    assert found.level == 1  # 25; at 50 the chance of a DLT is one half
    assert found.model is not None
    assert np.max(np.array(found.model["target"])) == 0
