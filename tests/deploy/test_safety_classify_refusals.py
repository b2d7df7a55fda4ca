"""`trialops safety classify` and what it does not take, and the same for anything that could be asked in a batch."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.safety_classify import CLASSIFY
from deploy.trialops.calculators.safety_due import DUE
from tests.deploy.cases import DOCUMENTED, HOSPITALISED, classified
from tests.deploy.conftest import Tool


@pytest.mark.parametrize(
    ("members", "field", "code"),
    [
        ({"regime": "uk"}, "regime", "not_an_option"),
        ({"zone": "Mars/Olympus"}, "zone", "zone_unknown"),
        ({"susar": True}, "susar", "unknown_key"),
        ({"event": {"term": "Fatigue", "ctcae": "6.0", "grade": 5}}, "event.grade", "grade_not_defined_for_term"),
        ({"event": {"term": "Nothing such", "ctcae": "6.0"}}, "event.term", "term_not_in_dictionary"),
        ({"event": {"ctcae": "4.0"}}, "event.ctcae", "not_an_option"),
        ({"event": {"grade": 6}}, "event.grade", "grade_out_of_range"),
        ({"event": {"grade": 2.5}}, "event.grade", "not_a_whole_number"),
        ({"event": {"outcome": "dead"}}, "event.outcome", "not_an_option"),
        ({"event": {"severity": 3}}, "event.severity", "unknown_key"),
        ({"event": []}, "event", "not_an_object"),
        ({"event": {"participant_has_grade_5": "no"}}, "event.participant_has_grade_5", "not_true_or_false"),
        ({"seriousness": {"investigator": ["bad"]}}, "seriousness.investigator.0", "not_an_option"),
        ({"seriousness": {"investigator": "death"}}, "seriousness.investigator", "not_a_list"),
        ({"seriousness": {"nurse": []}}, "seriousness.nurse", "unknown_key"),
        ({"causality": {"sponsor": "maybe"}}, "causality.sponsor", "not_an_option"),
        ({"expectedness": "yes"}, "expectedness", "not_an_option"),
        ({"aware_at": "2026-12-18T10:00"}, "aware_at", "not_an_instant"),
        ({"merged_aware_at": ["2026-12-18", "soon"]}, "merged_aware_at.1", "not_an_instant"),
        ({"site_aware_at": "2026-12-18"}, "site_aware_at", "not_an_instant"),
        ({"onset_on": "2026-02-30"}, "onset_on", "not_a_date"),
        ({"rsi": [{"approved_on": "2026-01-01"}]}, "rsi.0.version", "missing"),
        ({"rsi": [{"version": 1, "entries": [{"max_grade": 3}]}]}, "rsi.0.entries.0.term", "missing"),
        (
            {"protocol": {"exempt_susars": [{"rule": "P", "term": "x"}]}},
            "protocol.exempt_susars.0.period_days",
            "missing",
        ),
        ({"protocol": {"exempt": []}}, "protocol.exempt", "unknown_key"),
        ({"changes": [{"kind": "facts"}]}, "changes.0.on", "missing"),
        ({"changes": [{"on": "2026-12-20", "kind": "gossip"}]}, "changes.0.kind", "not_an_option"),
        (
            {"changes": [{"on": "2026-12-20", "kind": "facts", "event": {"term": "Fatigue", "grade": 5}}]},
            "changes.0.event.grade",
            "grade_not_defined_for_term",
        ),
        ({"changes": [{"on": "2026-12-20", "kind": "facts"}] * 201}, "changes", "too_many"),
        ({"reports_sent": ["2026-12-21", "2026-12-21T10:00:00Z"]}, "reports_sent.1", "not_a_date"),
        ({"aware_at": "9999-12-30"}, "case", "beyond_calendar"),
    ],
)  # fmt: skip
def test_what_cannot_be_classified_is_refused_by_its_field(
    members: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InputInvalid) as refused:
        classified(HOSPITALISED, **members)

    assert (refused.value.field, refused.value.code) == (field, code)


def test_wrong_usage_is_one_line_on_stderr(tool: Tool, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(b"\xff")

    for arguments in ((), ("--case", str(file)), ("--case", str(tmp_path / "none.json"))):
        said = tool("safety", "classify", *arguments)

        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
        assert said.err.startswith("trialops: --case: ")


def test_a_batch_takes_the_case_itself_and_names_what_it_cannot_use(tool: Tool, tmp_path: Path) -> None:
    questions = [
        {"id": 1, "command": "classify", "arguments": {"case": DOCUMENTED}},
        {"id": 2, "command": "due", "arguments": {"regime": "eu-ctr", "aware_at": "2026-12-18"}},
        {"id": 3, "command": "classify", "arguments": {"case": {"event": {"grade": "five"}}}},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, questions)))

    said = tool("safety", "batch", str(file))

    first, second, third = map(json.loads, said.out.splitlines())
    assert (said.code, first["id"], first["result"]["class"]) == (0, 1, "SUSAR")
    assert second["result"]["due_date"] == "2027-01-02"
    assert (third["problem"]["field"], third["problem"]["code"]) == ("event.grade", "not_a_whole_number")


def test_the_most_changes_that_a_case_may_have_are_followed_in_seconds() -> None:
    changes = [
        {
            "on": str(date(2026, 12, 19) + timedelta(days=place)),
            "kind": ("facts", "judgement")[place % 2],
            "event": {"grade": place % 3 + 3},
        }
        for place in range(200)
    ]

    assert classified(HOSPITALISED, changes=changes)["class"] == "SUSAR"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        *[
            [
                "death",
                "possible",
                "facts",
                "2026-12-20",
                "9999-12-31",
                "0001-01-01",
                "Fever",
                "6.0",
                "expected",
            ]
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*DOCUMENTED, *DOCUMENTED["event"], "on", "kind", "version", "entries", "rule"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_whatever_is_asked_is_answered_or_refused_in_words(data: st.DataObject) -> None:
    replaced = data.draw(st.dictionaries(st.sampled_from([*DOCUMENTED, "other"]), ANYTHING, max_size=4))
    due = data.draw(st.dictionaries(st.sampled_from(sorted(DUE.arguments)), ANYTHING))

    for calculator, arguments in ((CLASSIFY, {"case": DOCUMENTED | replaced}), (DUE, due)):
        try:
            answer = json.dumps(calculator.result(arguments), allow_nan=False)
        except InputInvalid as invalid:
            answer = json.dumps(invalid.as_problem())

        assert answer.startswith("{")
