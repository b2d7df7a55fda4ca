"""`trialops safety dlt`: the verdict as of a day, in YAML or JSON."""

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest

from deploy.trialops.calculators.safety_dlt import DLT
from tests.deploy.conftest import Tool
from tests.deploy.dlt_documents import ANC, DATA, DEFINITION, PROTOCOL, RASH, dosed, judged


@pytest.mark.parametrize(
    ("day", "verdict", "next_day"), [(8, "pending", 9), (9, "dlt", None)], ids=["day 8", "day 9"]
)
def test_the_worked_example_is_pending_on_day_8_and_a_dlt_on_day_9(
    tool: Tool, tmp_path: Path, day: int, verdict: str, next_day: int | None
) -> None:
    protocol, data = tmp_path / "protocol.yaml", tmp_path / "data.json"
    protocol.write_text(DEFINITION)
    data.write_text(json.dumps(DATA | {"as_of_day": day}))

    said = tool("safety", "dlt", "--protocol", str(protocol), "--data", str(data), "--json")

    assert said.code == 0
    found = said.document
    assert (found["verdict"], found["provisional"], found["next_day_to_check"]) == (verdict, None, next_day)
    assert found["convention"] == "day_difference"
    [anc] = [one for one in found["criteria"] if one["id"] == "anc-long"]
    assert (anc["met"], anc["since_day"], anc["assumed_ongoing"]) == (day == 9, 3, day == 9)


def test_both_documents_may_be_yaml_or_json(tmp_path: Path) -> None:
    yaml_, json_ = tmp_path / "definition.yml", tmp_path / "data.txt"
    yaml_.write_text(DEFINITION)
    json_.write_text(json.dumps(DATA))

    from_files = DLT.result({"protocol": str(yaml_), "data": str(json_)})

    assert from_files == judged()


def test_yaml_numbers_are_decimal_as_entered_and_other_words_are_texts(tmp_path: Path) -> None:
    data = tmp_path / "data.yaml"
    data.write_text(
        "as_of_day: 9\ndoses: {planned: 28, given: 8}\nevents:\n"
        "- {term: Neutrophil count decreased, causality: possible,\n"
        "   grades: [{day: 3, value: 0.4999999999999999999999, unit: 10^9/L}]}\n"
    )

    assert DLT.result({"protocol": PROTOCOL, "data": str(data)})["verdict"] == "dlt"


def test_with_inclusive_days_the_same_event_is_a_dlt_a_day_earlier() -> None:
    protocol = PROTOCOL | {"duration_convention": "inclusive_days"}

    found = DLT.result({"protocol": protocol, "data": DATA | {"as_of_day": 8}})

    assert (found["verdict"], found["convention"]) == ("dlt", "inclusive_days")


def test_entries_dated_on_the_day_that_begins_or_later_are_unknown() -> None:
    later = copy.deepcopy(ANC) | {"grades": [{"day": 3, "grade": 4}, {"day": 9, "grade": 1}]}

    assert judged(events=[later])["verdict"] == "dlt"
    assert judged(events=[later], as_of_day=10)["verdict"] == "dlt"


def test_a_value_is_graded_by_the_protocols_version_of_ctcae() -> None:
    low = {"term": "Neutrophil count decreased", "causality": "possible"}
    grades = [{"day": 3, "value": "0.3", "unit": "10^9/L"}]
    six = copy.deepcopy(PROTOCOL)
    six["dlt_definition"]["ctcae"] = "6.0+2026-01-20"

    in_five = judged(events=[low | {"grades": grades}])
    in_six = DLT.result({"protocol": six, "data": DATA | {"events": [low | {"grades": grades}]}})

    assert in_five["verdict"] == "dlt"
    assert in_six["verdict"] == "pending"


