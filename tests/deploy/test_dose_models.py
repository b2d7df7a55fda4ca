"""`trialops dose` for the CRM, the TITE-CRM and the BLRM: worked examples, and what is refused by name."""

import json
from decimal import Decimal
from typing import Any

import pytest

from deploy.trialops.calculators.dose_oc import OC
from deploy.trialops.calculators.dose_pathways import PATHWAYS
from deploy.trialops.calculators.dose_recommend import RECOMMEND
from deploy.trialops.calculators.dose_skeleton import SKELETON
from deploy.trialops.calculators.invalid import InputInvalid

Json = dict[str, Any]
CRM: Json = {
    "design": "crm",
    "skeleton": [0.05, 0.10, 0.20, 0.35, 0.50, 0.70],
    "target": 0.2,
    "estimator": "plug_in",
}
TITE: Json = CRM | {"design": "tite_crm", "window": 180, "weights": "linear"}
BLRM: Json = {
    "design": "blrm",
    "doses": [1, 2.5, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 250],
    "reference_dose": 250,
    "prior": {"log_alpha": [2.15, 0.84], "log_beta": [0.52, 0.80], "rho": 0},
    "selection": "highest_eligible",
}
DRAWN: Json = {
    "design": "blrm",
    "doses": list(range(25, 301, 25)),
    "reference_dose": 50,
    "intervals": [0.2, 0.35],
    "selection": "max_target_probability",
}
NCRM_DRAWS = {"log_alpha": [-1.8, -3.8, -2.2, -1.6], "beta": [1.7, 3.3, 5.1, 2.2]}
MTD_DRAWS = {"log_alpha": [-2.38, -2.13, -1.43, -2.57], "beta": [1.67, 1.3, 1.77, 2.51]}


def as_read(value: Any) -> Any:
    """Numbers as a JSON file gives them to a calculator."""
    return json.loads(json.dumps(value), parse_float=Decimal)


def recommended(design: Json, data: Json, **more: Any) -> Json:
    return RECOMMEND.result(as_read({"design": design, "data": data}) | more)


def problem(design: Json, data: Json, **more: Any) -> tuple[str, str]:
    with pytest.raises(InputInvalid) as refused:
        recommended(design, data, **more)
    return refused.value.field, refused.value.code


def test_dfcrms_first_example() -> None:
    found = recommended(CRM, {"outcomes": "3N 4N 4T 3N 3N 4T 3T 2N 2N 2N"})

    assert (found["kind"], found["level"], found["model"]["raw_level"]) == ("stay", 2, 2)
    assert found["model"]["estimate"] == pytest.approx(-0.21217153, abs=5e-9)
    assert found["model"]["variance"] == pytest.approx(0.15759553, abs=5e-9)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def tite_people(changed: dict[int, Json] | None = None) -> Json:
    """The TITE-CRM's published trial: participants whose window is open are pending."""
    rows = zip(
        (3, 3, 3, 4, 4, 3, 2, 2, 2, 3),
        (0, 0, 1, 0, 1, 0, 0, 0, 0, 0),
        (178, 181, 168, 181, 24, 181, 179, 102, 42, 3),
        strict=True,
    )
    people: list[Json] = [
        {"level": level, "dlt": True if dlt else (False if time >= 180 else None), "follow_up": time}
        for level, dlt, time in rows
    ]
    for place, more in (changed or {}).items():
        people[place] = {key: value for key, value in (people[place] | more).items() if value != "absent"}
    return {"participants": people}


@pytest.mark.parametrize(("estimator", "raw"), [("plug_in", 3), ("mean_of_f", 2)])
def test_dfcrms_tite_example_by_both_estimators(estimator: str, raw: int) -> None:
    found = recommended(TITE | {"estimator": estimator}, tite_people())

    assert found["model"]["raw_level"] == raw
    assert found["model"]["estimate"] == pytest.approx(-0.13278655, abs=5e-9)
    weights = (0.988889, 1, 1, 1, 1, 1, 0.994444, 0.566667, 0.233333, 0.016667)
    assert found["model"]["weights"] == pytest.approx(weights, abs=5e-7)
    assert (found["kind"], found["level"]) == ("stay", 3) if raw == 3 else ("deescalate", 2)


