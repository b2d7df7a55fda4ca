"""FDA's sample reports and the regulators' tables, beside ours."""

import csv
import re
from pathlib import Path

import pytest

from services.safety.domain.icsr.check import Profile, check_document
from services.safety.domain.icsr.element_table import ElementRule
from services.safety.domain.icsr.finding import Finding, Severity, Verdict, verdict
from services.safety.domain.icsr.schema_check import SCHEMA_FILE
from services.safety.store.e2b_tables import shipped_standard
from shared.xml_schema import XmlSchema
from tests.oracles import oracle
from tests.safety.icsr_cases import NOW

pytestmark = pytest.mark.oracle

SAMPLES = ("1", "3", "4", "5-1", "6")
NOT_CHECKED_HERE = {
    # post-market or devices: another route
    *("R0004", "R0012", "R0013", "R0014", "R0015", "R0027", "R0069", "R0072", "R0092", "R0093", "R0094"),
    *("R0095", "R0096", "R0114", "W0005", "W0007", "W0008"),
    # need FDA's register of applications and products
    *("R0105", "R0106", "W0009", "W0012"),
}
IN_CODE = {"R0010", "R0011", "R0021", "R0100", "R0101"}
PLACE_NOT_SETTLED = {
    "G.k.2.1.2a",
    "G.k.2.1.2b",
    "D.8.r.3a",
    "D.8.r.3b",
    "D.10.8.r.3a",
    "D.10.8.r.3b",
    "G.k.9.i.1",
}


def sample(name: str) -> bytes:
    path = oracle("e2b", "instances", f"FAERS2022Scenario{name}.xml", not_checked="FDA's sample reports")
    return path.read_bytes()


def judged(raw: bytes, profile: Profile = Profile.ICH) -> list[Finding]:
    return check_document(raw, profile, shipped_standard(), now=NOW)


def errors(found: list[Finding]) -> set[tuple[str, str]]:
    return {(one.element, one.rule) for one in found if one.severity is Severity.ERROR}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_and_nothing_mandatory_is_missed_in_it(name: str) -> None:
    found = judged(sample(name))

    assert verdict(found) is Verdict.INVALID
    assert not [one for one in found if one.rule in ("ICH-MANDATORY", "ICH-REQUIRED", "ICH-CONDITION")]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_was_created_before_it_was_received(name: str) -> None:
    assert errors(judged(sample(name))) >= {("C.1.2", "CON-ORDER"), ("C.1.4", "CON-ORDER")}


@pytest.mark.parametrize("name", ["1", "3", "4", "5-1"])
def test_a_samples_message_has_another_number_than_its_case(name: str) -> None:
    assert ("N.2.r.1", "ICH-SAME") in errors(judged(sample(name)))


def test_the_complete_samples_message_has_the_number_of_its_case() -> None:
    assert ("N.2.r.1", "ICH-SAME") not in errors(judged(sample("6")))


@pytest.mark.parametrize("name", ["1", "3", "4", "5-1"])
def test_a_samples_reaction_begins_after_the_report_was_made(name: str) -> None:
    assert ("E.i.4", "CON-AFTER-CREATION") in errors(judged(sample(name)))


@pytest.mark.parametrize("name", ["1", "3"])
def test_a_participant_born_in_2001_is_not_48_years_old(name: str) -> None:
    assert ("D.2.2a", "CON-AGE") in {(one.element, one.rule) for one in judged(sample(name))}


def test_aggregate_in_both_spellings_is_an_aggregate_and_the_wrong_one_is_noted() -> None:
    raw = sample("4")
    spelled = raw.replace(b"AGGREGRATE", b"AGGREGATE")

    for one in (raw, spelled):
        assert not [rule for _, rule in errors(judged(one, Profile.FDA_PREMARKET)) if rule.startswith("W")]
    assert "CON-SPELLING" in {one.rule for one in judged(raw)}
    assert "CON-SPELLING" not in {one.rule for one in judged(spelled)}


def test_fda_s_own_premarket_samples_break_none_of_its_rules_to_reject() -> None:
    for name in ("3", "4", "5-1"):
        assert not [
            rule for _, rule in errors(judged(sample(name), Profile.FDA_PREMARKET)) if rule.startswith("R")
        ]


@pytest.mark.parametrize("name", ["1", "6"])
def test_a_post_market_sample_is_not_for_the_premarket_route(name: str) -> None:
    assert ("N.1.4", "R0005") in errors(judged(sample(name), Profile.FDA_PREMARKET))


@pytest.mark.parametrize(
    ("element", "pattern", "text"),
    [
        ("H.1", rb"<text>[^<]*</text>", b""),
        ("E.i", rb'code="29" codeSystem', b'code="99" codeSystem'),
        ("C.1.4", rb'<low value="20220615"/>', b'<low value="29990615"/>'),
        ("E.i.7", rb'code="3" displayName="not recovered', b'code="77" displayName="not recovered'),
    ],
)
def test_what_the_schema_lets_pass_the_layers_find(element: str, pattern: bytes, text: bytes) -> None:
    schema = XmlSchema(oracle("e2b", "xsd", SCHEMA_FILE, not_checked="what the schema lets pass"))
    raw = re.sub(pattern, text, sample("3"))
    assert schema.problems(raw) == []
    assert raw != sample("3")

    before, after = errors(judged(sample("3"))), errors(judged(raw))

    assert element in {number for number, _ in after - before}


def test_us_report_of_a_death_without_its_date_is_r0041() -> None:
    raw = re.sub(
        rb'(code="34"[^>]+>\s*<value xsi:type="BL" )nullFlavor="NI"', rb'\1value="true"', sample("3"), count=1
    )

    assert ("D.9.1", "R0041") in errors(judged(raw, Profile.FDA_PREMARKET))


# the regulators' tables


def ich_rows() -> list[list[str]]:
    path = oracle("e2b", "tables", "ich-core-data-elements-v1.csv", not_checked="our table of ICH's elements")
    return [row for row in rows(path)[2:] if row[2].strip() and not (row[4] == "-" and row[7] == "-")]


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_our_table_has_every_element_of_ich_with_its_length_conformance_and_null_flavors() -> None:
    ours = shipped_standard().ich.elements
    compared = 0

    for row in ich_rows():
        number = row[2].strip()
        if number in PLACE_NOT_SETTLED:
            continue
        compared += 1
        _compare(ours[number], row)

    assert compared == len(ours)


def _compare(rule: ElementRule, row: list[str]) -> None:
    conformance = {"Conditional-Mandatory": "conditional"}.get(row[7].strip(), row[7].strip().lower())
    assert rule.conformance.value == conformance, rule.number
    if row[4].strip().isdigit():
        assert rule.length == int(row[4]), rule.number
    flavors = {
        name for name, at in zip(["NI", "MSK", "UNK", "NA", "ASKU", "NASK", "NINF", "PINF"], row[11:19], strict=True)
        if at.startswith("Y")
    }  # fmt: skip
    assert rule.null_flavors >= flavors, rule.number


def test_our_rules_name_every_rule_of_fda_or_say_why_not() -> None:
    path = oracle("e2b", "tables", "fda-rejection-warning-rules.csv", not_checked="FDA's list of rules")
    theirs = {row[5] for row in rows(path) if len(row) > 5 and re.fullmatch(r"[RW][0-9]{4}", row[5])}
    ours = {rule.rule for rule in shipped_standard().fda_rules} | IN_CODE

    assert len(theirs) == 121
    assert ours | NOT_CHECKED_HERE == theirs
    assert not ours & NOT_CHECKED_HERE
