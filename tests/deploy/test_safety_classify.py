"""`trialops safety classify`: the documented case, classes, upgrades, exemptions and reports already sent."""

import json
from pathlib import Path

import pytest

from tests.deploy.cases import DOCUMENTED, FATAL, HOSPITALISED, classified, due, met
from tests.deploy.conftest import Tool

KEYS = {
    *("class", "provisional", "serious", "suspected", "expected", "expected_needs_confirmation"),
    *("rsi_version", "causality_disagreement", "day_0", "deadlines", "effective_due_date"),
    *("in_annual_report", "queries", "warnings", "submission_blocked", "rules_applied", "reasons"),
}
DEADLINE_KEYS = {"rule", "day_0", "due_date", "due_at", "recipients", "inform_investigators", "met"}


def test_the_documented_case_without_changes_and_reports(tool: Tool, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(DOCUMENTED | {"changes": None, "reports_sent": None}))

    said = tool("safety", "classify", "--case", str(file), "--json")

    found = said.document
    assert said.code == 0
    assert found.keys() >= KEYS
    assert found["class"] == "SUSAR"
    (deadline,) = found["deadlines"]
    assert deadline.keys() >= DEADLINE_KEYS
    assert (deadline["rule"], deadline["due_date"], deadline["recipients"]) == (
        "uk.susar.fatal",
        "2026-12-25",
        ["MHRA"],
    )
    assert (found["provisional"], found["expected"], found["day_0"]) == (False, False, "2026-12-18")
    assert (found["queries"], found["warnings"], found["submission_blocked"]) == ([], [], False)


def test_the_documented_case_whole_has_its_report_sent_and_eight_days_for_the_rest() -> None:
    found = classified(DOCUMENTED)

    assert due(found) == {"uk.susar.fatal": "2026-12-25", "uk.susar.additional": "2026-12-29"}
    assert met(found) == {"uk.susar.fatal": True, "uk.susar.additional": False}
    assert found["effective_due_date"] == "2026-12-29"


def test_people_are_shown_the_deadlines_and_why(tool: Tool, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(DOCUMENTED))

    said = tool("safety", "classify", "--case", str(file))

    assert said.code == 0
    assert "SUSAR" in said.out
    assert "2026-12-25" in said.out
    assert "Serious: death." in said.out


def test_an_empty_case_counts_everything_missing_against_us() -> None:
    found = classified({})

    assert (found["class"], found["provisional"], found["serious"], found["suspected"]) == (
        *("SUSAR", True, True, True),
    )
    assert (found["expected"], found["deadlines"], found["day_0"]) == (None, [], None)
    assert found["queries"] == ["seriousness_missing", "causality_missing", "expectedness_missing"]


@pytest.mark.parametrize(
    ("dates", "serious", "causality", "expectedness", "found_class"),
    [
        (("2026-05-01", "2026-05-10", "2026-04-30"), ["death"], "definite", "unexpected", "medical_history"),
        (("2026-05-01", "2026-05-10", "2026-05-09"), [], "definite", "unexpected", "pre_treatment_event"),
        (("2026-05-01", "2026-05-10", "2026-05-01"), ["disability"], "definite", None, "pre_treatment_sae"),
        (("2026-05-01", "2026-05-10", "2026-05-10"), [], "unlikely", None, "AE"),
        ((None, None, None), [], "possible", None, "AR"),
        ((None, None, "2026-05-10"), ["disability"], "unrelated", None, "SAE"),
        ((None, "2026-05-10", None), ["disability"], "probable", "expected", "SAR"),
        (("2026-05-01", None, "2026-05-09"), ["disability"], "possible", "unexpected", "SUSAR"),
    ],
)
def test_each_class_and_only_a_susar_has_a_clock(
    dates: tuple[str | None, ...],
    serious: list[str],
    causality: str,
    expectedness: str | None,
    found_class: str,
) -> None:
    consent_on, first_dose_on, onset_on = dates

    found = classified(
        {},
        consent_on=consent_on,
        first_dose_on=first_dose_on,
        onset_on=onset_on,
        aware_at="2026-05-20",
        seriousness={"investigator": serious},
        causality={"investigator": causality},
        expectedness=expectedness,
    )

    assert (found["class"], found["provisional"], found["queries"]) == (found_class, False, [])
    assert bool(found["deadlines"]) is (found_class == "SUSAR")
    assert found["in_annual_report"] is (found_class in ("SAE", "SAR", "SUSAR"))


# upgrades


def test_becoming_fatal_opens_a_second_obligation_and_the_earliest_wins() -> None:
    found = classified(HOSPITALISED, changes=[{"on": "2026-12-20", "kind": "facts", **FATAL}])

    assert due(found) == {"uk.susar.other": "2027-01-02", "uk.susar.fatal": "2026-12-27"}
    assert (found["effective_due_date"], found["day_0"]) == ("2026-12-27", "2026-12-18")


