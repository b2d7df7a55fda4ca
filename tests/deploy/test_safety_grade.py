"""`trialops safety grade`: the grade of a laboratory value, and every input that has no answer."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.safety_grade import GRADE
from services.safety.domain.laboratory import NotGradable
from tests.deploy.conftest import Said, Tool

ANC = ("--analyte", "Neutrophil count decreased")


@pytest.mark.parametrize(("ctcae", "grade"), [("5.0", 4), ("6.0", 3)])
def test_the_version_decides_about_a_neutrophil_count_of_0_3(tool: Tool, ctcae: str, grade: int) -> None:
    said = tool("safety", "grade", "--ctcae", ctcae, *ANC, "--value", "0.3", "--unit", "10^9/L", "--json")

    assert said.code == 0
    assert said.document["grade"] == grade
    assert said.document["candidates"] == [grade]
    assert said.document["reason"] is None
    assert said.document["cell"] == f"Neutrophil count decreased, Grade {grade}"
    assert set(said.document) == {"grade", "candidates", "reason", "dictionary", "cell", "sentence"}


def test_a_value_without_unit_is_answered_with_the_reason(tool: Tool) -> None:
    said = tool("safety", "grade", "--ctcae", "6.0", *ANC, "--value", "0.3", "--json")

    assert said.code == 0
    assert said.document["grade"] is None
    assert said.document["candidates"] == []
    assert said.document["reason"] == "unit_missing"
    assert said.document["cell"] is None


def test_every_option_reaches_the_criteria(tool: Tool) -> None:
    liver = ("safety", "grade", "--ctcae", "6.0", "--analyte", "ALANINE AMINOTRANSFERASE INCREASED")
    glucose = ("safety", "grade", "--ctcae", "6.0", "--analyte", "Hyperglycemia", "--unit", "mg/dL")

    by_limits = tool(*liver, "--value", "130", "--lln", "5", "--uln", "40", "--baseline", "60", "--json")
    by_position = tool(*liver, "--value", "130", "--uln", "40", "--baseline-position", "normal", "--json")
    fasting = tool(*glucose, "--value", "200", "--uln", "110", "--fasting", "yes", "--json")
    fed = tool(*glucose, "--value", "200", "--uln", "110", "--fasting", "no", "--json")

    assert [said.document["grade"] for said in (by_limits, by_position, fasting, fed)] == [3, 2, 2, 0]


def test_people_read_the_sentence(tool: Tool) -> None:
    said = tool(
        "safety", "grade", "--ctcae", "6.0", "--analyte", "Hyponatremia", "--value", "127", "--unit", "mmol/L"
    )

    assert said.code == 0
    assert "Grade 2 or 3, depending on symptoms or treatment: 127 mmol/L is below 130 mmol/L." in said.out


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--ctcae", "6.0", "--value", "1"), "--analyte"),
        ((*ANC, "--value", "1"), "--ctcae"),
        (("--ctcae", "4.03", *ANC), "--ctcae"),
        (("--ctcae", "6.0", "--analyte", "Platelet count decreased"), "--analyte"),
        (("--ctcae", "5.0", "--analyte", "Hyperglycemia"), "--analyte"),
        (("--ctcae", "5.0", "--analyte", "Headache"), "--analyte"),
        (("--ctcae", "5.0", *ANC, "--value", "nan"), "--value"),
        (("--ctcae", "5.0", *ANC, "--value", "<0.1"), "--value"),
        (("--ctcae", "5.0", *ANC, "--value", "-0.1"), "--value"),
        (("--ctcae", "5.0", *ANC, "--value", "1", "--lln", "1e999"), "--lln"),
        (("--ctcae", "5.0", *ANC, "--value", "1", "--lln", "3", "--uln", "2"), "--lln"),
        (("--ctcae", "5.0", *ANC, "--value", "1", "--baseline-position", "abnormal"), "--baseline-position"),
        (("--ctcae", "5.0", *ANC, "--value", "1", "--fasting", "maybe"), "--fasting"),
        (("--ctcae", "5.0", *ANC, "--colour", "red"), "--colour"),
    ],
)
def test_what_cannot_be_asked_is_one_line_that_names_the_field(
    tool: Tool, options: tuple[str, ...], field: str
) -> None:
    said: Said = tool("safety", "grade", *options, "--json")

    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert field in said.err
    assert "Traceback" not in said.err


def test_ten_thousand_lines_are_answered_within_seconds(tool: Tool, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    arguments = {"ctcae": "5.0", "analyte": "Anemia", "value": "7.9", "unit": "g/dL"}
    line = {"command": "grade", "arguments": arguments}
    questions.write_text("".join(json.dumps({"id": n, **line}) + "\n" for n in range(10_000)))

    begun = time.monotonic()
    said = tool("safety", "batch", str(questions))

    assert time.monotonic() - begun < 20
    answers = [json.loads(answer) for answer in said.out.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(10_000))
    assert {answer["result"]["grade"] for answer in answers} == {3}


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["5.0", "Anemia", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(GRADE.arguments)) | st.text(max_size=3), ANYTHING, max_size=9))
def test_any_arguments_are_answered_or_refused(arguments: dict[str, Any]) -> None:
    try:
        result = GRADE.result(arguments)
    except InputInvalid:
        return
    assert result["grade"] in (None, 0, 1, 2, 3, 4)
    assert (result["reason"] is None) == (result["grade"] is not None)
    assert result["reason"] in (None, *NotGradable)
