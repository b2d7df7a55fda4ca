"""Our own export: the same bytes for the same snapshot, valid, and read back by a second reader as it was meant."""

from dataclasses import replace
from datetime import date

import pytest
from lxml import etree

from services.safety.domain.icsr.case_snapshot import (
    CaseSnapshot,
    Coded,
    Correction,
    Death,
    Reporter,
    Transmission,
)
from services.safety.domain.icsr.check import Profile, check_document
from services.safety.domain.icsr.message_writer import write_report
from services.safety.domain.icsr.report_values import Block, read_report
from services.safety.domain.icsr.schema_check import SCHEMA_FILE, schema_findings
from services.safety.domain.icsr.xml_reader import read_document
from services.safety.store.e2b_tables import shipped_standard
from shared.xml_schema import XmlSchema
from tests.oracles import oracle
from tests.safety.icsr_cases import CASE, DRUG_A, DRUG_B, NOW, REACTION, TO_FDA, TRANSMISSION, fda_case

HOSTILE = (
    "<script>alert(1)</script> & \u202eRTL\u2066 \x00\x1b =cmd|' /C calc'!A0 ]]> 943 476 5919\r\nline \ud800"
)
SECOND_REACTION = replace(
    CASE.reactions[0],
    id="01938f2e-7c00-7000-8000-000000000002",
    term="Cardiac arrest",
    coded=Coded(code="10007515", version="29.0"),
    criteria=frozenset("abcdef"),
    outcome="5",
    native_term="Herzstillstand",
    native_language="deu",
    end="202611161345",
)
CASES = {
    "first report": CASE,
    "follow-up": replace(CASE, latest_information_on=date(2026, 11, 19), narrative="Recovered."),
    "amendment": replace(CASE, correction=Correction(code="2", reason="Weight was typed wrong.")),
    "nullification": replace(CASE, correction=Correction(code="1", reason="Entered for another child.")),
    "death": replace(
        CASE,
        reactions=(CASE.reactions[0], SECOND_REACTION),
        patient=replace(CASE.patient, death=Death(on=date(2026, 11, 16), autopsy=False)),
    ),
    "death of unknown date": replace(CASE, patient=replace(CASE.patient, death=Death(on=None))),
    "merged": replace(
        CASE,
        other_numbers=(("Hospital 013", "GB-HOSPITAL-9"),),
        linked_numbers=("GB-NETWORK-EP01-0002", "GB-NETWORK-EP01-0003"),
        reporters=(*CASE.reporters, Reporter(qualification="", country="")),
    ),
    "sparse": replace(
        CASE,
        patient=replace(CASE.patient, age=None, age_group="", sex="", weight_kg="", history="Glioma since 2024."),
        drugs=tuple(
            replace(one, dosages=(), substances=(), authorisation=None, indication="", action="")
            for one in CASE.drugs
        ),
        relatedness=(),
        reporter_comments="",
        sender_comments="",
    ),
    "hostile words": replace(CASE, narrative=HOSTILE, reporter_comments=HOSTILE),
    "under an IND": fda_case(),
    "follow-up under an IND": fda_case(latest_information_on=date(2026, 11, 19)),
}  # fmt: skip


def sent(case: CaseSnapshot) -> Transmission:
    return TRANSMISSION if case.fda is None else TO_FDA


def read(raw: bytes) -> Block:
    return read_report(read_document(raw, roots=("MCCI_IN200100UV01",)), shipped_standard().fda)


def value(raw: bytes, element: str) -> str:
    return next(block.text(element) for block in read(raw).every() if block.has(element))


@pytest.mark.parametrize("name", list(CASES))
def test_every_kind_of_report_passes_the_layers(name: str) -> None:
    case = CASES[name]

    findings = check_document(write_report(case, sent(case)), case.profile, shipped_standard(), now=NOW)

    assert findings == []


@pytest.mark.oracle
@pytest.mark.parametrize("name", list(CASES))
def test_every_kind_of_report_is_valid_against_the_schema(name: str) -> None:
    schema = XmlSchema(oracle("e2b", "xsd", SCHEMA_FILE, not_checked="our export against the ICH schema"))
    case = CASES[name]

    assert schema_findings(schema.problems(write_report(case, sent(case)))) == []


@pytest.mark.parametrize("name", list(CASES))
def test_the_same_snapshot_gives_the_same_bytes(name: str) -> None:
    case = CASES[name]

    assert write_report(case, sent(case)) == write_report(replace(case), replace(sent(case)))


def test_seriousness_is_never_written_as_false() -> None:
    raw = write_report(CASES["death"], TRANSMISSION).decode()

    for code in (34, 21, 33, 35, 12, 26):
        parts = raw.split(f'<code code="{code}" codeSystem="2.16.840.1.113883.3.989.2.1.1.19"/>')[1:]
        written = {part.lstrip().split("\n")[0] for part in parts}
        assert written <= {'<value xsi:type="BL" value="true"/>', '<value xsi:type="BL" nullFlavor="NI"/>'}