def test_becoming_fatal_on_day_12_leaves_the_older_and_earlier_date_standing() -> None:
    found = classified(HOSPITALISED, changes=[{"on": "2026-12-30", "kind": "facts", **FATAL}])

    assert due(found) == {"uk.susar.other": "2027-01-02", "uk.susar.fatal": "2027-01-06"}
    assert found["effective_due_date"] == "2027-01-02"


def test_a_fatal_outcome_after_the_report_opens_a_new_clock_and_the_first_stays_met() -> None:
    found = classified(
        HOSPITALISED, reports_sent=["2026-12-22"], changes=[{"on": "2026-12-30", "kind": "facts", **FATAL}]
    )

    assert met(found) == {"uk.susar.other": True, "uk.susar.fatal": False}
    assert found["effective_due_date"] == "2027-01-06"


def test_new_facts_that_first_make_it_qualify_start_on_their_own_date() -> None:
    not_yet = HOSPITALISED | {"seriousness": {"investigator": []}}
    facts = {"on": "2026-12-22", "kind": "facts", "seriousness": {"investigator": ["disability"]}}

    found = classified(not_yet, changes=[facts])

    assert due(found) == {"uk.susar.other": "2027-01-06"}
    assert found["day_0"] == "2026-12-22"


@pytest.mark.parametrize(
    ("profile", "day_0"),
    [(None, "2026-12-18"), ("earliest", "2026-12-18"), ("judgement_date", "2026-12-22")],
)
def test_a_new_judgement_on_facts_held_already_counts_from_the_earliest_unless_the_profile_says_otherwise(
    profile: str | None, day_0: str
) -> None:
    not_suspected = HOSPITALISED | {"causality": {"investigator": "unrelated"}}
    upgrade = {"on": "2026-12-22", "kind": "judgement", "causality": {"sponsor": "possible"}}

    found = classified(not_suspected, day_zero_on_new_judgement=profile, changes=[upgrade])

    assert (found["class"], found["day_0"], found["causality_disagreement"]) == ("SUSAR", day_0, True)


def test_a_judgement_counts_from_the_facts_that_it_judges() -> None:
    case = HOSPITALISED | {
        "causality": {"investigator": "unrelated"},
        "seriousness": {"investigator": []},
        "changes": [
            {"on": "2026-12-28", "kind": "judgement", "causality": {"sponsor": "possible"}},
            {"on": "2026-12-21", "kind": "facts", "seriousness": {"investigator": ["disability"]}},
        ],
    }

    assert classified(case)["day_0"] == "2026-12-21"


def test_the_sponsor_never_lowers_an_opinion_and_nobody_takes_back_what_is_owed() -> None:
    lowered = {"on": "2026-12-20", "kind": "judgement", "causality": {"sponsor": "unrelated"}}
    changed = {"on": "2026-12-21", "kind": "judgement", "causality": {"investigator": "unrelated"}}

    by_sponsor = classified(HOSPITALISED, changes=[lowered])
    by_both = classified(HOSPITALISED, changes=[lowered, changed])

    assert (by_sponsor["class"], by_sponsor["causality_disagreement"]) == ("SUSAR", True)
    assert by_both["class"] == "SAE"
    assert by_both["effective_due_date"] == by_sponsor["effective_due_date"] == "2027-01-02"


def test_no_longer_fatal_keeps_the_shorter_clock_and_opens_no_second_one() -> None:
    fatal = HOSPITALISED | FATAL
    recovered = {
        "on": "2026-12-20",
        "kind": "facts",
        "event": {"grade": 4, "outcome": "recovering"},
        "seriousness": {"investigator": ["disability"]},
    }

    found = classified(fatal, changes=[recovered])

    assert due(found) == {"uk.susar.fatal": "2026-12-25"}


def test_merged_reports_count_from_the_earliest_awareness() -> None:
    found = classified(HOSPITALISED, merged_aware_at=["2026-12-19T08:00:00Z", "2026-12-15T23:59:00Z"])

    assert (found["day_0"], found["effective_due_date"]) == ("2026-12-15", "2026-12-30")


# reports


def test_additional_information_is_due_eight_days_after_the_report_and_not_on_day_15() -> None:
    found = classified(HOSPITALISED | FATAL, reports_sent=["2026-12-21"])

    assert due(found)["uk.susar.additional"] == "2026-12-29"
    assert "2027-01-02" not in due(found).values()


def test_a_susar_that_is_neither_fatal_nor_life_threatening_owes_nothing_more_in_the_united_kingdom() -> None:
    found = classified(HOSPITALISED, reports_sent=["2026-12-21"])

    assert (met(found), found["effective_due_date"]) == ({"uk.susar.other": True}, None)


def test_a_second_report_is_the_additional_information() -> None:
    found = classified(HOSPITALISED | FATAL, reports_sent=["2026-12-28", "2026-12-21", "2026-12-21"])

    assert met(found) == {"uk.susar.fatal": True, "uk.susar.additional": True}
    assert found["effective_due_date"] is None


