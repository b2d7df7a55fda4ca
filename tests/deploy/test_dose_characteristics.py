"""`trialops dose oc`, `pathways` and `batch`: the examples of their page; what is refused is refused by name."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.trialops.calculators.dose import CALCULATORS
from deploy.trialops.calculators.dose_design import READINGS
from deploy.trialops.calculators.invalid import InputInvalid
from tests.deploy.conftest import Tool
from tests.deploy.dosing import ACCRUAL, BOIN, ROLLING, THREE, TRUTH, Json, as_read, asked, problem

# oc


def test_the_operating_characteristics_of_the_page(ask_dose: Tool) -> None:
    truth = ",".join(map(str, TRUTH))

    found = ask_dose("oc", "--truth", truth, "--cohorts", "10x3", "--exact", "--json", design=BOIN).document

    assert found["method"] == "exact"
    assert [round(p, 6) for p in found["p_select"]] == [
        0.000211,
        0.011693,
        0.232062,
        0.54633,
        0.193704,
        0.016,
    ]
    assert [round(n, 4) for n in found["mean_n"]] == [4.1751, 9.0969, 11.1588, 4.7509, 0.8128]
    assert (round(found["mean_dlt"], 4), round(found["mean_n_total"], 4)) == (7.5466, 29.9946)
    assert (found["se"], found["trials"], found["seed"]) == (None, None, None)


def test_simulated_characteristics_carry_their_errors_trials_and_seed() -> None:
    once = asked("oc", design=BOIN, truth=TRUTH, cohorts="10x3", trials=2000, seed=5)
    again = asked("oc", design=BOIN, truth=TRUTH, cohorts="10x3", trials=2000, seed=5)

    assert once == again
    assert (once["method"], once["trials"], once["seed"]) == ("simulation", 2000, 5)
    assert once["se"].keys() == {"p_select", "mean_n", "mean_n_total", "mean_dlt"}
    assert len(once["se"]["p_select"]) == 6


def test_exact_within_the_budget_unless_trials_are_asked_for() -> None:
    assert asked("oc", design=BOIN, truth=TRUTH, cohorts="3,3,4")["method"] == "exact"
    assert asked("oc", design=BOIN, truth=TRUTH, cohorts="3,3,4", seed=2)["trials"] == 100_000


def test_three_plus_three_says_its_chance_of_escalating() -> None:
    found = asked("oc", design={"design": "three_plus_three"}, truth=[0.1, 0.3])

    assert [round(p, 6) for p in found["p_escalate"]] == [0.906147, 0.494263]
    assert "p_escalate" not in asked("oc", design=ROLLING, truth=TRUTH)


def test_characteristics_in_time() -> None:
    design = ROLLING | {"levels": 5}

    found = asked(
        "oc", design=design, truth=[0.05, 0.1, 0.2, 0.3, 0.45], accrual=ACCRUAL, trials=4000, seed=1
    )

    assert found["method"] == "event_simulation"
    error = found["se"]["mean_days"]
    assert abs(found["mean_days"] - 265) < 4 * error + 1
    assert 0 < found["mean_days_on_hold"] < found["mean_days"]
    assert found["mean_waiting"] == 0
    assert found["se"].keys() >= {"p_select", "mean_n", "mean_dlt", "mean_days", "mean_waiting"}


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"design": BOIN, "truth": TRUTH}, ("cohorts", "missing")),
        ({"design": THREE, "truth": TRUTH, "cohorts": "10x3"}, ("cohorts", "not_for_this_design")),
        ({"design": ROLLING, "truth": TRUTH, "cohorts": "10x3"}, ("cohorts", "not_for_this_design")),
        ({"design": BOIN, "truth": TRUTH, "cohorts": "10x3", "accrual": ACCRUAL},
         ("accrual", "not_for_this_design")),
        ({"design": BOIN, "truth": TRUTH[:3], "cohorts": "10x3"}, ("truth", "levels_disagree")),
        ({"design": BOIN, "truth": [0.1, 0.2, 0.3, 0.4, 1.2], "cohorts": "10x3"}, ("truth.4", "out_of_range")),
        ({"design": BOIN, "truth": [], "cohorts": "10x3"}, ("truth", "levels_invalid")),
        ({"design": BOIN, "truth": "a,b", "cohorts": "10x3"}, ("truth.0", "not_a_number")),
        ({"design": BOIN, "truth": TRUTH, "cohorts": "ten"}, ("cohorts", "not_cohorts")),
        ({"design": BOIN, "truth": TRUTH, "cohorts": "0x3"}, ("cohorts", "out_of_range")),
        ({"design": BOIN, "truth": TRUTH, "cohorts": "9999x9"}, ("cohorts", "too_many")),
        ({"design": BOIN, "truth": TRUTH, "cohorts": "10x3", "exact": True, "trials": 5},
         ("exact", "one_of_two")),
        ({"design": BOIN, "truth": TRUTH, "cohorts": "10x3", "trials": 0}, ("trials", "out_of_range")),
        ({"design": BOIN, "truth": TRUTH, "cohorts": "10x3", "seed": -1}, ("seed", "out_of_range")),
        ({"design": ROLLING, "truth": TRUTH, "accrual": ACCRUAL | {"mean_gap": 0}}, ("mean_gap", "out_of_range")),
        ({"design": ROLLING, "truth": TRUTH, "accrual": {"mean_gap": 5}}, ("window", "missing")),
        ({"design": ROLLING, "truth": TRUTH, "accrual": ACCRUAL, "exact": True}, ("exact", "not_in_time")),
        ({"design": {"design": "tite_boin"}, "truth": TRUTH, "cohorts": "10x3"}, ("design", "out_of_scope")),
    ],
)  # fmt: skip
def test_characteristics_that_cannot_be_are_refused(arguments: Json, refusal: tuple[str, str]) -> None:
    assert problem("oc", **arguments) == refusal


# pathways


def test_the_paths_of_the_page(ask_dose: Tool) -> None:
    three = {"design": "three_plus_three", "levels": 3}

    found = ask_dose("pathways", "--depth", "1", "--json", design=three, data={"outcomes": ""}).document[
        "paths"
    ]

    assert [(path["steps"], path["kind"], path["level"]) for path in found] == [
        ([{"level": 1, "n": 3, "dlt": 0}], "escalate", 2),
        ([{"level": 1, "n": 3, "dlt": 1}], "stay", 1),
        ([{"level": 1, "n": 3, "dlt": 2}], "stop_no_mtd", None),
        ([{"level": 1, "n": 3, "dlt": 3}], "stop_no_mtd", None),
    ]


def test_pending_participants_resolve_first_and_cost_no_depth() -> None:
    found = asked("pathways", design=BOIN, data={"outcomes": "1NNP"}, depth=0)["paths"]
    deeper = asked("pathways", design=BOIN, data={"outcomes": "1NNP"}, depth=1)["paths"]

    assert [(path["steps"], path["kind"]) for path in found] == [
        ([{"level": 1, "n": 1, "dlt": 0}], "escalate"),
        ([{"level": 1, "n": 1, "dlt": 1}], "stay"),
    ]
    assert [len(path["steps"]) for path in deeper] == [1, 2, 2, 2, 2, 1, 2, 2, 2, 2]
    assert all(path["steps"][-1]["n"] == 3 for path in deeper if len(path["steps"]) == 2)


def test_a_cohort_under_way_is_completed_before_the_next() -> None:
    found = asked("pathways", design=BOIN, data={"outcomes": "1N"}, depth=1)["paths"]

    assert [(path["steps"][0]["n"], path["steps"][0]["dlt"], path["kind"]) for path in found] == [
        (2, 0, "escalate"),
        (2, 1, "stay"),
        (2, 2, "stay"),
    ]


def test_too_many_paths_are_refused() -> None:
    assert problem("pathways", design=BOIN, data={"outcomes": ""}, depth=20) == ("depth", "too_many_paths")


def test_every_answer_is_shown_to_people(ask_dose: Tool) -> None:
    shown = [
        ask_dose("recommend", design=BOIN, data={"outcomes": "1NNN"}, previous={"outcomes": "1NN"}),
        ask_dose("recommend", "--final", design=BOIN, data={"outcomes": "1NNN"}),
        ask_dose("oc", "--truth", "0.1,0.2", "--trials", "100", design={"design": "three_plus_three"}),
        ask_dose(
            "oc", "--truth", "0.1,0.2", "--trials", "100", design={"design": "rolling_six"}, accrual=ACCRUAL
        ),
        ask_dose("pathways", design=THREE, data={"outcomes": ""}),
    ]

    assert [(said.code, said.err) for said in shown] == [(0, "")] * len(shown)


# batch


def test_a_batch_answers_files_objects_lists_and_flags(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "design.json").write_text(json.dumps(BOIN))
    questions = [
        {"id": 1, "command": "table", "arguments": {"design": "boin", "target": 0.3, "max_n": 6}},
        {"id": 2, "command": "oc",
         "arguments": {"design": str(tmp_path / "design.json"), "truth": TRUTH, "cohorts": "10x3", "exact": True}},
        {"id": 3, "command": "recommend",
         "arguments": {"design": BOIN, "data": {"outcomes": "1NNN"}, "final": True}},
        {"id": 4, "command": "recommend", "arguments": {"design": {"design": "tite_boin"}, "data": {}}},
        {"id": 5, "command": "pathways", "arguments": {"design": THREE, "data": {"outcomes": ""}}},
        {"id": 6, "command": "skeleton",
         "arguments": {"halfwidth": 0.05, "target": 0.25, "nu": 3, "levels": 5}},
    ]  # fmt: skip
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(json.dumps(question) for question in questions))

    said = tool("dose", "batch", str(file))

    lines = [json.loads(line) for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    assert [line["id"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[3]["problem"]["code"] == "out_of_scope"
    assert all("result" in line for line in lines if line["id"] != 4)


KEYS = [
    *("design", "target", "levels", "start_level", "cohort_size", "partial_cohort", "guards", "cells"),
    *("outcomes", "participants", "counts", "closed_levels", "n", "dlt", "pending", "current_level", "level"),
    *("skeleton", "estimator", "doses", "prior", "selection", "reference_dose", "window", "mean_gap"),
]
WORDS = st.sampled_from(
    [*READINGS, "1NNN", "1NNP 2T", "boin", "none", "wait", "0.3", "3", "mle", "10x3", "same"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats().map(str) | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(CALCULATORS)), st.data())
def test_whatever_is_asked_is_answered_or_refused_in_words(name: str, data: st.DataObject) -> None:
    calculator = CALCULATORS[name]
    base = data.draw(
        st.sampled_from([BOIN, THREE, ROLLING, {"design": "keyboard", "target": 0.3, "levels": 5}])
    )
    arguments: Json = {"design": base, "data": {"outcomes": "1NNN 2NNP"}, "truth": TRUTH, "cohorts": "3x3"}
    arguments = {key: value for key, value in arguments.items() if key in calculator.arguments}
    for key in data.draw(st.lists(st.sampled_from(sorted(calculator.arguments)), max_size=2)):
        value = data.draw(ANYTHING)
        if key == "design" and isinstance(value, dict):
            value = base | value
        arguments[key] = value
    if calculator.name == "oc":
        arguments["trials"] = data.draw(st.sampled_from([None, 1, 20, "x"]))

    try:
        answer = json.dumps(calculator.result(as_read(arguments)), allow_nan=False)
    except InputInvalid as invalid:
        answer = json.dumps(invalid.as_problem())

    assert answer.startswith("{")
