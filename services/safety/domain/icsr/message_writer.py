"""A batch of case reports, as bytes: a pure function of the case snapshots and the wrapper.

Source: ICH E2B(R3) Implementation Guide, message structure `MCCI_IN200100UV01` / `PORR_IN049016UV`; FDA regional
elements of the premarket profile.
"""

from collections.abc import Iterator, Sequence

from services.safety.domain.icsr.case_snapshot import CaseSnapshot, Reporter, Sender, Transmission
from services.safety.domain.icsr.drug_part import assessments, drugs_part
from services.safety.domain.icsr.hl7_time import write_time
from services.safety.domain.icsr.patient_part import comment, patient_parts, subject_of
from services.safety.domain.icsr.vocabulary import (
    COUNTRIES,
    FDA,
    INTERACTIONS,
    NCI,
    act,
    boolean,
    code,
    coded_value,
    device,
    entity,
    identifier,
    listed,
    null,
    observation,
    own_id,
    related,
    role,
    text_or_none,
    time,
)
from services.safety.domain.icsr.xml_writer import Element, element, write_document


def write_report(case: CaseSnapshot, transmission: Transmission) -> bytes:
    """A batch of one; see `write_batch`."""
    return write_batch([case], transmission)


def write_batch(cases: Sequence[CaseSnapshot], transmission: Transmission) -> bytes:
    """The file; the same snapshots and wrapper give the same bytes.

    Nothing is cut, invented or left out because a rule would find it: the layers judge the bytes afterwards.
    """
    created = write_time(transmission.created_at)
    batch = element(
        "MCCI_IN200100UV01",
        own_id(identifier(22), transmission.batch_number),
        time("creationTime", created),
        element("responseModeCode", attributes={"code": "D"}),
        own_interaction("MCCI_IN200100UV01"),
        code("1", listed(1), "name", shown="ichicsr"),
        *(_message(case, transmission, created) for case in cases),
        device("receiver", "RCV", identifier(14), transmission.batch_receiver),
        device("sender", "SND", identifier(13), transmission.sender),
        attributes={"ITSVersion": "XML_1.0"},
    )
    return write_document(batch)


def own_interaction(name: str) -> Element:
    return element("interactionId", attributes={"extension": name, "root": INTERACTIONS})


def _message(case: CaseSnapshot, transmission: Transmission, created: str) -> Element:
    process = act(
        "controlActProcess",
        "CACT",
        code("PORR_TE049016UV", "2.16.840.1.113883.1.18"),
        time("effectiveTime", created),
        related("subject", "SUBJ", _investigation(case)),
    )
    return element(
        "PORR_IN049016UV",
        own_id(identifier(1), case.number),
        time("creationTime", created),
        own_interaction("PORR_IN049016UV"),
        element("processingCode", attributes={"code": "P"}),
        element("processingModeCode", attributes={"code": "T"}),
        element("acceptAckCode", attributes={"code": "AL"}),
        device("receiver", "RCV", identifier(12), transmission.message_receiver),
        device("sender", "SND", identifier(11), transmission.sender),
        process,
    )


def _investigation(case: CaseSnapshot) -> Element:
    return act(
        "investigationEvent",
        "INVSTG",
        own_id(identifier(1), case.number),
        own_id(identifier(2), case.worldwide_number),
        code("PAT_ADV_EVNT", "2.16.840.1.113883.5.4"),
        text_or_none("text", case.narrative),
        element("statusCode", attributes={"code": "active"}),
        element("effectiveTime", time("low", f"{case.first_received_on:%Y%m%d}")),
        time("availabilityTime", f"{case.latest_information_on:%Y%m%d}"),
        related("component", "COMP", _assessment(case)),
        *(related("component", "COMP", one) for one in _answers(case)),
        *_sources(case),
        related("subjectOf1", "SUBJ", _control(*_sender(case.sender))),
        *(
            related("subjectOf1", "SUBJ", act("controlActEvent", "CACT", _other_number(*one)))
            for one in case.other_numbers
        ),
        *(related("subjectOf2", "SUBJ", one) for one in _characteristics(case)),
    )