def test_a_report_before_it_was_owed_meets_nothing_and_a_late_one_is_said_to_be_late() -> None:
    early = classified(HOSPITALISED, reports_sent=["2026-12-17"])
    late = classified(HOSPITALISED, reports_sent=["2027-01-03"])

    assert met(early) == {"uk.susar.other": False}
    assert (met(late), late["deadlines"][0]["met_late"]) == ({"uk.susar.other": True}, True)


def test_the_united_states_want_new_information_after_a_report_within_15_days() -> None:
    facts = {"on": "2026-12-28", "kind": "facts", "event": {"outcome": "recovering"}}

    found = classified(HOSPITALISED, regime="us-ind", reports_sent=["2026-12-21"], changes=[facts])

    assert due(found) == {"us.ind.other": "2027-01-02", "us.ind.follow_up": "2027-01-12"}
    assert [one["inform_investigators"] for one in found["deadlines"]] == [True, True]


def test_the_european_union_wants_a_first_report_completed() -> None:
    found = classified(HOSPITALISED | FATAL, regime="eu-ctr", reports_sent=["2026-12-21"])

    assert due(found) == {"eu.susar.fatal": "2026-12-25", "eu.susar.additional": "2026-12-29"}


# the protocol's own rules


def test_an_exempt_susar_follows_the_protocols_own_period_in_the_united_kingdom_alone() -> None:
    fever = DOCUMENTED | {
        "event": {"term": "fever", "ctcae": None, "grade": 3},
        "changes": [],
        "reports_sent": [],
    }
    fever["seriousness"] = {"investigator": ["hospitalisation"]}

    uk, old, eu = (classified(fever, regime=one) for one in ("uk-2026", "uk-2004-transitional", "eu-ctr"))

    assert due(uk) == {"protocol.P-7": "2027-01-17"}
    assert (uk["class"], uk["in_annual_report"], uk["rules_applied"]) == ("SUSAR", True, ["P-7"])
    assert due(old) == {"uk.susar.other": "2027-01-02"}
    assert (due(eu), eu["rules_applied"]) == ({"eu.susar.other": "2027-01-02"}, [])


def test_a_term_that_is_coded_anew_and_no_longer_exempt_gets_the_laws_clock_too() -> None:
    fever = DOCUMENTED | {"event": {"term": "Fever"}, "reports_sent": []}
    sepsis = {"on": "2026-12-20", "kind": "facts", "event": {"term": "Sepsis"}}

    found = classified(fever, changes=[sepsis])

    assert due(found) == {"uk.susar.fatal": "2026-12-27", "protocol.P-7": "2027-01-17"}


def test_a_planned_admission_is_not_serious_where_the_protocol_says_so_and_its_rule_is_kept() -> None:
    planned = HOSPITALISED | {"event": {"grade": 1, "admission": "planned_protocol_procedure"}}
    rule = {"not_serious": [{"rule": "P-2", "admission": "planned_protocol_procedure"}]}

    with_rule, without = classified(planned, protocol=rule), classified(planned)

    assert (with_rule["class"], with_rule["serious"], with_rule["rules_applied"]) == ("AR", False, ["P-2"])
    assert (without["class"], without["serious"]) == ("SUSAR", True)


def test_a_rule_on_admissions_takes_no_other_criterion_away() -> None:
    planned = HOSPITALISED | {"seriousness": {"investigator": ["hospitalisation", "disability"]}}
    rule = {"not_serious": [{"rule": "P-2", "admission": "planned"}]}

    found = classified(planned, event={"admission": "planned"}, protocol=rule)

    assert (found["serious"], found["rules_applied"]) == (True, ["P-2"])


def test_any_sae_has_the_sites_24_hours_which_are_never_the_effective_date() -> None:
    site = "2026-12-24T10:00:00Z"
    sae = HOSPITALISED | {"causality": {"investigator": "unrelated"}}

    before = classified(sae, site_aware_at=site, onset_on="2026-05-02", first_dose_on="2026-05-10")
    after = classified(sae, site_aware_at=site)
    mild = classified(sae, site_aware_at=site, seriousness={"investigator": []})

    for found in (before, after):
        (clock,) = found["deadlines"]
        assert (clock["rule"], clock["day_0"], clock["due_date"]) == ("site.report", None, None)
        assert (clock["due_at"], found["effective_due_date"]) == ("2026-12-25T10:00:00Z", None)
    assert mild["deadlines"] == []


def test_the_old_rules_tell_committee_and_investigators_too() -> None:
    found = classified(DOCUMENTED, regime="uk-2004-transitional", changes=[], reports_sent=[])

    (deadline,) = found["deadlines"]
    assert (deadline["due_date"], deadline["recipients"]) == ("2026-12-25", ["MHRA", "REC"])
    assert deadline["inform_investigators"] is True
