"""The snapshot of a case for its file, from its reports, the desk's content and the route: nothing is added to them.

Sources: ICH E2B(R3); which fact goes where is a decision of this project (participant number in D.1.1.4, no name, no
birth date; CTCAE term and grade in H.1, for which the standard has no element).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from services.safety.domain.adverse_event import EventContent, Outcome
from services.safety.domain.case import Case, ChangeKind, kind_of_sending, reason_of_correction
from services.safety.domain.case_content import CaseContent, ProductEntry, Source
from services.safety.domain.case_route import CaseRoute
from services.safety.domain.causality import SUSPECTED_ALWAYS, Causality, effective
from services.safety.domain.icsr.case_snapshot import (
    Authorisation,
    CaseSnapshot,
    Coded,
    Correction,
    Death,
    Dosage,
    Drug,
    FdaPremarket,
    Patient,
    Quantity,
    Reaction,
    Registration,
    Relatedness,
    Reporter,
    Sender,
    Study,
)
from services.safety.domain.icsr.check import Profile

_LETTERS = {
    "death": "a",
    "life_threatening": "b",
    "hospitalisation": "c",
    "disability": "d",
    "congenital_anomaly": "e",
    "other_medically_important": "f",
    "required_intervention": "h",
}
_OUTCOMES = {
    Outcome.RECOVERED: "1",
    Outcome.RECOVERING: "2",
    Outcome.NOT_RECOVERED: "3",
    Outcome.RECOVERED_WITH_SEQUELAE: "4",
    Outcome.FATAL: "5",
}
_SUSPECT = ("1", "3", "4")
_SOURCES = {Source.INVESTIGATOR: "Investigator", Source.SPONSOR: "Sponsor"}
_METHOD = "Global introspection"
_CORRECTIONS = {ChangeKind.NULLIFICATION: "1", ChangeKind.AMENDMENT: "2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedEvent:
    """One report of the case: its newest version, and the criteria that both views together name.

    `by_product` are opinions that a party recorded on one product, by its name in small letters.
    """

    id: str
    version: int
    content: EventContent
    criteria: frozenset[str]
    by_product: Mapping[tuple[str, Source], Causality] = field(default_factory=dict)


def snapshot_of(
    case: Case,
    content: CaseContent,
    events: Sequence[ReportedEvent],
    route: CaseRoute,
    *,
    participant_number: str,
) -> CaseSnapshot:
    """Everything the file will say.

    Args:
        case: with its versions; the newest is sent.
        content: of that version; every event in it has a code.
        events: its reports, in the order in which they came.
        route: where it goes.
        participant_number: the participant's number in the trial.
    """
    kind = kind_of_sending(case)
    code = _CORRECTIONS.get(kind)
    drugs = tuple(_drug(case, product) for product in content.products)
    fda = route.profile is Profile.FDA_PREMARKET
    return CaseSnapshot(
        number=case.number,
        worldwide_number=case.worldwide_number,
        report_type="2",
        first_received_on=case.first_received_on,
        latest_information_on=case.newest.latest_information_on,
        expedited=content.expedited,
        first_sender="2",
        reporters=_reporters(content),
        sender=_sender(route),
        study=_study(route),
        patient=_patient(content, events, participant_number),
        reactions=tuple(_reaction(event, content) for event in events),
        drugs=drugs,
        relatedness=tuple(_opinions(content, events, drugs, fda=fda)),
        narrative=_narrative(content, events),
        reporter_comments=content.reporter_comments,
        sender_comments=content.sender_comments,
        correction=Correction(code=code, reason=reason_of_correction(case)) if code else None,
        other_numbers=content.other_numbers,
        linked_numbers=content.linked_numbers,
        fda=_fda(content, route) if fda else None,
    )


def _reporters(content: CaseContent) -> tuple[Reporter, ...]:
    return tuple(
        Reporter(
            qualification=one.qualification,
            country=one.country,
            organisation=one.organisation,
            primary=place == 0,
        )
        for place, one in enumerate(content.reporters)
    )


def _sender(route: CaseRoute) -> Sender:
    return Sender(
        type=route.sender_type,
        organisation=route.organisation,
        department=route.department,
        country=route.country,
    )


def _study(route: CaseRoute) -> Study:
    registrations = tuple(Registration(number=one.number, country=one.country) for one in route.registrations)
    return Study(name=route.study_name, sponsor_number=route.study_number, registrations=registrations)


def _fda(content: CaseContent, route: CaseRoute) -> FdaPremarket:
    return FdaPremarket(
        ind_number=route.ind_number,
        report_type=content.fda.report_type,
        cross_reported=route.cross_reported,
        combination_product=content.fda.combination_product,
        races=content.fda.races,
        ethnicity=content.fda.ethnicity,
    )


def _patient(content: CaseContent, events: Sequence[ReportedEvent], number: str) -> Patient:
    said = content.patient
    fatal = [event for event in events if "death" in event.criteria]
    died = [event.content.death_on.coded for event in events if event.content.death_on.coded is not None]
    return Patient(
        trial_number=number,
        age=Quantity(number=said.age, unit=said.age_unit) if said.age else None,
        age_group=said.age_group,
        sex=said.sex,
        weight_kg=said.weight_kg,
        height_cm=said.height_cm,
        history=said.history,
        death=Death(on=min(died)) if died else (Death(on=None) if fatal else None),
    )


def _reaction(event: ReportedEvent, content: CaseContent) -> Reaction:
    said = event.content
    coded = content.meddra[event.id]
    country = content.reporters[0].country if content.reporters else ""
    return Reaction(
        id=event.id,
        term=said.term.name if said.term is not None else said.verbatim,
        coded=Coded(code=coded.code, version=coded.version),
        criteria=frozenset(_LETTERS[one] for one in event.criteria if one in _LETTERS),
        outcome=_OUTCOMES.get(said.outcome, "0"),
        onset=f"{said.onset.coded:%Y%m%d}" if said.onset.coded else "",
        end=f"{said.end.coded:%Y%m%d}" if said.end.coded else "",
        country=country,
    )


def _drug(case: Case, product: ProductEntry) -> Drug:
    authorisation = None
    if product.authorisation_number:
        authorisation = Authorisation(
            number=product.authorisation_number, country=product.authorisation_country
        )
    meddra = product.indication_meddra
    return Drug(
        id=product_id(case, product.name),
        name=product.name,
        role=product.role,
        blinded=product.blinded,
        substances=product.substances,
        authorisation=authorisation,
        dosages=_dosages(product),
        indication=product.indication,
        indication_coded=Coded(code=meddra.code, version=meddra.version) if meddra else None,
        action=product.action,
    )


def _dosages(product: ProductEntry) -> tuple[Dosage, ...]:
    dose = Quantity(number=product.dose, unit=product.dose_unit) if product.dose else None
    dosage = Dosage(
        text=product.dosage,
        first=product.first_on.replace("-", ""),
        last=product.last_on.replace("-", ""),
        dose=dose,
        route=product.route,
        batch=product.batch,
    )
    return () if dosage == Dosage() else (dosage,)


def product_id(case: Case, name: str) -> str:
    """The product's id within the case: the same in every file of the case."""
    return str(uuid5(UUID(case.id), name))


