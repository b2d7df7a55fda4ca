"""The ICH layer between elements: same values, one primary source, one dictionary version, a role for each drug.

Source: ICH E2B(R3) core data elements, business rules of N.2.r.1, N.2.r.4, C.1.1, C.2.r.5, E.i.2.1a, G.k.1.
"""

import re
from collections.abc import Iterator

from services.safety.domain.icsr.element_table import Kind
from services.safety.domain.icsr.finding import Finding, Severity
from services.safety.domain.icsr.report_values import Block
from services.safety.domain.icsr.rule_table import Message

_CASE_NUMBER = re.compile(r"(?P<country>[A-Z]{2})-[^-]+-.+")


def check_relations(message: Message, countries: frozenset[str]) -> list[Finding]:
    """What the standard demands of several elements together."""
    return [
        *_same(message, "N.2.r.1", "C.1.1"),
        *_same(message, "N.2.r.4", "C.1.2"),
        *_case_numbers(message, countries),
        *_primary_source(message),
        *_dictionary_version(message),
        *_roles(message),
    ]


def _error(element: str, rule: str, text: str, path: str) -> Finding:
    return Finding(element=element, rule=rule, severity=Severity.ERROR, message=text, path=path)


def _same(message: Message, element: str, other: str) -> Iterator[Finding]:
    values, others = message.values(element, message.batch), message.values(other, message.batch)
    if values and others and values[0].text != others[0].text:
        text = f"{element} is not the same as {other}."
        yield _error(element, "ICH-SAME", text, values[0].path)


def _case_numbers(message: Message, countries: frozenset[str]) -> Iterator[Finding]:
    for element in ("C.1.1", "C.1.8.1"):
        for value in message.values(element, message.batch):
            match = _CASE_NUMBER.fullmatch(value.text)
            if value.text and (match is None or match["country"] not in countries):
                text = f"{element} is not a country, an organisation without a hyphen, and a number."
                yield _error(element, "ICH-CASE-NUMBER", text, value.path)


def _primary_source(message: Message) -> Iterator[Finding]:
    sources = message.contexts("C.2.r")
    primary = [source for source in sources if source.text("C.2.r.5") == "1"]
    if sources and not primary:
        text = "No primary source is marked by C.2.r.5 = 1."
        yield _error("C.2.r.5", "ICH-PRIMARY-SOURCE", text, sources[0].path)
    for source in primary[1:]:
        text = "More than one primary source is marked by C.2.r.5 = 1."
        yield _error("C.2.r.5", "ICH-PRIMARY-SOURCE", text, source.path)


def _dictionary_version(message: Message) -> Iterator[Finding]:
    versions = [rule.number for rule in message.table.elements.values() if rule.kind is Kind.MEDDRA_VERSION]
    first = ""
    for block in message.message.every():
        for element in versions:
            value = block.values.get(element)
            if value is None or not value.text:
                continue
            first = first or value.text
            if value.text != first:
                text = f"{element} is another MedDRA version than the report's first."
                yield _error(element, "ICH-MEDDRA-VERSION", text, value.path)


def _roles(message: Message) -> Iterator[Finding]:
    known = {product_of(role): role for role in message.contexts("G.k.1") if role.has("G.k.1")}
    for drug in message.contexts("G.k"):
        if own_id(drug) not in known:
            text = "G.k.1, Characterisation of Drug Role, is missing for this drug."
            yield _error("G.k.1", "ICH-MANDATORY", text, drug.path)


def own_id(block: Block) -> str:
    """The internal id of a reaction or a drug."""
    return next((node.attributes.get("root", "") for node in block.node.named("id")), "")


def product_of(assessment: Block) -> str:
    """The drug that a role or an assessment is about, by its internal id."""
    return _referred(assessment, "subject2", "productUseReference")


def reaction_of(assessment: Block) -> str:
    """The reaction that an assessment is about, by its internal id."""
    return _referred(assessment, "subject1", "adverseEffectReference")


def _referred(block: Block, subject: str, reference: str) -> str:
    for outer in block.node.named(subject):
        for inner in outer.named(reference):
            for node in inner.named("id"):
                return node.attributes.get("root", "")
    return ""