def test_stated_weights_give_the_same_as_a_follow_up() -> None:
    by_time = recommended(TITE, tite_people())
    weights = by_time["model"]["weights"]
    people = [
        {"level": one["level"], "dlt": one["dlt"]} | ({"weight": weight} if one["dlt"] is None else {})
        for one, weight in zip(tite_people()["participants"], weights, strict=True)
    ]
    bare = {key: value for key, value in TITE.items() if key not in ("window", "weights")}

    by_weight = recommended(bare, {"participants": people})

    assert by_weight["model"]["estimate"] == pytest.approx(by_time["model"]["estimate"], abs=1e-12)


@pytest.mark.parametrize(
    ("selection", "dose"),
    [("highest_eligible", 15), ("max_target_probability", 15), ("closest_mean", 25)],
)
def test_rules_of_selection_on_the_trialr_example(selection: str, dose: float) -> None:
    design = BLRM | {"selection": selection, "target": 0.3}

    found = recommended(design, {"outcomes": "1NNN 2NNNN 3NNNN 4NNNN 7TT"})

    assert BLRM["doses"][found["model"]["raw_level"] - 1] == dose
    at_15 = BLRM["doses"].index(15)
    assert found["model"]["overdose"][at_15] == pytest.approx(0.1154 + 0.0015, abs=6e-4)
    assert found["model"]["eligible"] == [dose <= 15 for dose in BLRM["doses"]]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(("more", "dose"), [({}, 75), ({"dose_limit": 45}, 25)])
def test_ncrm_on_crmpacks_draws(more: Json, dose: int) -> None:
    found = recommended(DRAWN, {"posterior_samples": NCRM_DRAWS} | more)

    assert found["level"] == dose // 25
    assert found["model"]["unacceptable"] is None


@pytest.mark.parametrize(("more", "dose"), [({}, 100), ({"dose_limit": 90}, 75)])
def test_quantile_of_the_mtd_on_crmpacks_draws(more: Json, dose: int) -> None:
    design = DRAWN | {"selection": "mtd_quantile", "target": 0.33, "quantile": 0.25}

    found = recommended(design, {"posterior_samples": MTD_DRAWS} | more)

    assert found["level"] == dose // 25
    assert found["model"]["mtd_quantile"] == pytest.approx(97.530, abs=5e-4)
    assert found["model"]["mtd_samples"] == pytest.approx([136.062, 149.266, 75.176, 104.981], abs=5e-4)


def test_the_skeleton_of_the_example() -> None:
    found = SKELETON.result({"halfwidth": "0.05", "target": "0.25", "nu": "3", "levels": "5"})

    assert found["skeleton"] == pytest.approx([0.083973, 0.156741, 0.25, 0.354500, 0.460343], abs=5e-7)


def test_a_prior_too_wide_for_its_participants_is_refused() -> None:
    wide = BLRM | {"prior": {"log_alpha": [0, 10], "log_beta": [0, 5]}}
    counts = {"n": [500] + [0] * 14, "dlt": [20] + [0] * 14}

    assert problem(wide, {"counts": counts}) == ("prior", "prior_too_wide")


