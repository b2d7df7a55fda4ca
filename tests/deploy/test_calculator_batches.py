"""`trialops enrolment batch`: a line for each line, and nothing that can be asked ends in a traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.trialops.calculators.enrolment import CALCULATORS
from deploy.trialops.calculators.invalid import InputInvalid
from tests.deploy.conftest import Tool

DESIGN: dict[str, Any] = {
    "arms": ["A", "B"],
    "ratio": [1, 1],
    "imbalance": "range",
    "probability": {"scheme": "best_p_rest_equal", "p": 0.8},
    "factors": [
        {"name": "sex", "weight": 1, "counts": [10, 9]},
        {"name": "ethnicity", "weight": 1, "counts": [2, 2]},
    ],
    "draws": {"tie": 0.3, "coin": 0.5},
}
LIST: dict[str, Any] = {
    "arms": ["A", "B"],
    "ratio": [1, 1],
    "block_sizes": [2, 4],
    "strata": ["s1", "s2"],
    "rows_per_stratum": 5,
    "seed": "42",
}


@pytest.fixture
def batch(tool: Tool, tmp_path: Path) -> Callable[[bytes], list[Any]]:
    """The lines that answer the lines of a file."""

    def run(lines: bytes) -> list[Any]:
        file = tmp_path / "questions.jsonl"
        file.write_bytes(lines)
        said = tool("enrolment", "batch", str(file))
        assert (said.code, said.err) == (0, "")
        return [json.loads(line) for line in said.out.splitlines()]

    return run


def test_a_batch_answers_every_line_in_order(batch: Callable[[bytes], list[Any]], tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps(LIST))
    questions: list[Any] = [
        {"id": 1, "command": "minimise", "arguments": {"config": DESIGN}},
        {"id": "two", "command": "blocks", "arguments": {"config": str(tmp_path / "list.json")}},
        {"id": 3, "command": "check-digit", "arguments": {"digits": "572"}},
        {"id": 4, "command": "nhs-number", "arguments": {"number": "9434765919"}},
        {"id": 5, "command": "age", "arguments": {"born": "2010-11-22", "on": "2026-11-22", "at": None}},
        {"id": 6, "command": "stagger", "arguments": {"first_dose": "2026-03-28T10:00:00Z", "hours": 24}},
    ]

    found = batch("\n".join(map(json.dumps, questions)).encode())

    assert [one["id"] for one in found] == [1, "two", 3, 4, 5, 6]
    assert found[0]["result"]["arm"] == "B"
    assert len(found[1]["result"]["strata"]) == 2
    assert found[2]["result"] == {"check": 4}
    assert found[3] == {"id": 4, "result": {"valid": True}}
    assert found[4]["result"]["may_consent_ctimp"] is True
    assert found[5]["result"]["earliest_utc"] == "2026-03-29T10:00:00Z"


@pytest.mark.parametrize(
    ("line", "line_id", "field", "code"),
    [
        (b"{", None, "line", "not_json"),
        (b"\xff", None, "line", "not_utf8"),
        (b"7", None, "line", "not_an_object"),
        (b"[" * 100_000, None, "line", "not_json"),
        (b'{"id": 1, "id": 2}', None, "line", "duplicate_key"),
        (b'{"id": {}, "command": "age"}', None, "id", "id_invalid"),
        (b'{"id": NaN, "command": "age"}', None, "id", "id_invalid"),
        (b'{"id": "\\ud800", "command": "forecast"}', "\ud800", "command", "not_an_option"),
        (b'{"id": 1}', 1, "command", "missing"),
        (b'{"id": 1, "command": "batch"}', 1, "command", "not_an_option"),
        (b'{"id": 1, "command": "age", "verbose": 1}', 1, "verbose", "unknown_key"),
        (b'{"id": 1, "command": "age"}', 1, "born", "missing"),
        (b'{"id": 1, "command": "age", "arguments": []}', 1, "arguments", "not_an_object"),
        (b'{"id": 1, "command": "age", "arguments": {"json": true}}', 1, "json", "unknown_key"),
        (b'{"id": 1, "command": "stagger", "arguments": {"first_dose": 5}}', 1, "first_dose", "not_an_instant"),
        (b'{"id": 1, "command": "blocks", "arguments": {"config": 0}}', 1, "config", "not_an_object"),
        (b'{"id": 1, "command": "blocks", "arguments": {"config": "\\u0000"}}', 1, "config", "file_unreadable"),
        (b'{"id": 1, "command": "blocks", "arguments": {"config": "\\ud800"}}', 1, "config", "file_unreadable"),
        (b'{"id": 1, "command": "nhs-number"}', 1, "number", "missing"),
        (b'{"id": 1, "command": "nhs-number", "arguments": {"9434765919": 1}}', 1, "?", "unknown_key"),
        (b'{"id": 1, "command": "nhs-number", "arguments": {"number": ["9434765919"]}}', 1, "number", "not_text"),
    ],
)  # fmt: skip
def test_a_bad_line_says_what_is_wrong_and_stops_no_other(
    batch: Callable[[bytes], list[Any]], line: bytes, line_id: object, field: str, code: str
) -> None:
    good = b'{"id": 9, "command": "check-digit", "arguments": {"digits": 572}}'

    first, second, third = batch(b"\n".join([good, line, b"", good]))

    assert first == third == {"id": 9, "result": {"check": 4}}
    assert (second["id"], second["problem"]["field"], second["problem"]["code"]) == (line_id, field, code)
    assert second["problem"].keys() == {"field", "code", "message"}
    assert "9434765919" not in json.dumps(second)


def test_an_empty_batch_has_no_answers(batch: Callable[[bytes], list[Any]]) -> None:
    assert batch(b"") == []


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["A", "B", "range", "1", "0.5", "2026-02-29", "2026-02-28", "2026-03-29T01:30:00Z", "GB"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*DESIGN, *LIST, "name", "weight", "counts", "scheme", "p"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(CALCULATORS)), st.data())
def test_whatever_is_asked_is_answered_or_refused_in_words(name: str, data: st.DataObject) -> None:
    calculator = CALCULATORS[name]
    names = st.sampled_from(sorted(calculator.arguments))
    arguments = data.draw(st.dictionaries(names, ANYTHING))
    config = arguments.get("config")
    if isinstance(config, dict):
        base = DESIGN if name == "minimise" else LIST
        arguments["config"] = base | {key: value for key, value in config.items() if key in base}

    try:
        answer = json.dumps(calculator.result(arguments), allow_nan=False)
    except InputInvalid as invalid:
        answer = json.dumps(invalid.as_problem())

    assert answer.startswith("{")
