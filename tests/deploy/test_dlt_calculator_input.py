"""`trialops safety dlt`: every input that has no answer is refused by its field, and nothing ends in a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.safety_dlt import DLT
from tests.deploy.conftest import Tool
from tests.deploy.dlt_documents import ANC, DATA, PROTOCOL, RASH, judged


def _event(**changed: Any) -> dict[str, Any]:
    return {"events": [RASH | changed]}


@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        ({"as_of_day": None}, "as_of_day", "missing"),
        ({"as_of_day": 0}, "as_of_day", "day_out_of_range"),
        ({"as_of_day": "9.5"}, "as_of_day", "not_a_whole_number"),
        ({"doses": {"planned": -1, "given": 0}}, "doses.planned", "count_out_of_range"),
        ({"doses": {"planned": 1, "given": True}}, "doses.given", "not_a_whole_number"),
        ({"doses": 28}, "doses", "not_an_object"),
        ({"left": {"day": 3}}, "left.reason", "missing"),
        ({"left": {"day": 3, "reason": "bored"}}, "left.reason", "not_an_option"),
        ({"dose_delays": [{"cause": "toxicity"}]}, "dose_delays.0.days", "one_of_two"),
        ({"events": {}}, "events", "not_a_list"),
        (_event(causality="related"), "events.0.causality", "not_an_option"),
        (_event(exclusion="weekend"), "events.0.exclusion", "exclusion_not_in_definition"),
        (_event(term="Rush", soc=None), "events.0.term", "term_not_in_dictionary"),
        (_event(note="x"), "events.0.note", "unknown_key"),
        (_event(grades=[{"day": 1, "grade": 6}]), "events.0.grades.0.grade", "grade_out_of_range"),
        (_event(grades=[{"day": 1, "grade": 5}]), "events.0.grades.0.grade", "grade_not_defined_for_term"),
        (_event(grades=[{"day": 1, "value": "3"}]), "events.0.grades.0.value", "analyte_unknown"),
        (_event(grades=[{"day": 1, "grade": 1, "value": "3"}]), "events.0.grades.0.value", "one_of_two"),
        (
            _event(grades=[{"day": 1, "grade": 1, "confirmed": "yes"}]),
            "events.0.grades.0.confirmed",
            "not_true_or_false",
        ),
        ({"judgements": [{"criterion": "delay"}]}, "judgements.0.criterion", "not_an_option"),
        ({"weather": "fair"}, "weather", "unknown_key"),
    ],
)
def test_data_that_has_no_answer_is_refused_by_its_field(data: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(InputInvalid) as invalid:
        judged(**data)

    assert (invalid.value.field, invalid.value.code) == (field, code)


@pytest.mark.parametrize(
    ("protocol", "field"),
    [
        ([], "protocol"),
        ({}, "protocol.dlt_definition"),
        (PROTOCOL | {"window": {"days": 28}}, "protocol.window.starts"),
        (PROTOCOL | {"criteria": []}, "protocol.criteria"),
        (PROTOCOL | {"9434765919": 1}, "protocol.?"),
        (PROTOCOL | {"criteria": [{"id": "x", "any_term": True}]}, "protocol.criteria[0].grade_at_least"),
    ],
)
def test_a_definition_that_is_none_is_refused_by_its_path(protocol: object, field: str) -> None:
    with pytest.raises(InputInvalid) as invalid:
        DLT.result({"protocol": protocol, "data": DATA})

    assert invalid.value.field == field
    assert "9434765919" not in str(invalid.value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"a: &x [1]\nb: *x", "yaml_refused"),
        (b"a: &a [z,z]\nb: &b [*a,*a]\nc: [*b,*b]", "yaml_refused"),
        (b"!!python/object/apply:os.system ['true']", "yaml_refused"),
        (b"a: !!str x", "yaml_refused"),
        (b"a: 1\na: 2", "yaml_refused"),
        (b"1: 2", "yaml_refused"),
        (b"[" * 100 + b"x", "yaml_refused"),
        (b"- " * 5000, "yaml_refused"),
        (b"a: [", "not_yaml"),
        (b"a: 1\n---\nb: 2", "not_yaml"),
        (b"\x00", "not_yaml"),
        (b"\xff\xfe", "not_utf8"),
        (b"x" * (1024 * 1024 + 1), "too_large"),
    ],
)
def test_hostile_yaml_is_refused_in_one_line(tool: Tool, tmp_path: Path, text: bytes, code: str) -> None:
    file = tmp_path / "hostile.yaml"
    file.write_bytes(text)

    with pytest.raises(InputInvalid) as invalid:
        DLT.result({"protocol": str(file), "data": DATA})
    said = tool("safety", "dlt", "--protocol", str(file), "--data", str(file))

    assert invalid.value.code == code
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats() | st.text(max_size=6) | st.just("toxicity"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*DATA, *ANC, "day", "grade", "value", "cause"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(sorted(DATA)), ANYTHING), st.booleans())
def test_whatever_is_asked_is_answered_or_refused_in_words(
    changed: dict[str, Any], as_protocol: bool
) -> None:
    protocol = PROTOCOL | ({"criteria": list(changed.values())} if as_protocol else {})
    try:
        answer = json.dumps(DLT.result({"protocol": protocol, "data": DATA | changed}), allow_nan=False)
    except InputInvalid as invalid:
        answer = json.dumps(invalid.as_problem())

    assert answer