def test_fifty_levels_everybody_with_a_dlt_and_nobody_without() -> None:
    skeleton = [place / 60 for place in range(1, 51)]

    for estimator in ("plug_in", "mean_of_f", "mle"):
        design = CRM | {"skeleton": skeleton, "estimator": estimator}
        assert recommended(design, {"outcomes": ""})["reasons"] == ["start"]
        assert recommended(design, {"outcomes": "5TTT 4TTT"})["kind"] == "deescalate"
        assert recommended(design, {"outcomes": "1NNN"})["level"] == 2


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"skeleton": [0.1, 0.1, 0.2, 0.3, 0.4, 0.5]}, "skeleton.1", "not_increasing"),
        ({"skeleton": [0.5, 0.4]}, "skeleton.1", "not_increasing"),
        ({"skeleton": [0, 0.4]}, "skeleton.0", "out_of_range"),
        ({"skeleton": [0.2, 1]}, "skeleton.1", "out_of_range"),
        ({"skeleton": []}, "skeleton", "levels_invalid"),
        ({"skeleton": [0.1, "x"]}, "skeleton.1", "not_a_number"),
        ({"skeleton": [place / 100 for place in range(1, 52)]}, "skeleton", "levels_invalid"),
        ({"skeleton": None}, "levels", "missing"),
        ({"levels": 5}, "skeleton", "levels_disagree"),
        ({"prior_sd": 0}, "prior_sd", "out_of_range"),
        ({"prior_sd": -1}, "prior_sd", "out_of_range"),
        ({"prior_sd": 1e30}, "prior_sd", "out_of_range"),
        ({"prior_sd": "inf"}, "prior_sd", "not_a_number"),
        ({"target": 0}, "target", "out_of_range"),
        ({"target": 1}, "target", "out_of_range"),
        ({"target": None}, "target", "missing"),
        ({"estimator": None}, "estimator", "missing"),
        ({"estimator": "best"}, "estimator", "not_an_option"),
        ({"model": "probit"}, "model", "not_an_option"),
        ({"intercept": 1000}, "intercept", "out_of_range"),
        ({"model": "logistic", "intercept": 0.5}, "intercept", "intercept_inside_skeleton"),
        ({"safety_cutoff": 1}, "safety_cutoff", "out_of_range"),
        ({"safety_cutoff": 0.9, "estimator": "mle"}, "safety_cutoff", "no_posterior"),
        ({"window": 28}, "window", "unknown_key"),
        ({"weights": "linear"}, "weights", "unknown_key"),
    ],
)
def test_a_crm_that_means_nothing_is_refused_by_name(changed: Json, field: str, code: str) -> None:
    assert problem(CRM | changed, {"outcomes": "1NNN"}) == (field, code)


@pytest.mark.parametrize(
    ("place", "changed", "field", "code"),
    [
        (0, {"follow_up": "absent"}, "participants.0.follow_up", "follow_up_missing"),
        (0, {"follow_up": -1}, "participants.0.follow_up", "out_of_range"),
        (0, {"follow_up": "absent", "weight": 1.5}, "participants.0.weight", "out_of_range"),
        (0, {"follow_up": "absent", "weight": -0.5}, "participants.0.weight", "out_of_range"),
        (0, {"weight": 0.5}, "participants.0.weight", "one_of_two"),
        (1, {"follow_up": 100}, "participants.1.follow_up", "window_not_completed"),
        (1, {"follow_up": "absent", "weight": 0.5}, "participants.1.weight", "window_not_completed"),
    ],
)
def test_a_follow_up_that_cannot_be_weighed_is_refused_by_name(
    place: int, changed: Json, field: str, code: str
) -> None:
    assert problem(TITE, tite_people({place: changed})) == (field, code)


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"window": 0}, "window", "out_of_range"),
        ({"window": None}, "window", "missing"),
        ({"weights": None}, "weights", "missing"),
        ({"weights": "cubic"}, "weights", "not_an_option"),
    ],
)
def test_a_follow_up_needs_the_window_and_the_weights(changed: Json, field: str, code: str) -> None:
    assert problem(TITE | changed, tite_people()) == (field, code)


def test_adaptive_weights_need_the_time_to_each_dlt() -> None:
    adaptive = TITE | {"weights": "adaptive"}

    recommended(adaptive, tite_people())
    without = problem(adaptive, tite_people({2: {"follow_up": "absent"}}))
    late = problem(adaptive, tite_people({2: {"follow_up": 181}}))

    assert without == ("participants.2.follow_up", "follow_up_missing")
    assert late == ("participants.2.follow_up", "after_window")


