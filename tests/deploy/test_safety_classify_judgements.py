"""`trialops safety classify`: expectedness by the version in force at onset, and what is still to be asked."""

from typing import Any

import pytest

from tests.deploy.cases import DOCUMENTED, FATAL, HOSPITALISED, classified, due


def versions(**members: Any) -> list[dict[str, Any]]:
    entry = {"term": "Sepsis", "max_grade": 4, "fatal_expected": False, "authorised_in_eu": False} | members
    return [
        {"version": 1, "approved_on": "2026-01-01", "entries": []},
        {"version": 2, "approved_on": "2026-03-10", "entries": [entry]},
        {"version": 3, "approved_on": None, "entries": [entry | {"term": "Fever"}]},
    ]


@pytest.mark.parametrize(
    ("onset_on", "version", "expected", "found_class"),
    [
        ("2026-03-01", 1, False, "SUSAR"),
        ("2026-03-10", 2, True, "SAR"),
        ("2026-03-11", 2, True, "SAR"),
        ("2025-12-31", None, None, "SUSAR"),
        (None, None, None, "SUSAR"),
    ],
)
def test_the_version_approved_and_in_force_at_onset_decides(
    onset_on: str | None, version: int | None, expected: bool | None, found_class: str
) -> None:
    found = classified(
        HOSPITALISED, aware_at="2026-03-12", onset_on=onset_on, expectedness=None, rsi=versions()
    )

    assert (found["rsi_version"], found["expected"], found["class"]) == (version, expected, found_class)
    assert found["provisional"] is (expected is None)


def test_a_version_without_approval_is_ignored() -> None:
    found = classified(
        HOSPITALISED, onset_on="2026-12-01", expectedness=None, rsi=versions(), event={"term": "Fever"}
    )

    assert (found["rsi_version"], found["expected"]) == (2, False)


@pytest.mark.parametrize(
    ("grade", "expected", "queries"),
    [(4, True, []), (3, True, []), (None, None, ["expectedness_missing"])],
)
def test_an_event_is_expected_up_to_the_grade_listed(
    grade: int | None, expected: bool | None, queries: list[str]
) -> None:
    event = {"term": "SEPSIS ", "grade": grade}

    found = classified(HOSPITALISED, event=event, onset_on="2026-12-01", expectedness=None, rsi=versions())

    assert (found["expected"], found["queries"]) == (expected, queries)


def test_a_more_severe_event_than_listed_is_unexpected() -> None:
    found = classified(
        HOSPITALISED, event={"term": "Sepsis", "grade": 4}, onset_on="2026-12-01", expectedness=None,
        rsi=versions(max_grade=3),
    )  # fmt: skip

    assert (found["expected"], found["class"]) == (False, "SUSAR")


@pytest.mark.parametrize(
    ("listed", "expected", "needs_confirmation"),
    [
        ({}, False, False),
        ({"fatal_expected": True}, False, False),
        ({"authorised_in_eu": True, "max_grade": 5}, False, False),
        ({"fatal_expected": True, "authorised_in_eu": True}, None, True),
    ],
)
def test_a_fatal_reaction_is_only_ever_proposed_as_expected(
    listed: dict[str, Any], expected: bool | None, needs_confirmation: bool
) -> None:
    dead = FATAL | {"event": FATAL["event"] | {"term": "Sepsis"}}

    found = classified(HOSPITALISED | dead, onset_on="2026-12-01", expectedness=None, rsi=versions(**listed))

    assert (found["expected"], found["expected_needs_confirmation"]) == (expected, needs_confirmation)
    assert (found["class"], found["provisional"]) == ("SUSAR", needs_confirmation)


def test_a_life_threatening_reaction_is_unexpected_unless_it_is_listed_as_such() -> None:
    found = classified(
        HOSPITALISED,
        seriousness={"investigator": ["life_threatening"]},
        onset_on="2026-12-01",
        expectedness=None,
        rsi=versions(),
    )

    assert (found["expected"], due(found)) == (False, {"uk.susar.fatal": "2026-12-25"})


# queries and warnings


def test_a_missing_opinion_is_suspected_starts_the_clock_and_may_be_reported() -> None:
    found = classified(HOSPITALISED, causality=None)

    assert (found["class"], found["suspected"], found["provisional"]) == ("SUSAR", True, True)
    assert (found["queries"], found["submission_blocked"]) == (["causality_missing"], False)
    assert due(found) == {"uk.susar.other": "2027-01-02"}


@pytest.mark.parametrize(
    ("event", "queries"),
    [
        ({"outcome": "recovering", "death_on": "2026-12-17"}, ["grade_5_outcome_not_fatal"]),
        ({"outcome": "fatal"}, ["grade_5_without_death_date"]),
        ({}, ["grade_5_outcome_not_fatal", "grade_5_without_death_date"]),
    ],
)
def test_a_grade_5_that_contradicts_itself_is_asked_about_and_blocks_submission(
    event: dict[str, Any], queries: list[str]
) -> None:
    found = classified(DOCUMENTED, changes=[], reports_sent=[], event={"term": "Sepsis", "grade": 5} | event)

    assert (found["queries"], found["submission_blocked"]) == (queries, True)
    assert due(found) == {"uk.susar.fatal": "2026-12-25"}


def test_a_second_grade_5_is_a_warning() -> None:
    event = DOCUMENTED["event"] | {"participant_has_grade_5": True}

    assert classified(DOCUMENTED, event=event)["warnings"] == ["second_grade_5"]


def test_a_death_that_nobody_ticked_gets_the_shorter_clock_and_is_provisional() -> None:
    found = classified(HOSPITALISED, event=FATAL["event"], seriousness={"investigator": []})

    assert (found["serious"], found["provisional"]) == (True, True)
    assert due(found) == {"uk.susar.fatal": "2026-12-25"}
