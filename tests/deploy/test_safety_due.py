"""`trialops safety due`: every documented example, every rule of every regime, and every input without an answer."""

from datetime import date, timedelta
from typing import Any

import pytest

from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.regimes import shipped_regimes
from deploy.trialops.calculators.safety_due import DUE
from tests.deploy.conftest import Tool

KEYS = {
    *("rule", "rule_version", "regime", "unit", "amount", "zone", "day_0", "due_date", "due_at", "shown_due"),
    *("warn_at", "recipients", "cite", "status"),
}


def due(**arguments: Any) -> dict[str, Any]:
    return DUE.result(arguments)


def test_the_documented_example(tool: Tool) -> None:
    said = tool("safety", "due", "--regime", "uk-2026", "--aware-at", "2026-10-22T23:30:00Z", "--json")

    found = said.document
    assert said.code == 0
    assert found.keys() >= KEYS
    assert (found["rule"], found["rule_version"], found["regime"]) == ("uk.susar.other", 2, "uk-2026")
    assert (found["unit"], found["amount"], found["zone"]) == ("calendar_days", 15, "Europe/London")
    assert (found["day_0"], found["due_date"]) == ("2026-10-23", "2026-11-07")
    assert found["due_at"] == "2026-11-08T00:00:00Z"
    assert (found["recipients"], found["status"]) == (["MHRA"], "confirmed")


@pytest.mark.parametrize(
    ("aware_at", "due_at", "shown"),
    [
        ("2026-10-24T14:00+01:00", "2026-10-25T13:00:00Z", "Sun 25 October 2026 13:00 GMT"),
        ("2027-03-27T14:00:00Z", "2027-03-28T14:00:00Z", "Sun 28 March 2027 15:00 BST"),
    ],
    ids=["SAF-1", "SAF-2"],
)
@pytest.mark.parametrize("regime", shipped_regimes())
def test_the_sites_24_hours_elapse_under_any_regime(
    regime: str, aware_at: str, due_at: str, shown: str
) -> None:
    found = due(regime=regime, rule="site.report", aware_at=aware_at)

    assert (found["due_at"], found["shown_due"]) == (due_at, shown)
    assert (found["unit"], found["amount"], found["day_0"], found["due_date"]) == ("hours", 24, None, None)


DOCUMENTED = {
    "uk-2026": {
        "uk.susar.fatal": (7, ["MHRA"]),
        "uk.susar.other": (15, ["MHRA"]),
        "uk.susar.additional": (8, ["MHRA"]),
        "uk.susar.abroad.fatal": (7, ["MHRA"]),
        "uk.susar.abroad.other": (15, ["MHRA"]),
        "uk.usm.notice": (7, ["MHRA", "REC"]),
        "uk.annual_report": (60, ["MHRA"]),
    },
    "uk-2004-transitional": {
        "uk.susar.fatal": (7, ["MHRA", "REC"]),
        "uk.susar.other": (15, ["MHRA", "REC"]),
        "uk.susar.additional": (8, ["MHRA", "REC"]),
        "uk.susar.abroad.fatal": (7, ["MHRA"]),
        "uk.susar.abroad.other": (15, ["MHRA"]),
        "uk.usm.notice": (3, ["MHRA", "REC"]),
        "uk.annual_report": (60, ["MHRA", "REC"]),
    },
    "uk-non-ctimp": {"uk.non_ctimp.sae": (15, ["REC"])},
    "eu-ctr": {
        "eu.susar.fatal": (7, ["EudraVigilance"]),
        "eu.susar.other": (15, ["EudraVigilance"]),
        "eu.susar.additional": (8, ["EudraVigilance"]),
    },
    "us-ind": {
        "us.ind.fatal": (7, ["FDA"]),
        "us.ind.other": (15, ["FDA"]),
        "us.ind.follow_up": (15, ["FDA"]),
        "us.ind.data_request": (15, ["FDA"]),
    },
}


@pytest.mark.parametrize(
    ("regime", "rule"), [(regime, rule) for regime, rules in DOCUMENTED.items() for rule in rules]
)
def test_every_rule_counts_its_own_days_from_a_date(regime: str, rule: str) -> None:
    days, recipients = DOCUMENTED[regime][rule]

    found = due(regime=regime, rule=rule, aware_at="2026-12-18")

    assert found["due_date"] == str(date(2026, 12, 18) + timedelta(days=days))
    assert (found["amount"], found["recipients"], found["day_0"]) == (days, recipients, "2026-12-18")
    assert found["cite"]


def test_no_rule_is_shipped_that_is_not_listed_here() -> None:
    shipped = {name: regime.rules.keys() - {"site.report"} for name, regime in shipped_regimes().items()}

    assert shipped.pop("hosted") == {"hosted.forward"}
    assert shipped == {name: rules.keys() for name, rules in DOCUMENTED.items()}