def test_the_participants_number_is_the_only_thing_that_says_who() -> None:
    raw = write_report(CASE, TRANSMISSION)

    assert value(raw, "D.1.1.4") == "EP01-012-0078"
    tree = read(raw)
    assert {block.values["D.1"].null_flavor for block in tree.every() if block.has("D.1")} == {"MSK"}
    assert {block.values["D.2.1"].null_flavor for block in tree.every() if block.has("D.2.1")} == {"MSK"}


def test_blinded_is_true_for_a_product_whose_allocation_is_not_known_and_absent_else() -> None:
    drugs = {block.text("G.k.2.2"): block for block in read(write_report(CASE, TRANSMISSION)).all("G.k")}

    assert drugs["Co-trimoxazole"].text("G.k.2.5") == "true"
    assert not drugs["Palbociclib"].has("G.k.2.5")


def test_nullification_keeps_the_numbers_and_says_why() -> None:
    raw = write_report(CASES["nullification"], TRANSMISSION)

    assert (value(raw, "C.1.1"), value(raw, "C.1.8.1")) == (CASE.number, CASE.worldwide_number)
    assert (value(raw, "C.1.11.1"), value(raw, "C.1.11.2")) == ("1", "Entered for another child.")


def test_hostile_words_stay_words_and_only_what_no_document_can_hold_is_replaced() -> None:
    raw = write_report(CASES["hostile words"], TRANSMISSION)

    told = etree.fromstring(raw).findtext(".//{urn:hl7-org:v3}investigationEvent/{urn:hl7-org:v3}text")
    assert told == HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "\ufffd")


def test_what_we_wrote_we_read() -> None:
    tree = read(write_report(fda_case(), TO_FDA))
    texts = {number: one.text for block in tree.every() for number, one in block.values.items() if one.text}

    assert texts["N.1.4"] == "ZZFDA_PREMKT"
    assert texts["C.1.2"] == "20261119093000+0000"
    assert (texts["D.2.2a"], texts["D.2.2b"], texts["D.3"]) == ("7", "a", "23.5")
    assert (texts["G.k.4.r.1a"], texts["G.k.4.r.1b"], texts["G.k.4.r.10.1"]) == ("70", "mg", "Oral")
    assert (texts["G.k.4.r.4"], texts["G.k.4.r.5"], texts["G.k.4.r.7"]) == ("20261101", "20261114", "L-77")
    assert (texts["G.k.3.1"], texts["G.k.3.2"], texts["G.k.3.3"]) == ("EU/1/16/1147", "EU", "Invented Holder")
    assert (texts["C.5.2"], texts["C.5.3"], texts["C.5.1.r.1"]) == ("EP01", "EP01-2026", "1012345")
    assert (texts["FDA.C.5.5a"], texts["FDA.C.1.7.1"], texts["FDA.C.1.12"]) == ("123456", "6", "false")
    assert (texts["H.2"], texts["H.4"]) == (CASE.reporter_comments, CASE.sender_comments)


# a second reader, not ours


def test_a_second_reader_finds_the_same_code_seriousness_and_two_opinions() -> None:
    e2br3 = pytest.importorskip(
        "e2br3", reason="the second reader is not installed; our export was not compared"
    )

    icsr = e2br3.parse(write_report(CASE, TRANSMISSION)).messages[0].icsr

    assert (icsr.safety_report_id, icsr.worldwide_case_id) == (CASE.number, CASE.worldwide_number)
    assert (icsr.first_received_date.raw, icsr.most_recent_date.raw) == ("20261117", "20261118")
    assert (icsr.report_type.code, icsr.narrative) == ("2", CASE.narrative)
    [reaction] = icsr.reactions
    assert (reaction.id, reaction.meddra_code, reaction.meddra_version) == (REACTION, "10040047", "29.0")
    assert (reaction.translated_term, reaction.start_date.raw, reaction.outcome.code) == (
        "Sepsis",
        "20261115",
        "2",
    )
    assert [reaction.life_threatening, reaction.hospitalisation] == [True, True]
    others = (
        reaction.results_in_death,
        reaction.disabling,
        reaction.congenital_anomaly,
        reaction.other_medically_important,
    )
    assert {one.null_flavor.value for one in others} == {"NI"}
    opinions = {
        drug.id: [
            (one.source.original_text, one.method.original_text, one.result)
            for entry in drug.relatedness
            for one in entry.assessments
        ]
        for drug in icsr.drugs
    }
    assert opinions == {
        DRUG_A: [("Investigator", "Global introspection", "Related")],
        DRUG_B: [("Investigator", "Global introspection", "Not related")],
    }
    assert [(drug.product_name, drug.role.code) for drug in icsr.drugs] == [
        ("Palbociclib", "1"),
        ("Co-trimoxazole", "2"),
    ]


def test_a_second_reader_finds_a_nullification() -> None:
    e2br3 = pytest.importorskip(
        "e2br3", reason="the second reader is not installed; our export was not compared"
    )

    icsr = e2br3.parse(write_report(CASES["nullification"], TRANSMISSION)).messages[0].icsr

    assert icsr.nullification_amendment.code == "1"
    assert icsr.nullification_reason == "Entered for another child."


def test_the_profile_of_a_snapshot_follows_from_its_receiver() -> None:
    assert (CASE.profile, fda_case().profile) == (Profile.ICH, Profile.FDA_PREMARKET)
