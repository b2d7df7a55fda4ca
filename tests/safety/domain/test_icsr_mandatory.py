"""Each of the 32 mandatory elements, and what is required besides, removed from our own export, is named."""

from dataclasses import replace

import pytest
from lxml import etree

from services.safety.domain.icsr.check import Profile, check_document
from services.safety.domain.icsr.finding import Finding, Severity
from services.safety.domain.icsr.message_writer import write_report
from services.safety.store.e2b_tables import shipped_standard
from tests.safety.icsr_cases import CASE, NOW, TO_FDA, TRANSMISSION, fda_case

P = "2.16.840.1.113883.3.989.2.1"
NS = {"h": "urn:hl7-org:v3"}
CASE_EVENT = "//h:investigationEvent"
REACTION = "//h:observation[h:code/@code='29']"
INNER = REACTION + "//h:outboundRelationship2[h:observation/h:code/@code='{}']"


def characteristic(code: str) -> str:
    return f"//h:subjectOf2[h:investigationCharacteristic/h:code/@code='{code}']"


MANDATORY = {
    "N.1.1": "/*/h:name",
    "N.1.2": "/*/h:id",
    "N.1.3": "/*/h:sender",
    "N.1.4": "/*/h:receiver",
    "N.1.5": "/*/h:creationTime",
    "N.2.r.1": "/*/h:PORR_IN049016UV/h:id",
    "N.2.r.2": "/*/h:PORR_IN049016UV/h:sender",
    "N.2.r.3": "/*/h:PORR_IN049016UV/h:receiver",
    "N.2.r.4": "/*/h:PORR_IN049016UV/h:creationTime",
    "C.1.1": f"{CASE_EVENT}/h:id[@root='{P}.3.1']",
    "C.1.2": "//h:controlActProcess/h:effectiveTime",
    "C.1.3": characteristic("1"),
    "C.1.4": f"{CASE_EVENT}/h:effectiveTime",
    "C.1.5": f"{CASE_EVENT}/h:availabilityTime",
    "C.1.6.1": "//h:component[h:observationEvent/h:code/@code='1']",
    "C.1.7": "//h:component[h:observationEvent/h:code/@code='23']",
    "C.1.8.1": f"{CASE_EVENT}/h:id[@root='{P}.3.2']",
    "C.1.8.2": "//h:outboundRelationship[h:relatedInvestigation/h:code/@code='1']",
    "C.1.9.1": characteristic("2"),
    "C.2.r.4": "//h:asQualifiedEntity",
    "C.3.1": f"{CASE_EVENT}/h:subjectOf1/h:controlActEvent/h:author/h:assignedEntity/h:code",
    "E.i.2.1a": REACTION + "/h:value/@codeSystemVersion",
    "E.i.2.1b": REACTION + "/h:value/@code",
    "E.i.3.2a": INNER.format(34),
    "E.i.3.2b": INNER.format(21),
    "E.i.3.2c": INNER.format(33),
    "E.i.3.2d": INNER.format(35),
    "E.i.3.2e": INNER.format(12),
    "E.i.3.2f": INNER.format(26),
    "E.i.7": INNER.format(27),
    "G.k.1": "//h:component[h:causalityAssessment/h:code/@code='20'][1]",
    "G.k.2.2": "//h:kindOfProduct/h:name",
}
REQUIRED = {"D.1": "//h:player1/h:name", "H.1": f"{CASE_EVENT}/h:text"}
BLOCKS = {
    "E.i": "//h:subjectOf2[h:observation/h:code/@code='29']",
    "G.k": "//h:subjectOf2[h:organizer/h:code/@code='4']",
    "C.2.r": "//h:outboundRelationship[h:relatedInvestigation/h:code/@code='2']",
    "N.2.r": "/*/h:PORR_IN049016UV",
}


def judged(raw: bytes, profile: Profile = Profile.ICH) -> list[Finding]:
    return check_document(raw, profile, shipped_standard(), now=NOW)


def without(raw: bytes, path: str) -> bytes:
    """The file without the first that a path finds, an attribute or an element."""
    tree = etree.fromstring(raw)
    last = path.rpartition("/")[2]
    attribute = last[1:] if last.startswith("@") and not last.endswith("]") else ""
    place = path.removesuffix(f"/@{attribute}")
    found = tree.xpath(place, namespaces=NS)
    assert isinstance(found, list)
    node = found[0]
    assert isinstance(node, etree._Element)
    if attribute:
        del node.attrib[attribute]
    else:
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)
    return etree.tostring(tree)


def errors(found: list[Finding]) -> set[str]:
    return {one.element for one in found if one.severity is Severity.ERROR}


def test_there_are_thirty_two() -> None:
    assert len(MANDATORY) == 32
    table = shipped_standard().ich.elements.values()
    assert {rule.number for rule in table if rule.conformance.value == "mandatory"} == set(MANDATORY)
    assert {rule.number for rule in table if rule.conformance.value == "required"} == set(REQUIRED)


def test_the_complete_report_has_no_finding() -> None:
    assert judged(write_report(CASE, TRANSMISSION)) == []
    assert judged(write_report(fda_case(), TO_FDA), Profile.FDA_PREMARKET) == []


@pytest.mark.parametrize("element", [*MANDATORY, *REQUIRED])
@pytest.mark.parametrize("profile", list(Profile))
def test_an_element_that_was_removed_is_named(element: str, profile: Profile) -> None:
    case, transmission = (CASE, TRANSMISSION) if profile is Profile.ICH else (fda_case(), TO_FDA)
    path = (MANDATORY | REQUIRED)[element]

    found = judged(without(write_report(case, transmission), path), profile)

    assert element in errors(found), found


@pytest.mark.parametrize("block", list(BLOCKS))
def test_a_block_that_is_absent_is_named_by_its_stem(block: str) -> None:
    assert block in errors(judged(without(write_report(CASE, TRANSMISSION), BLOCKS[block])))


def test_one_of_two_products_without_a_role_is_named() -> None:
    raw = without(write_report(CASE, TRANSMISSION), MANDATORY["G.k.1"])

    assert [one.element for one in judged(raw) if one.rule == "ICH-MANDATORY"] == ["G.k.1"]


def test_every_layer_runs_although_the_report_is_an_empty_shell() -> None:
    raw = b'<MCCI_IN200100UV01 xmlns="urn:hl7-org:v3"><PORR_IN049016UV/></MCCI_IN200100UV01>'

    found = errors(judged(raw, Profile.FDA_PREMARKET))

    inside_a_block = {"C.2.r.4", "G.k.1", "G.k.2.2"} | {one for one in MANDATORY if one.startswith("E.i")}
    assert found >= (set(MANDATORY) - inside_a_block) | set(REQUIRED) | {"C.2.r", "E.i", "G.k"}
    assert "R0005" in {one.rule for one in judged(raw, Profile.FDA_PREMARKET)}


def test_each_message_of_a_batch_is_judged() -> None:
    raw = write_report(CASE, TRANSMISSION)
    start, end = raw.index(b"<PORR_IN049016UV>"), raw.index(b"</PORR_IN049016UV>") + 18
    second = write_report(replace(CASE, narrative=""), TRANSMISSION)
    both = raw[:end] + second[second.index(b"<PORR_IN049016UV>") : second.index(b"</PORR_IN049016UV>") + 18]

    found = judged(both + raw[end:])

    assert start > 0
    assert [one.path.split("/")[2] for one in found if one.element == "H.1"] == ["PORR_IN049016UV[2]"]