def test_a_value_that_cannot_be_severe_ends_a_duration_without_its_limits() -> None:
    grades = [{"day": 3, "grade": 4}, {"day": 7, "value": "1.8", "unit": "10^9/L"}]

    found = judged(events=[ANC | {"grades": grades}], as_of_day=29, doses=dosed(28))

    assert found["verdict"] == "no_dlt"


def test_a_value_without_its_unit_has_no_grade_and_says_so() -> None:
    grades = [{"day": 3, "value": "0.4"}]

    found = judged(events=[ANC | {"grades": grades}], as_of_day=29, doses=dosed(28))

    assert (found["verdict"], found["provisional"]) == ("pending", None)
    assert "grade_missing" in found["reasons"]
    assert found["warnings"] == ["events.0.grades.0.value: no grade follows from this value and unit"]


def test_an_unconfirmed_grade_and_a_missing_causality_are_provisional() -> None:
    unconfirmed = judged(events=[RASH | {"grades": [{"day": 5, "grade": 3, "confirmed": False}]}])
    unassessed = judged(events=[RASH | {"causality": None}])

    assert (unconfirmed["verdict"], unconfirmed["provisional"]) == ("pending", "dlt")
    assert (unassessed["verdict"], unassessed["provisional"]) == ("pending", "dlt")
    assert unassessed["evaluable"] is None


def test_an_exclusion_and_an_excluded_class_count_for_nothing() -> None:
    excluded = judged(events=[RASH | {"exclusion": "alt-brief"}], as_of_day=29, doses=dosed(28))
    blood = {"term": "Anemia", "causality": "definite", "grades": [{"day": 2, "grade": 4}]}

    assert excluded["verdict"] == "no_dlt"
    assert judged(events=[blood], as_of_day=29, doses=dosed(28))["verdict"] == "no_dlt"


@pytest.mark.parametrize(
    ("left", "verdict", "provisional", "replaced"),
    [
        ({"day": 5, "reason": "progression"}, "not_evaluable", None, True),
        ({"day": 5, "reason": "withdrawal"}, "not_evaluable", None, True),
        ({"day": 5, "reason": "death_from_progression"}, "not_evaluable", None, True),
        ({"day": 5, "reason": "other"}, "not_evaluable", None, True),
        ({"day": 5, "reason": "toxicity"}, "pending", "dlt", False),
        ({"day": 9, "reason": "progression"}, "pending", None, False),
    ],
)
def test_leaving_for_another_cause_is_not_evaluable_and_replaced(
    left: dict[str, Any], verdict: str, provisional: str | None, replaced: bool
) -> None:
    found = judged(left=left, events=[])

    assert (found["verdict"], found["provisional"], found["replaced"]) == (verdict, provisional, replaced)


def test_a_dlt_stays_evaluable_however_short_the_exposure() -> None:
    found = judged(events=[RASH], doses=dosed(1), left={"day": 6, "reason": "withdrawal"}, as_of_day=29)

    assert (found["verdict"], found["evaluable"], found["replaced"]) == ("dlt", True, False)


@pytest.mark.parametrize(("given_", "verdict"), [(20, "not_evaluable"), (21, "no_dlt")])
def test_too_little_exposure_is_not_evaluable(given_: int, verdict: str) -> None:
    assert judged(events=[], doses=dosed(given_), as_of_day=29)["verdict"] == verdict


def test_a_window_of_28_days_closes_as_day_29_begins() -> None:
    assert judged(events=[], doses=dosed(28), as_of_day=28)["next_day_to_check"] == 29
    assert judged(events=[], doses=dosed(28), as_of_day=29)["verdict"] == "no_dlt"


def test_unknown_doses_are_never_no_dlt_and_stated_delays_stand_without_them() -> None:
    delayed = judged(events=[], doses=None, dose_delays=[{"cause": "toxicity", "days": 15}])

    assert judged(events=[], doses=None, as_of_day=29)["verdict"] == "pending"
    assert delayed["verdict"] == "dlt"