def _assessment(case: CaseSnapshot) -> Element:
    person = role("primaryRole", "INVSBJ", *patient_parts(case), subject_of(drugs_part(case)))
    return act(
        "adverseEventAssessment",
        "INVSTG",
        related("subject1", "SBJ", person),
        *assessments(case),
        comment(case.reporter_comments, "3"),
        comment(case.sender_comments, "1"),
    )


def _answers(case: CaseSnapshot) -> Iterator[Element]:
    yield observation("1", boolean(False), name="observationEvent")
    yield observation("23", boolean(case.expedited), name="observationEvent")
    if case.fda is not None:
        kind = coded_value(case.fda.report_type, f"{FDA}.1.1")
        yield observation("C54588", kind, system=NCI, name="observationEvent")
        combined = boolean(case.fda.combination_product)
        yield observation("C156384", combined, system=NCI, name="observationEvent")


def _sources(case: CaseSnapshot) -> Iterator[Element]:
    first = _related_investigation(code("1", listed(22)), _by(code(case.first_sender, listed(3))))
    yield related("outboundRelationship", "SPRT", first)
    for reporter in case.reporters:
        rank = element("priorityNumber", attributes={"value": "1"}) if reporter.primary else None
        source = _related_investigation(code("2", listed(22)), _by(*_reporter(reporter)))
        yield related("outboundRelationship", "SPRT", rank, source)
    for number in case.linked_numbers:
        linked = _related_investigation(null("code", "NA"), own_id(identifier(2), number))
        yield related("outboundRelationship", "SPRT", linked)


def _related_investigation(kind: Element, control: Element) -> Element:
    event = act("controlActEvent", "CACT", control)
    return act("relatedInvestigation", "INVSTG", kind, related("subjectOf2", "SUBJ", event))


def _control(*parts: Element | None) -> Element:
    return act("controlActEvent", "CACT", _by(*parts))


def _by(*parts: Element | None) -> Element:
    return related("author", "AUT", role("assignedEntity", "ASSIGNED", *parts))


def _reporter(one: Reporter) -> Iterator[Element]:
    known = code(one.qualification, listed(6)) if one.qualification else null("code", "UNK")
    country = code(one.country, COUNTRIES) if one.country else null("code", "UNK")
    place = entity("location", "COUNTRY", country)
    yield entity(
        "assignedPerson",
        "PSN",
        element("name", null("family", "MSK")),
        role("asQualifiedEntity", "QUAL", known),
        role("asLocatedEntity", "LOCE", place),
    )
    if one.organisation:
        yield _organisation("", one.organisation)


def _organisation(department: str, organisation: str) -> Element:
    inner = entity("representedOrganization", "ORG", element("name", text=organisation))
    return entity(
        "representedOrganization",
        "ORG",
        text_or_none("name", department),
        role("assignedEntity", "ASSIGNED", inner) if organisation else None,
    )


def _sender(one: Sender) -> Iterator[Element]:
    yield code(one.type, listed(7))
    if one.telephone:
        yield element("telecom", attributes={"value": f"tel:{one.telephone}"})
    if one.email:
        yield element("telecom", attributes={"value": f"mailto:{one.email}"})
    if one.country:
        place = entity("location", "COUNTRY", code(one.country, COUNTRIES))
        yield entity("assignedPerson", "PSN", role("asLocatedEntity", "LOCE", place))
    if one.organisation:
        yield _organisation(one.department, one.organisation)


def _other_number(source: str, number: str) -> Element:
    attributes = {"assigningAuthorityName": source, "extension": number, "root": identifier(3)}
    return element("id", attributes=attributes)


def _characteristics(case: CaseSnapshot) -> Iterator[Element]:
    yield _characteristic("1", coded_value(case.report_type, listed(2)))
    yield _characteristic("2", boolean(True if case.other_numbers else None))
    if case.correction is not None:
        yield _characteristic("3", coded_value(case.correction.code, listed(5)))
        reason = element("originalText", text=case.correction.reason)
        yield _characteristic("4", element("value", reason, attributes={"xsi:type": "CE"}))


def _characteristic(number: str, said: Element) -> Element:
    return act("investigationCharacteristic", "OBS", code(number, listed(23)), said)
