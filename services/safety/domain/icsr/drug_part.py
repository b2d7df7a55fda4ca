"""Sections G.k and G.k.9 of a message: the products, their roles, and each opinion on relatedness."""

from collections.abc import Iterator

from services.safety.domain.icsr.case_snapshot import (
    Authorisation,
    CaseSnapshot,
    Dosage,
    Drug,
    Relatedness,
)
from services.safety.domain.icsr.vocabulary import (
    COUNTRIES,
    MEDDRA,
    act,
    boolean,
    code,
    coded_value,
    entity,
    identifier,
    listed,
    observation,
    own_id,
    period,
    related,
    role,
    text_or_none,
    value,
)
from services.safety.domain.icsr.xml_writer import Element, element


def drugs_part(case: CaseSnapshot) -> Element:
    """The organizer of all products."""
    products = [related("component", "COMP", _drug(drug)) for drug in case.drugs]
    return act("organizer", "CATEGORY", code("4", listed(20), shown="drugInformation"), *products)


def assessments(case: CaseSnapshot) -> Iterator[Element]:
    """The role of each product, then every opinion: one per reaction, product and source."""
    for drug in case.drugs:
        yield related("component", "COMP", _role(drug))
    for one in case.relatedness:
        yield related("component", "COMP", _opinion(one))


def _role(drug: Drug) -> Element:
    return act(
        "causalityAssessment",
        "OBS",
        code("20", listed(19), shown="interventionCharacterization"),
        coded_value(drug.role, listed(13)),
        _product(drug.id),
    )


def _opinion(one: Relatedness) -> Element:
    source = element("code", element("originalText", text=one.source))
    effect = act("adverseEffectReference", "OBS", own_id(one.reaction_id))
    return act(
        "causalityAssessment",
        "OBS",
        code("39", listed(19), shown="causality"),
        value("ST", one.result),
        element("methodCode", element("originalText", text=one.method)) if one.method else None,
        related("author", "AUT", role("assignedEntity", "ASSIGNED", source)),
        related("subject1", "SUBJ", effect),
        _product(one.drug_id),
    )


def _product(drug_id: str) -> Element:
    return related("subject2", "SUBJ", act("productUseReference", "SBADM", own_id(drug_id)))


def _drug(drug: Drug) -> Element:
    return act(
        "substanceAdministration",
        "SBADM",
        own_id(drug.id),
        related("consumable", "CSM", role("instanceOfKind", "INST", _kind_of_product(drug))),
        *(related("outboundRelationship2", "COMP", _dosage(one)) for one in drug.dosages),
        related("outboundRelationship2", "PERT", observation("6", boolean(True))) if drug.blinded else None,
        related("inboundRelationship", "RSON", _indication(drug)) if drug.indication else None,
        _action(drug.action) if drug.action else None,
    )


def _kind_of_product(drug: Drug) -> Element:
    substances = [
        role("ingredient", "ACTI", entity("ingredientSubstance", "MMAT", _named(name), instance=False))
        for name in drug.substances
    ]
    authorised = None if drug.authorisation is None else _authorised(drug.authorisation)
    return entity("kindOfProduct", "MMAT", _named(drug.name), authorised, *substances, instance=False)


def _named(name: str) -> Element:
    return element("name", text=name)


def _authorised(one: Authorisation) -> Element:
    organisation = entity("playingOrganization", "ORG", _named(one.holder))
    holder = related("holder", "HLD", role("role", "HLD", organisation)) if one.holder else None
    territory = entity("territory", "NAT", code(one.country, COUNTRIES))
    approval = act(
        "approval",
        "CNTRCT",
        own_id(identifier(4), one.number),
        holder,
        related("author", "AUT", role("territorialAuthority", "TERR", territory)),
    )
    return role("asManufacturedProduct", "MANU", related("subjectOf", "SBJ", approval))


def _dosage(one: Dosage) -> Element:
    dose = None
    if one.dose is not None:
        attributes = {"value": one.dose.number, "unit": one.dose.unit}
        dose = element("doseQuantity", attributes=attributes)
    route = element("routeCode", element("originalText", text=one.route)) if one.route else None
    return act(
        "substanceAdministration",
        "SBADM",
        text_or_none("text", one.text),
        period(one.first, one.last),
        route,
        dose,
        _batch(one.batch) if one.batch else None,
    )


def _batch(number: str) -> Element:
    lot = entity("productInstanceInstance", "MMAT", element("lotNumberText", text=number))
    return related("consumable", "CSM", role("instanceOfKind", "INST", lot))


def _indication(drug: Drug) -> Element:
    coded = {}
    if drug.indication_coded is not None:
        coded = {
            "code": drug.indication_coded.code,
            "codeSystem": MEDDRA,
            "codeSystemVersion": drug.indication_coded.version,
        }
    original = element("originalText", text=drug.indication)
    said = element("value", original, attributes={"xsi:type": "CE", **coded})
    by = role("assignedEntity", "ASSIGNED", code("3", listed(21), shown="sourceReporter"))
    return observation("19", said, related("performer", "PRF", by))


def _action(action: str) -> Element:
    return related("inboundRelationship", "CAUS", act("act", "ACT", code(action, listed(15))))
