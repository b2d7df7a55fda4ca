"""Rules of the ICH layer, FDA's premarket profile and our own consistency, each broken once."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from services.safety.domain.icsr.case_snapshot import CaseSnapshot, Coded, Correction, Death, Registration
from services.safety.domain.icsr.check import Profile, check_document
from services.safety.domain.icsr.finding import Finding, Severity, Verdict, verdict
from services.safety.domain.icsr.message_writer import write_report
from services.safety.store.e2b_tables import shipped_standard
from tests.safety.icsr_cases import CASE, FDA, NOW, TO_FDA, TRANSMISSION, fda_case

BOOLEAN = r'>\n<value xsi:type="BL")'
NOT_GIVEN = r'\1 nullFlavor="NI"'
PRODUCT_OF_OPINION = r'(<originalText>Investigator(?:.|\n)*?productUseReference [^>]+>\n<id root=")[^"]+'
COUNTRY_OF_REPORTER = (
    r'<code code="GB" (codeSystem="1.0.3166.1.2.2"/>\n</location>\n</asLocatedEntity>\n'
    r"</assignedPerson>\n<rep)"
)

REACTION, DRUG = CASE.reactions[0], CASE.drugs[0]


def judged(
    case: CaseSnapshot = CASE,
    *,
    change: tuple[str, str] | None = None,
    initial: Mapping[str, bool] | None = None,
) -> list[Finding]:
    """Findings in the report of a case, one text of the file changed first if asked."""
    transmission = TRANSMISSION if case.fda is None else TO_FDA
    raw = write_report(case, transmission).decode()
    if change is not None:
        pattern, text = change
        assert re.search(pattern, raw), pattern
        raw = re.sub(pattern, text, raw, count=1)
    return check_document(raw.encode(), case.profile, shipped_standard(), now=NOW, initial=initial)


def found(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(one.element, one.rule) for one in findings}


def reaction(**changes: object) -> CaseSnapshot:
    return replace(CASE, reactions=(replace(REACTION, **changes),))  # type: ignore[arg-type]


# ICH: values


@pytest.mark.parametrize(
    ("element", "rule", "pattern", "text"),
    [
        ("E.i.7", "ICH-VALUE", r'code="2" (codeSystem="[0-9.]+1\.11")', r'code="77" \1'),
        ("C.1.4", "ICH-FUTURE", r'low value="20261117"', 'low value="29990101"'),
        ("C.1.4", "ICH-PRECISION", r'low value="20261117"', 'low value="202611"'),
        ("C.1.4", "ICH-DATE", r'low value="20261117"', 'low value="20261131"'),
        ("C.1.4", "ICH-DATE", r'low value="20261117"', 'low value="17 Nov 2026"'),
        ("N.1.5", "ICH-OFFSET", r'creationTime value="20261119093000\+0000"', 'creationTime value="20261119093000"'),
        ("N.1.5", "ICH-PRECISION", r'creationTime value="20261119093000\+0000"', 'creationTime value="20261119"'),
        ("N.2.r.1", "ICH-SAME", r"(<PORR_IN049016UV>\n<id extension=\")[^\"]+", r"\g<1>GB-NETWORK-OTHER"),
        ("C.1.7", "ICH-R2-ONLY", r'(code="23"[^>]+' + BOOLEAN + ' value="true"', NOT_GIVEN),
        ("C.1.6.1", "ICH-NULL-FLAVOR", r'(code="1" [^>]+1\.19"/' + BOOLEAN + ' value="false"', NOT_GIVEN),
        ("C.1.9.1", "ICH-VALUE", r'(code="2" [^>]+1\.23"/' + BOOLEAN + ' nullFlavor="NI"', r'\1 value="false"'),
        ("E.i.3.2a", "ICH-VALUE", r'(code="34"[^>]+>\n<value xsi:type="BL") nullFlavor="NI"', r'\1 value="false"'),
        ("C.2.r.3", "ICH-VALUE", r'(<location [^>]+>\n<code code=")GB', r"\1ZZ"),
        ("C.2.r.3", "ICH-TYPE", r'(<location [^>]+>\n<code code=")GB', r"\1gb"),
        ("D.3", "ICH-TYPE", r'value="23.5"', 'value="23,5"'),
        ("D.3", "ICH-LENGTH", r'value="23.5"', 'value="23.50000"'),
        ("D.2.2b", "ICH-CONDITION", r'value="7" unit="a"', 'value="7"'),
        ("D.2.2a", "ICH-CONDITION", r'value="7" unit="a"', 'unit="a"'),
        ("D.2.2b", "ICH-VALUE", r'value="7" unit="a"', 'value="7" unit="years"'),
        ("G.k.3.2", "ICH-CONDITION", r'<code code="EU" codeSystem="1.0.3166.1.2.2"/>', "<code/>"),
        ("G.k.7.r.2a", "ICH-CONDITION", r'(code="10018338" codeSystem="[0-9.]+") codeSystemVersion="29.0"', r"\1"),
        ("D.7.2", "ICH-CONDITION", r'<value xsi:type="ED" nullFlavor="UNK"/>', ""),
        ("C.3.2", "ICH-CONDITION", r"<name>Trials Office</name>", ""),
        ("C.5.4", "ICH-CONDITION", r'<code code="1" codeSystem="[0-9.]+1\.8"/>', ""),
        ("C.2.r.5", "ICH-PRIMARY-SOURCE", r'<priorityNumber value="1"/>', ""),
        ("G.k.9.i.1", "CON-REFERENCE", r'(adverseEffectReference [^>]+>\n<id root=")[^"]+', r"\g<1>0193-nowhere"),
        ("G.k.9.i.2.r", "CON-REFERENCE", PRODUCT_OF_OPINION, r"\g<1>x"),
    ],
)  # fmt: skip
def test_one_change_of_a_valid_report_is_found(element: str, rule: str, pattern: str, text: str) -> None:
    findings = judged(change=(pattern, text))

    assert (element, rule) in found(findings), findings


@pytest.mark.parametrize(
    ("element", "rule", "case"),
    [
        ("H.1", "ICH-REQUIRED", replace(CASE, narrative="")),
        ("H.1", "ICH-LENGTH", replace(CASE, narrative="x" * 100_001)),
        ("C.1.1", "ICH-CASE-NUMBER", replace(CASE, number="NETWORK1")),
        ("C.1.8.1", "ICH-CASE-NUMBER", replace(CASE, worldwide_number="ZZ-NETWORK-1")),
        ("E.i.2.1b", "ICH-TYPE", reaction(coded=Coded(code="Sepsis", version="29.0"))),
        ("E.i.2.1b", "ICH-LENGTH", reaction(coded=Coded(code="100400471", version="29.0"))),
        ("E.i.2.1a", "ICH-TYPE", reaction(coded=Coded(code="10040047", version="29"))),
        ("G.k.7.r.2a", "ICH-MEDDRA-VERSION", reaction(coded=Coded(code="10040047", version="28.1"))),
        ("C.2.r.5", "ICH-PRIMARY-SOURCE", replace(CASE, reporters=CASE.reporters * 2)),
        ("C.1.11.2", "ICH-CONDITION", replace(CASE, correction=Correction(code="1", reason=""))),
        ("C.1.11.1", "ICH-VALUE", replace(CASE, correction=Correction(code="3", reason="Entered twice."))),
        ("G.k.1", "ICH-SUSPECT", replace(CASE, drugs=tuple(replace(one, role="2") for one in CASE.drugs))),
        ("C.5.1.r.1", "ICH-LENGTH",
         replace(CASE, study=replace(CASE.study, registrations=(Registration(number="9" * 51, country="GB"),)))),
        ("C.1.5", "CON-ORDER", replace(CASE, latest_information_on=date(2026, 11, 16))),
        ("C.1.2", "CON-ORDER", replace(CASE, latest_information_on=date(2026, 11, 20))),
        ("C.1.4", "CON-ORDER", replace(CASE, first_received_on=date(2026, 11, 20))),
        ("E.i.5", "CON-ORDER", reaction(end="20261114")),
        ("E.i.4", "CON-AFTER-CREATION", reaction(onset="20261120")),
        ("E.i.7", "CON-DEATH", reaction(criteria=frozenset("a"))),
        ("E.i.3.2a", "CON-DEATH", reaction(outcome="5")),
        ("D.9.1", "CON-DEATH", reaction(criteria=frozenset("a"), outcome="5")),
        ("E.i.4", "CON-DEATH", replace(CASE, patient=replace(CASE.patient, death=Death(on=date(2026, 11, 14))))),
        ("E.i", "CON-ID", replace(CASE, reactions=(REACTION, REACTION))),
    ],
)  # fmt: skip
def test_one_fact_that_breaks_a_rule_is_found(element: str, rule: str, case: CaseSnapshot) -> None:
    findings = judged(case)

    assert (element, rule) in found(findings), findings


def test_an_age_that_does_not_fit_the_birth_is_a_warning_and_both_a_note() -> None:
    findings = judged(change=(r'<birthTime nullFlavor="MSK"/>', '<birthTime value="20010615"/>'))

    assert found(findings) == {("D.2.2a", "CON-AGE"), ("D.2.2a", "ICH-AGE-ONCE")}
    assert {one.severity for one in findings} == {Severity.WARNING, Severity.NOTE}
    assert verdict(findings) is Verdict.VALID


def test_a_birth_seven_years_before_the_onset_fits() -> None:
    findings = judged(change=(r'<birthTime nullFlavor="MSK"/>', '<birthTime value="20190615"/>'))

    assert found(findings) == {("D.2.2a", "ICH-AGE-ONCE")}


def test_the_day_that_has_begun_somewhere_on_earth_is_not_the_future() -> None:
    assert judged(reaction(onset="2026")) == []
    assert ("E.i.4", "ICH-FUTURE") in found(judged(reaction(onset="20261122")))


def test_a_finding_repeats_nothing_of_the_report() -> None:
    secret = "Jane Example 943 476 5919"

    findings = judged(
        replace(CASE, number=secret, worldwide_number=secret), change=(r'value="7"', f'value="{secret}"')
    )

    assert findings
    assert not [
        one for one in findings if "Jane" in one.message + one.path or "943" in one.message + one.path
    ]


# FDA's premarket profile


def fda(**changes: object) -> CaseSnapshot:
    return fda_case(fda=replace(FDA, **changes))  # type: ignore[arg-type]


def fatal() -> CaseSnapshot:
    return fda_case(reactions=(replace(REACTION, criteria=frozenset("a"), outcome="5"),))


def test_a_death_without_its_date_is_r0041() -> None:
    assert ("D.9.1", "R0041") in found(judged(fatal()))

    died = replace(fatal(), patient=replace(CASE.patient, death=Death(on=date(2026, 11, 18))))
    assert "R0041" not in {rule for _, rule in found(judged(died))}


def test_ich_knows_nothing_of_fdas_rules() -> None:
    assert not [
        rule for _, rule in found(judged(reaction(criteria=frozenset("a")))) if rule.startswith(("R", "W"))
    ]


@pytest.mark.parametrize(
    ("element", "rule", "case"),
    [
        ("FDA.C.1.7.1", "R0016", fda(report_type="2")),
        ("FDA.C.5.5a", "R0024", fda(ind_number="IND123456")),
        ("FDA.C.5.6.r", "R0026", fda(cross_reported=("12",))),
        ("G.k.9.i.2.r.2", "R0086", fda_case(relatedness=CASE.relatedness)),
        ("G.k.9.i.2.r.1", "R0085", fda_case(relatedness=())),
        ("G.k.9.i.2.r.3", "R0087", fda_case(relatedness=())),
        ("G.k.1", "R0070", fda_case(drugs=tuple(replace(one, role="2") for one in CASE.drugs))),
        ("G.k.1", "R0070", fda_case(drugs=(DRUG, replace(CASE.drugs[1], role="4")))),
        ("C.1.3", "R0112", fda_case(report_type="3")),
        ("C.1.3", "R0008", fda_case(report_type="1")),
        ("C.5.4", "R0113", fda_case(report_type="1")),
        ("C.5.4", "R0102", fda_case(study=replace(CASE.study, type="4"))),
        ("D.1", "W0010", fda_case(linked_numbers=("GB-NETWORK-EP01-0002",))),
    ],
)  # fmt: skip
def test_one_fact_that_breaks_a_rule_of_fda_is_found(element: str, rule: str, case: CaseSnapshot) -> None:
    findings = judged(case)

    assert (element, rule) in found(findings), findings
    assert {one.severity for one in findings if one.rule == rule} == {
        Severity.WARNING if rule.startswith("W") else Severity.ERROR
    }


@pytest.mark.parametrize(
    ("element", "rule", "pattern", "text"),
    [
        ("N.1.4", "R0005", r"ZZFDA_PREMKT", "ZZFDA"),
        ("N.2.r.3", "R0006", r"ZZFDA_PREMKT", "ZZFDA"),
        ("N.2.r.3", "R0007", r'"CDER_IND"', '"CDER"'),
        ("N.2.r.2", "R0100", r'extension="NETWORK" (root="[0-9.]+3\.11")', r'extension="OTHER" \1'),
        ("FDA.C.5.5a", "R0024", r'<id extension="123456"[^>]+>', "<id/>"),
        ("FDA.C.5.6.r", "R0026", r'<id nullFlavor="NA" [^>]+>', "<id/>"),
        ("C.1.3", "R0110", r'<code code="1" codeSystem="[0-9.]+1\.8"/>', ""),
        ("C.5.4", "R0023", r'<code code="1" codeSystem="[0-9.]+1\.8"/>', ""),
        ("C.2.r.3", "R0019", COUNTRY_OF_REPORTER, r"<code \1"),
        ("C.2.r.5", "R0021", r'<priorityNumber value="1"/>', ""),
        ("C.3.2", "R0022", r"<name>Trials Office</name>", ""),
        ("G.k.9.i.2.r.3", "R0087", r">Suspected<", ">Perhaps<"),
        ("D.9.3", "R0045", r'(<birthTime nullFlavor="MSK"/>)', r'\1<deceasedTime value="20261118"/>'),
        ("FDA.D.11.r", "W0003", r'C17049', "C00000"),
        ("FDA.D.12", "W0004", r'C16564', "C00000"),
        ("C.1.10.r", "W0001", r'<name nullFlavor="MSK"/>', "<name>AGGREGATE</name>"),
        ("FDA.D.11.r", "W0003", r'<name nullFlavor="MSK"/>', "<name>AGGREGRATE</name>"),
        ("D.1", "CON-SPELLING", r'<name nullFlavor="MSK"/>', "<name>AGGREGRATE</name>"),
        ("C.1.7", "R0011", r'(code="23"[^>]+' + BOOLEAN + ' value="true"', NOT_GIVEN),
    ],
)  # fmt: skip
def test_one_change_of_a_report_to_fda_is_found(element: str, rule: str, pattern: str, text: str) -> None:
    initial = {"GB-NETWORK-EP01-0001": True}

    findings = judged(fda_case(), change=(pattern, text), initial=initial)

    assert (element, rule) in found(findings), findings


@pytest.mark.parametrize(("initial", "severity"), [(None, "warning"), (True, "error"), (False, None)])
def test_an_amendment_of_what_was_never_sent_is_r0101(initial: bool | None, severity: str | None) -> None:
    same_day = fda_case(
        correction=Correction(code="2", reason="Age was typed wrong."),
        latest_information_on=date(2026, 11, 17),
    )
    known = None if initial is None else {same_day.number: initial}

    findings = [one.severity.value for one in judged(same_day, initial=known) if one.rule == "R0101"]

    assert findings == ([] if severity is None else [severity])


def test_profiles_are_the_two_that_the_calculator_offers() -> None:
    assert [profile.value for profile in Profile] == ["ich", "fda-premarket"]