def test_an_event_of_a_hosted_trial_is_forwarded_within_24_hours() -> None:
    found = due(regime="hosted", aware_at="2026-10-24T13:00:00Z")

    assert (found["rule"], found["due_at"]) == ("hosted.forward", "2026-10-25T13:00:00Z")


@pytest.mark.parametrize(
    ("regime", "grave", "rule", "version"),
    [
        ("uk-2026", True, "uk.susar.fatal", 2),
        ("uk-2026", False, "uk.susar.other", 2),
        ("uk-2004-transitional", True, "uk.susar.fatal", 1),
        ("uk-2004-transitional", None, "uk.susar.other", 1),
        ("eu-ctr", True, "eu.susar.fatal", 1),
        ("eu-ctr", False, "eu.susar.other", 1),
        ("us-ind", True, "us.ind.fatal", 1),
        ("us-ind", False, "us.ind.other", 1),
        ("uk-non-ctimp", True, "uk.non_ctimp.sae", 1),
    ],
)
def test_the_flag_picks_the_susar_rule_and_the_regime_its_version(
    regime: str, grave: bool | None, rule: str, version: int
) -> None:
    found = due(regime=regime, aware_at="2026-12-18", fatal_or_life_threatening=grave)

    assert (found["rule"], found["rule_version"]) == (rule, version)


def test_the_old_rules_inform_investigators_and_the_new_ones_do_not() -> None:
    old, new = (due(regime=one, aware_at="2026-12-18") for one in ("uk-2004-transitional", "uk-2026"))

    assert (old["inform_investigators"], new["inform_investigators"]) == (True, False)


def test_the_annual_report_is_due_on_the_sixtieth_day() -> None:
    found = due(regime="uk-2026", rule="uk.annual_report", aware_at="2026-12-31")

    assert found["due_date"] == "2027-03-01"


def test_another_zone_has_another_date() -> None:
    found = due(regime="eu-ctr", aware_at="2026-10-24T22:30:00Z", zone="Europe/Berlin")

    assert (found["day_0"], found["due_at"]) == ("2026-10-25", "2026-11-09T23:00:00Z")


def test_a_trigger_before_the_rule_is_answered_with_a_warning() -> None:
    found = due(regime="uk-2026", aware_at="2026-04-27")

    assert found["warnings"] == ["before_applies_from"]
    assert due(regime="uk-2026", aware_at="2026-04-28")["warnings"] == []


@pytest.mark.parametrize(
    ("arguments", "field", "code"),
    [
        ({"aware_at": "2026-12-18"}, "regime", "missing"),
        ({"regime": "uk", "aware_at": "2026-12-18"}, "regime", "not_an_option"),
        ({"regime": "uk-2026"}, "aware_at", "missing"),
        ({"regime": "uk-2026", "aware_at": "2026-02-29"}, "aware_at", "not_a_date"),
        ({"regime": "uk-2026", "aware_at": "2026-12-18T10:00:00"}, "aware_at", "not_an_instant"),
        ({"regime": "uk-2026", "aware_at": 20261218}, "aware_at", "not_text"),
        ({"regime": "uk-2026", "aware_at": "9999-12-30"}, "aware_at", "beyond_calendar"),
        ({"regime": "uk-2026", "aware_at": "2026-12-18", "zone": "London"}, "zone", "zone_unknown"),
        ({"regime": "uk-2026", "aware_at": "2026-12-18", "rule": "eu.susar.fatal"}, "rule", "not_an_option"),
        ({"regime": "uk-2026", "aware_at": "2026-12-18", "rule": "site.report"}, "aware_at", "instant_needed"),
        (
            {"regime": "uk-2026", "aware_at": "2026-12-18", "fatal_or_life_threatening": "yes"},
            "fatal_or_life_threatening",
            "not_true_or_false",
        ),
        ({"regime": "uk-2026", "aware_at": "2026-12-18", "days": 7}, "days", "unknown_key"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_by_its_field(
    arguments: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InputInvalid) as refused:
        DUE.result(arguments)

    assert (refused.value.field, refused.value.code) == (field, code)


def test_wrong_usage_is_one_line_that_names_the_option(tool: Tool) -> None:
    said = tool("safety", "due", "--regime", "uk-2026", "--aware-at", "yesterday")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("trialops: --aware-at: ")
    assert said.err.count("\n") == 1


def test_people_are_shown_lines_of_words(tool: Tool) -> None:
    said = tool(
        *("safety", "due", "--regime", "uk-2026", "--aware-at", "2026-12-18", "--fatal-or-life-threatening")
    )

    assert "2026-12-25" in said.out
    assert "uk.susar.fatal" in said.out