def test_pending_participants_without_follow_up_cannot_be_weighed() -> None:
    in_a_line = problem(TITE, {"outcomes": "1NNP"})
    counted = problem(
        TITE, {"counts": {"n": [2, 0, 0, 0, 0, 0], "dlt": [0] * 6, "pending": [1, 0, 0, 0, 0, 0]}}
    )

    assert in_a_line[1] == counted[1] == "follow_up_missing"


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"doses": [1, 1]}, "doses.1", "not_increasing"),
        ({"doses": [0, 1]}, "doses.0", "out_of_range"),
        ({"reference_dose": 0}, "reference_dose", "out_of_range"),
        ({"prior": None}, "prior", "missing"),
        ({"prior": {"log_alpha": [0, 0], "log_beta": [0, 1]}}, "prior.log_alpha.1", "out_of_range"),
        ({"prior": {"log_alpha": [0], "log_beta": [0, 1]}}, "prior.log_alpha", "not_a_pair"),
        ({"prior": {"log_alpha": [0, 1], "log_beta": [0, 1], "rho": 1}}, "prior.rho", "out_of_range"),
        ({"prior": {"log_alpha": [0, 1], "log_beta": [0, 1], "r": 0}}, "prior.r", "unknown_key"),
        ({"intervals": [0.2]}, "intervals", "intervals_invalid"),
        ({"intervals": [0.35, 0.2]}, "intervals.1", "not_increasing"),
        ({"intervals": [0.2, 0.35, 1]}, "intervals.2", "out_of_range"),
        ({"max_overdose": 1.1}, "max_overdose", "out_of_range"),
        ({"selection": None}, "selection", "missing"),
        ({"selection": "closest_mean"}, "target", "missing"),
        ({"selection": "mtd_quantile", "target": 0.3}, "quantile", "missing"),
        (
            {"selection": "mtd_quantile", "target": 0.3, "quantile": 0.5},
            "selection",
            "needs_posterior_samples",
        ),
    ],
)
def test_a_blrm_that_means_nothing_is_refused_by_name(changed: Json, field: str, code: str) -> None:
    assert problem(BLRM | changed, {"outcomes": "1NNN"}) == (field, code)


@pytest.mark.parametrize(
    ("samples", "field"),
    [
        ({"log_alpha": [0.0], "beta": [0]}, "posterior_samples.beta.0"),
        ({"log_alpha": [0.0], "beta": [1, 2]}, "posterior_samples.beta"),
        ({"log_alpha": [], "beta": []}, "posterior_samples.log_alpha"),
        ({"log_alpha": ["nan"], "beta": [1]}, "posterior_samples.log_alpha.0"),
    ],
)
def test_draws_that_mean_nothing_are_refused_by_name(samples: Json, field: str) -> None:
    assert problem(DRAWN, {"posterior_samples": samples})[0] == field


@pytest.mark.parametrize(
    "arguments",
    [
        {"halfwidth": 0.3, "target": 0.25, "nu": 3, "levels": 5},
        {"halfwidth": 0, "target": 0.25, "nu": 3, "levels": 5},
        {"halfwidth": 0.05, "target": 1.5, "nu": 3, "levels": 5},
        {"halfwidth": 0.05, "target": 0.25, "nu": 6, "levels": 5},
        {"halfwidth": 0.05, "target": 0.25, "nu": 3, "levels": 51},
        {"halfwidth": 0.2, "target": 0.25, "nu": 50, "levels": 50},
        {"halfwidth": 0.05, "target": 0.25, "nu": 3},
        {"halfwidth": 0.05, "target": 0.25, "nu": 3, "levels": 5, "model": "probit"},
        {"halfwidth": 0.05, "target": 0.25, "nu": 3, "levels": 5, "model": "logistic", "intercept": -1.1},
        {"halfwidth": 0.05, "target": 0.25, "nu": 3, "levels": 5, "seed": 1},
    ],
)
def test_a_skeleton_that_cannot_be_is_refused(arguments: Json) -> None:
    with pytest.raises(InputInvalid):
        SKELETON.result(as_read(arguments))


