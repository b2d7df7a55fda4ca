"""Section D and E.i of a message: the patient without a name, the study, and the reactions."""

from collections.abc import Iterator

from services.safety.domain.icsr.case_snapshot import CaseSnapshot, Patient, Reaction, Study
from services.safety.domain.icsr.vocabulary import (
    COUNTRIES,
    FDA,
    MEDDRA,
    NCI,
    SEXES,
    act,
    boolean,
    code,
    coded_value,
    entity,
    identifier,
    listed,
    null,
    observation,
    own_id,
    period,
    related,
    role,
    time,
    value,
)
from services.safety.domain.icsr.xml_writer import Element, element

_MASKED, _UNKNOWN, _NO_INFORMATION = "MSK", "UNK", "NI"
_CRITERIA = {"a": "34", "b": "21", "c": "33", "d": "35", "e": "12", "f": "26"}
_IND, _CROSS_REPORTED = "2.1", "2.3"


def subject_of(part: Element) -> Element:
    return related("subjectOf2", "SBJ", part)


def patient_parts(case: CaseSnapshot) -> Iterator[Element]:
    """Children of the investigated person's role, up to the reactions."""
    patient = case.patient
    yield _person(patient)
    yield related("subjectOf1", "SBJ", _study(case.study, case))
    yield from _measured(patient)
    if case.fda is not None:
        yield from _race_and_ethnicity(case.fda.races, case.fda.ethnicity)
    yield subject_of(_history(patient.history))
    if patient.death is not None:
        autopsy = null_or_boolean(patient.death.autopsy)
        yield subject_of(observation("5", autopsy))
    for reaction in case.reactions:
        yield subject_of(_reaction(reaction, fda=case.fda is not None))


def null_or_boolean(answer: bool | None) -> Element:
    return value("BL", nullFlavor=_UNKNOWN) if answer is None else boolean(answer)


def _person(patient: Patient) -> Element:
    death = None
    if patient.death is not None:
        on = patient.death.on
        death = null("deceasedTime", "ASKU") if on is None else time("deceasedTime", f"{on:%Y%m%d}")
    sex = code(patient.sex, SEXES, "administrativeGenderCode") if patient.sex else None
    number = role(
        "asIdentifiedEntity",
        "IDENT",
        own_id(identifier(10), patient.trial_number),
        code("4", listed(4), shown="investigation"),
    )
    masked = null("name", _MASKED), sex or null("administrativeGenderCode", _UNKNOWN)
    return entity("player1", "PSN", *masked, null("birthTime", _MASKED), death, number)


def _study(study: Study, case: CaseSnapshot) -> Element:
    registrations = [
        act(
            "studyRegistration",
            "ACT",
            own_id(identifier(6), one.number),
            _country_of_registration(one.country) if one.country else None,
        )
        for one in study.registrations
    ]
    if case.fda is not None:
        registrations.append(act("studyRegistration", "ACT", own_id(f"{FDA}.{_IND}", case.fda.ind_number)))
        registrations += [
            act("studyRegistration", "ACT", one) for one in _cross_reported(case.fda.cross_reported)
        ]
    authorised = [related("authorization", "AUTH", one) for one in registrations]
    return act(
        "researchStudy",
        "CLNTRL",
        own_id(identifier(5), study.sponsor_number),
        code(study.type, listed(8)),
        element("title", text=study.name),
        *authorised,
    )


def _cross_reported(numbers: tuple[str, ...]) -> list[Element]:
    root = f"{FDA}.{_CROSS_REPORTED}"
    if not numbers:
        return [element("id", attributes={"nullFlavor": "NA", "root": root})]
    return [own_id(root, number) for number in numbers]


def _country_of_registration(country: str) -> Element:
    place = entity("governingPlace", "COUNTRY", code(country, COUNTRIES))
    return related("author", "AUT", role("territorialAuthority", "TERR", place))


def _measured(patient: Patient) -> Iterator[Element]:
    if patient.age is not None:
        age = value("PQ", value=patient.age.number, unit=patient.age.unit)
        yield subject_of(observation("3", age))
    if patient.age_group:
        yield subject_of(observation("4", coded_value(patient.age_group, listed(9))))
    if patient.weight_kg:
        yield subject_of(observation("7", value("PQ", value=patient.weight_kg, unit="kg")))
    if patient.height_cm:
        yield subject_of(observation("17", value("PQ", value=patient.height_cm, unit="cm")))


def _race_and_ethnicity(races: tuple[str, ...], ethnicity: str) -> Iterator[Element]:
    unknown = value("CE", nullFlavor=_NO_INFORMATION)
    for race in races or ("",):
        said = coded_value(race, NCI) if race else unknown
        yield subject_of(observation("C17049", said, system=NCI))
    said = coded_value(ethnicity, NCI) if ethnicity else unknown
    yield subject_of(observation("C16564", said, system=NCI))


def _history(text: str) -> Element:
    said = value("ED", text) if text else value("ED", nullFlavor=_UNKNOWN)
    history = related("component", "COMP", observation("18", said))
    return act("organizer", "CATEGORY", code("1", listed(20)), history)


def _reaction(reaction: Reaction, *, fda: bool) -> Element:
    coded = {"code": reaction.coded.code, "codeSystem": MEDDRA, "codeSystemVersion": reaction.coded.version}
    native = None
    if reaction.native_term:
        spoken = {"language": reaction.native_language} if reaction.native_language else {}
        native = element("originalText", text=reaction.native_term, attributes=spoken)
    return act(
        "observation",
        "OBS",
        own_id(reaction.id),
        code("29", listed(19), shown="reaction"),
        period(reaction.onset, reaction.end),
        element("value", native, attributes={"xsi:type": "CE", **coded}),
        _country_of_reaction(reaction.country) if reaction.country else None,
        *(_pertinent(part) for part in _details(reaction, fda=fda)),
    )


def _details(reaction: Reaction, *, fda: bool) -> Iterator[Element]:
    yield observation("30", value("ED", reaction.term))
    for letter, number in _CRITERIA.items():
        yield observation(number, boolean(True if letter in reaction.criteria else None))
    if fda:
        required = boolean(True if "h" in reaction.criteria else None)
        yield observation("7", required, system=f"{FDA}.3")
    yield observation("27", coded_value(reaction.outcome, listed(11)))


def _pertinent(part: Element) -> Element:
    return related("outboundRelationship2", "PERT", part)


def _country_of_reaction(country: str) -> Element:
    place = entity("locatedPlace", "COUNTRY", code(country, COUNTRIES))
    return related("location", "LOC", role("locatedEntity", "LOCE", place))


def comment(text: str, author: str) -> Element | None:
    """H.2 by the reporter (3) or H.4 by the sender (1)."""
    if not text:
        return None
    by = related("author", "AUT", role("assignedEntity", "ASSIGNED", code(author, listed(21))))
    said = observation("10", value("ED", text), by, name="observationEvent")
    return related("component1", "COMP", said)