def _opinions(
    content: CaseContent, events: Sequence[ReportedEvent], drugs: Sequence[Drug], *, fda: bool
) -> Iterator[Relatedness]:
    entered = {(one.report_id, one.product, one.source): one.value for one in content.opinions}
    for event in events:
        own: Mapping[Source, Causality] = {
            Source.INVESTIGATOR: effective(event.content.causality),
            Source.SPONSOR: effective(event.content.sponsor_causality),
        }
        for drug in drugs:
            said = {
                source: event.by_product.get((drug.name.casefold(), source))
                or entered.get((event.id, drug.name, source))
                or (
                    own[source] if drug.role in _SUSPECT and not _by_product(content, event, source) else None
                )
                for source in Source
            }
            yield from _stated(event, drug, said)
            if fda and drug.role in _SUSPECT:
                yield _by_fdas_method(event, drug, said)


def _by_product(content: CaseContent, event: ReportedEvent, source: Source) -> bool:
    return any(one.report_id == event.id and one.source is source for one in content.opinions)


def _stated(
    event: ReportedEvent, drug: Drug, said: Mapping[Source, Causality | None]
) -> Iterator[Relatedness]:
    for source, value in said.items():
        if value is None or (value is Causality.NOT_ASSESSED and source is Source.SPONSOR):
            continue
        yield Relatedness(
            reaction_id=event.id,
            drug_id=drug.id,
            source=_SOURCES[source],
            method=_METHOD,
            result=value.value.replace("_", " ").capitalize(),
        )


def _by_fdas_method(event: ReportedEvent, drug: Drug, said: Mapping[Source, Causality | None]) -> Relatedness:
    """Suspected when either party suspects it, or the investigator has not said."""
    investigator = said[Source.INVESTIGATOR]
    missing = investigator in (None, Causality.NOT_ASSESSED)
    suspected = missing or any(value in SUSPECTED_ALWAYS for value in said.values())
    result = "Suspected" if suspected else "Not Suspected"
    return Relatedness(reaction_id=event.id, drug_id=drug.id, source="Sponsor", method="FDA", result=result)


def _narrative(content: CaseContent, events: Sequence[ReportedEvent]) -> str:
    told = content.narrative.strip()
    if not told:
        return ""  # a report needs a narrative; grades alone are none, and the rules shall say so
    return "\n\n".join((told, "\n".join(_grade_line(event.content) for event in events)))


def _grade_line(said: EventContent) -> str:
    if said.term is None:
        return "CTCAE: not coded."
    worst = max((entry.coded or 0 for entry in said.grades), default=0)
    graded = f"worst grade {worst}" if worst else "grade not stated"
    return f"CTCAE {said.term.dictionary.partition('+')[0]}: {said.term.name}, {graded}."