def test_a_delay_runs_by_time() -> None:
    waiting = [{"cause": "toxicity", "since_day": 10}]

    assert judged(events=[], dose_delays=waiting, as_of_day=24)["next_day_to_check"] == 25
    assert judged(events=[], dose_delays=waiting, as_of_day=25)["verdict"] == "dlt"


@pytest.mark.parametrize(
    ("missed", "verdict", "provisional"),
    [
        ({"cause": "toxicity", "count": 8}, "dlt", None),
        ({"cause": "toxicity", "count": 7}, "no_dlt", None),
        ({"cause": None, "count": 8}, "pending", "dlt"),
        ({"cause": "other", "count": 8}, "not_evaluable", None),
    ],
)
def test_doses_missed_for_toxicity_beyond_the_percentage_are_a_dlt(
    missed: dict[str, Any], verdict: str, provisional: str | None
) -> None:
    criterion = {"id": "missed", "kind": "missed_doses", "cause": "toxicity", "more_than_percent": 25}
    doses = dosed(28 - missed["count"], missed)

    found = judged([criterion], events=[], doses=doses, as_of_day=29)

    assert (found["verdict"], found["provisional"]) == (verdict, provisional)


def test_doses_of_a_closed_window_that_nobody_explained_are_missed_for_an_unstated_cause() -> None:
    criterion = {"id": "missed", "kind": "missed_doses", "cause": "toxicity", "more_than_count": 3}

    found = judged([criterion], events=[], doses=dosed(22), as_of_day=29)

    assert (found["verdict"], found["provisional"]) == ("pending", "dlt")
    assert found["reasons"] == ["cause_not_stated"]


@pytest.mark.parametrize(
    ("committee", "verdict", "provisional"),
    [(None, "pending", "dlt"), ("confirmed", "dlt", None), ("refused", "no_dlt", None)],
)
def test_a_dlt_by_judgement_is_provisional_until_the_committee_has_said(
    committee: str | None, verdict: str, provisional: str | None
) -> None:
    criterion = {"id": "by-judgement", "kind": "judgement", "text": "any toxicity judged dose-limiting"}
    judgement = {"criterion": "by-judgement", "day": 5, "committee": committee}

    found = judged([criterion], events=[], judgements=[judgement], doses=dosed(28), as_of_day=29)

    assert (found["verdict"], found["provisional"]) == (verdict, provisional)


def test_a_term_that_no_dictionary_knows_needs_its_class_and_is_pointed_out() -> None:
    odd = {"term": "Dose-limiting misery", "soc": "Psychiatric disorders", "causality": "possible"}

    found = judged(events=[odd | {"grades": [{"day": 2, "grade": 3}]}])

    assert found["verdict"] == "dlt"
    assert found["warnings"] == ["events.0.term: not a term of CTCAE 5.0"]


def test_a_criterion_that_can_never_work_is_pointed_out() -> None:
    found = judged([{"id": "typo", "term": "Neutrophils decreased", "grade_at_least": 4}], events=[])

    assert found["warnings"] == ["typo: no term 'Neutrophils decreased'"]


def test_people_read_the_verdict_and_a_line_for_each_criterion(tool: Tool, tmp_path: Path) -> None:
    protocol, data = tmp_path / "protocol.yaml", tmp_path / "data.json"
    protocol.write_text(DEFINITION)
    data.write_text(json.dumps(DATA))

    said = tool("safety", "dlt", "--protocol", str(protocol), "--data", str(data)).out

    assert "met, since day 3, assumed ongoing" in said
    assert "unknown" not in said


def test_a_batch_of_10_000_lines_takes_seconds(tool: Tool, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    lines = [
        {"id": place, "command": "dlt", "arguments": {"protocol": PROTOCOL, "data": DATA}}
        for place in range(10_000)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))

    begun = time.perf_counter()
    said = tool("safety", "batch", str(file))

    assert time.perf_counter() - begun < 30
    assert said.out.count('"verdict": "dlt"') == 10_000
