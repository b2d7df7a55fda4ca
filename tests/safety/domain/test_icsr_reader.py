"""Files from outside: what is refused before it is read, and that nothing hostile takes time or memory."""

import pytest

from services.safety.domain.icsr.check import Profile, check_document
from services.safety.domain.icsr.finding import Finding, Verdict, verdict
from services.safety.domain.icsr.message_writer import write_report
from services.safety.domain.icsr.xml_reader import (
    DEEPEST,
    MOST_BYTES,
    MOST_ELEMENTS,
    DocumentRefused,
    read_document,
)
from services.safety.store.e2b_tables import shipped_standard
from tests.safety.icsr_cases import CASE, NOW, TRANSMISSION

ROOT = "MCCI_IN200100UV01"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
BOMB = (
    b'<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def batch(inner: bytes) -> bytes:
    return b'<MCCI_IN200100UV01 xmlns="urn:hl7-org:v3">' + inner + b"</MCCI_IN200100UV01>"


@pytest.mark.parametrize(
    ("rule", "raw"),
    [
        ("DOC-DOCTYPE", HEAD + b"<!DOCTYPE a>" + batch(b"")),
        ("DOC-DOCTYPE", HEAD + BOMB + batch(b"&c;")),
        ("DOC-DOCTYPE", HEAD + b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + batch(b"")),
        ("DOC-DOCTYPE", b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://example.org/x'> %x;]>" + batch(b"")),
        ("DOC-DOCTYPE", ('<?xml version="1.0"?><!DOCTYPE a>' + batch(b"").decode()).encode("utf-16")),
        ("DOC-XML", batch(b"<id>&unknown;</id>")),
        ("DOC-XML", batch(b"<id>")),
        ("DOC-XML", b""),
        ("DOC-XML", b"\x00\xff\xfe"),
        ("DOC-XML", b'{"not": "xml"}'),
        ("DOC-XML", b'<?xml version="1.0" encoding="klingon"?>' + batch(b"")),
        ("DOC-XML", b'<?xml version="1.0" encoding="shift_jis"?>' + batch(b"")),
        ("DOC-XML", batch(b"\x00")),
        ("DOC-ROOT", b"<MCCI_IN200100UV01/>"),
        ("DOC-ROOT", b'<ichicsr xmlns="urn:hl7-org:v3"/>'),
        ("DOC-DEPTH", batch(b"<a>" * 5_000 + b"</a>" * 5_000)),
        ("DOC-ELEMENTS", batch(b"<a/>" * (MOST_ELEMENTS + 1))),
        ("DOC-SIZE", b" " * (MOST_BYTES + 1)),
    ],
)
def test_a_hostile_or_broken_file_is_refused_before_it_is_a_tree(rule: str, raw: bytes) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_document(raw, roots=(ROOT,))

    assert refused.value.rule == rule


def test_a_refused_file_has_one_finding_and_no_layer_runs() -> None:
    found = check_document(
        HEAD + BOMB + batch(b"&c;"), Profile.FDA_PREMARKET, shipped_standard(), now=NOW, schema=_fail
    )

    assert [(one.element, one.rule) for one in found] == [("document", "DOC-DOCTYPE")]
    assert verdict(found) is Verdict.REFUSED


def _fail(_: bytes) -> list[Finding]:
    raise AssertionError("the schema was asked about a refused file")


def test_a_batch_of_more_messages_than_anybody_sends_is_refused() -> None:
    found = check_document(batch(b"<PORR_IN049016UV/>" * 2_001), Profile.ICH, shipped_standard(), now=NOW)

    assert [one.rule for one in found] == ["DOC-MESSAGES"]


def test_a_file_of_many_findings_names_the_first_five_thousand_and_takes_no_time_for_the_others() -> None:
    bare = b'<subjectOf2><observation><code code="29" codeSystem="2.16.840.1.113883.3.989.2.1.1.19"/></observation>'
    raw = write_report(CASE, TRANSMISSION)
    many = raw.replace(
        b"<subjectOf2 typeCode", (bare + b"</subjectOf2>") * 2_000 + b"<subjectOf2 typeCode", 1
    )

    found = check_document(many, Profile.ICH, shipped_standard(), now=NOW)

    assert len(found) == 5_000


def test_the_deepest_document_that_is_read_is_read() -> None:
    inner = b"<a>" * (DEEPEST - 1) + b"</a>" * (DEEPEST - 1)

    assert read_document(batch(inner), roots=(ROOT,)).children[0].name == "a"


def test_elements_of_another_namespace_are_never_taken_for_ours() -> None:
    raw = write_report(CASE, TRANSMISSION).replace(
        b'<availabilityTime value="20261118"/>', b'<x:availabilityTime xmlns:x="urn:x" value="20261118"/>'
    )

    found = check_document(raw, Profile.ICH, shipped_standard(), now=NOW)

    assert "C.1.5" in {one.element for one in found}


def test_a_file_in_utf_16_is_read_like_the_same_in_utf_8() -> None:
    raw = write_report(CASE, TRANSMISSION).decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')

    assert check_document(raw.encode("utf-16"), Profile.ICH, shipped_standard(), now=NOW) == []
