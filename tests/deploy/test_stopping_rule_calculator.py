"""`trialops safety stopping-rule`: boundaries, characteristics, crossings, and every input without an answer."""

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.safety_stopping_rule import STOPPING_RULE
from tests.deploy.conftest import Said, Tool

PUBLISHED = ("--n", "30", "--p0", "0.2", "--alpha", "0.1", "--prior", "0.6,2.4")
REFERENCE: dict[str, Any] = {"n": 30, "p0": "0.2", "alpha": "0.1", "prior": "0.6,2.4"}


def answered(**changed: Any) -> dict[str, Any]:
    return STOPPING_RULE.result(REFERENCE | changed)


def test_the_published_example_is_answered_to_the_digit(tool: Tool) -> None:
    found = tool("safety", "stopping-rule", *PUBLISHED, "--observed", "5:4,4:3", "--json").document

    assert found["boundary"][:6] == [None, None, 3, 3, 4, 4]
    assert round(found["size"], 8) == 0.09957367
    assert (found["verdict"], found["first_crossing_n"]) == ("crossed", 4)
    assert found["oc"] == []


def test_characteristics_are_given_for_each_rate_in_the_order_asked(tool: Tool) -> None:
    found = tool("safety", "stopping-rule", *PUBLISHED, "--p", "0.25,0.2", "--json").document

    assert [row["p"] for row in found["oc"]] == [0.25, 0.2]
    assert [round(row["stop_probability"], 8) for row in found["oc"]] == [0.23832301, 0.09957367]
    assert [round(row["expected_events"], 6) for row in found["oc"]] == [6.536293, 5.651197]
    assert found["oc"][1]["expected_n"] == pytest.approx(5.651197 / 0.2, abs=1e-5)
    assert (found["verdict"], found["first_crossing_n"]) == (None, None)


@pytest.mark.parametrize(
    ("observed", "verdict", "crossing"),
    [
        ("4:2,5:3", "continue", None),
        ("4:3,5:4", "crossed", 4),
        ("10:5", "crossed", 10),
        ("30:11", "crossed", 30),
        ("5:4,4:3,5:4,4:3,4:3", "crossed", 4),
        ([], "continue", None),
        ([[4, 3], ["5", 4]], "crossed", 4),
        (["4:3"], "crossed", 4),
    ],
)
def test_counts_are_compared_in_any_order_and_repeated(
    observed: Any, verdict: str, crossing: int | None
) -> None:
    found = answered(observed=observed)

    assert (found["verdict"], found["first_crossing_n"]) == (verdict, crossing)


def test_pocock_and_overdose_are_asked_by_their_names() -> None:
    pocock = STOPPING_RULE.result({"kind": "pocock", "n": 20, "p0": "0.2", "alpha": "0.05"})
    overdose = STOPPING_RULE.result({"kind": "overdose", "n": 5, "p0": Decimal("0.3")})
    later = STOPPING_RULE.result({"kind": "overdose", "n": 5, "p0": "0.3", "first_look": 4, "cutoff": "0.9"})

    assert pocock["boundary"][:4] == [None, None, 3, 4]
    assert round(pocock["size"], 6) == 0.048400
    assert overdose["boundary"] == [None, None, 3, 3, 4]
    assert later["boundary"][:3] == [None, None, None]


def test_people_read_the_steps_of_the_boundary(tool: Tool) -> None:
    said = tool("safety", "stopping-rule", *PUBLISHED, "--p", "0.2", "--observed", "4:3").out

    assert "n = 1 to 2" in said
    assert "no count stops" in said
    assert "stop at 3 events or more" in said
    assert "stops with probability 0.099574" in said
    assert "crossed" in said


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"n": None}, "n"),
        ({"n": 0}, "n"),
        ({"n": 10**9}, "n"),
        ({"n": "30.0"}, "n"),
        ({"p0": None}, "p0"),
        ({"p0": "NaN"}, "p0"),
        ({"p0": "1"}, "p0"),
        ({"p0": "1e-99"}, "p0"),
        ({"alpha": "1e99"}, "alpha"),
        ({"alpha": None}, "alpha"),
        ({"cutoff": "0.95"}, "alpha"),
        ({"alpha": None, "cutoff": "-1"}, "cutoff"),
        ({"prior": None}, "prior"),
        ({"prior": "1"}, "prior"),
        ({"prior": "1,1,1"}, "prior"),
        ({"prior": "0,1"}, "prior"),
        ({"prior": "a,1"}, "prior.0"),
        ({"prior": {}}, "prior"),
        ({"kind": "bayes"}, "kind"),
        ({"kind": "pocock"}, "prior"),
        ({"first_look": 31}, "first_look"),
        ({"p": "0.2,1.1"}, "p.1"),
        ({"p": "0.2,"}, "p.1"),
        ({"observed": "4"}, "observed.0"),
        ({"observed": "4:3,31:3"}, "observed.1"),
        ({"observed": "4:5"}, "observed.0"),
        ({"observed": "0:0"}, "observed.0"),
        ({"observed": "4:3:2"}, "observed.0"),
        ({"observed": "4:x"}, "observed.0.events"),
        ({"observed": [None]}, "observed.0"),
        ({"horizon": 3}, "horizon"),
    ],
)
def test_what_has_no_answer_is_refused_by_its_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InputInvalid) as invalid:
        answered(**changed)

    assert invalid.value.field == field


def test_a_refusal_is_one_line_that_names_the_option(tool: Tool) -> None:
    said = tool("safety", "stopping-rule", "--n", "30", "--p0", "0.2", "--prior", "0.6,2.4")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("trialops: --alpha: ")
    assert said.err.count("\n") == 1


def test_a_batch_of_10_000_lines_takes_seconds(tool: Tool, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    lines = [
        {
            "id": place,
            "command": "stopping-rule",
            "arguments": REFERENCE | {"observed": f"{4 + place % 20}:4"},
        }
        for place in range(10_000)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))

    begun = time.perf_counter()
    said: Said = tool("safety", "batch", str(file))

    assert time.perf_counter() - begun < 20
    assert said.out.count('"verdict": "crossed"') == 1_500
    assert said.out.count("problem") == 0


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 40)
    | st.floats()
    | st.decimals()
    | st.text(max_size=8)
    | st.sampled_from(["pocock", "overdose", "0.2", "4:3", "1,1", "0.05"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(sorted(STOPPING_RULE.arguments)), ANYTHING))
def test_whatever_is_asked_is_answered_or_refused_in_words(changed: dict[str, Any]) -> None:
    try:
        answer = json.dumps(answered(**changed), allow_nan=False)
    except InputInvalid as invalid:
        answer = json.dumps(invalid.as_problem())

    assert answer