def test_pathways_of_a_pending_child_show_what_a_dlt_would_change() -> None:
    design = CRM | {"cohort_size": 3}

    found = PATHWAYS.result(as_read({"design": design, "data": {"outcomes": "1NNN 2NNP"}, "depth": 0}))

    shown = [(path["steps"], path["kind"], path["level"]) for path in found["paths"]]
    assert shown[0] == ([{"level": 2, "n": 1, "dlt": 0}], "escalate", 3)
    assert shown[1][0] == [{"level": 2, "n": 1, "dlt": 1}]
    assert shown[1][1] != "escalate"


def test_pathways_of_a_blrm_go_two_cohorts_ahead() -> None:
    found = PATHWAYS.result(
        as_read({"design": BLRM | {"cohort_size": 3}, "data": {"outcomes": "1NNN"}, "depth": 2})
    )

    assert [path["steps"][0]["dlt"] for path in found["paths"] if len(path["steps"]) == 1] == [0, 1, 2, 3]
    assert all(path["kind"] for path in found["paths"])


FIVE: Json = {
    "design": "crm",
    "skeleton": [0.05, 0.12, 0.25, 0.40, 0.55],
    "target": 0.25,
    "estimator": "plug_in",
}
FIVE_TRUTH = [0.05, 0.12, 0.25, 0.40, 0.55]


def characterised(design: Json, truth: list[float], **more: Any) -> Json:
    return OC.result(as_read({"design": design, "truth": truth} | more))


def test_operating_characteristics_of_a_crm_are_those_of_a_plain_programme() -> None:
    """The figures of a second programme, written without numpy (`benchmarks/plain_crm.py`)."""
    found = characterised(FIVE, FIVE_TRUTH, cohorts="10x3", exact=True)

    assert found["method"] == "exact"
    selected = [0, 0.0026633598811, 0.1680851015453, 0.6375397124254, 0.1847457770519, 0.0069660490963]
    assert found["p_select"] == pytest.approx(selected, abs=1e-12)
    assert found["mean_n_total"] == pytest.approx(30)


def test_unguarded_and_guarded_characteristics_differ_in_the_trial_not_in_the_rule_of_the_last_choice() -> (
    None
):
    guarded = characterised(FIVE, FIVE_TRUTH, cohorts="4x3")
    unguarded = characterised(FIVE | {"guards": "none"}, FIVE_TRUTH, cohorts="4x3")

    assert guarded["mean_n"][4] < unguarded["mean_n"][4]


@pytest.mark.parametrize("truth", [[0.0] * 5, [1.0] * 5, [0, 0, 1, 1, 1]])
@pytest.mark.parametrize("estimator", ["plug_in", "mean_of_f", "mle"])
def test_certain_truths_have_characteristics_too(truth: list[float], estimator: str) -> None:
    found = characterised(FIVE | {"estimator": estimator}, truth, cohorts="6x3")

    assert sum(found["p_select"]) == pytest.approx(1)
    if truth == [1.0] * 5 and estimator == "mle":
        assert found["p_select"][0] == 1


@pytest.mark.parametrize(
    ("design", "field", "code"),
    [
        (TITE, "design", "needs_accrual"),
        (BLRM | {"prior": None}, "prior", "missing"),
        (
            BLRM | {"selection": "mtd_quantile", "target": 0.3, "quantile": 0.25},
            "selection",
            "needs_posterior_samples",
        ),
    ],
)
def test_designs_whose_trials_cannot_be_played_are_refused(design: Json, field: str, code: str) -> None:
    truth = [0.1] * len(design.get("skeleton") or design["doses"])

    with pytest.raises(InputInvalid) as refused:
        characterised(design, truth, cohorts="2x3")

    assert (refused.value.field, refused.value.code) == (field, code)
