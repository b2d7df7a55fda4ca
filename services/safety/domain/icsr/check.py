"""All layers over one document, each whatever the others found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.safety.domain.icsr.consistency import check_consistency
from services.safety.domain.icsr.element_table import ElementTable
from services.safety.domain.icsr.fda_layer import check_fda
from services.safety.domain.icsr.finding import Finding, Severity
from services.safety.domain.icsr.ich_layer import check_elements
from services.safety.domain.icsr.ich_relations import check_relations
from services.safety.domain.icsr.report_values import Block, read_report
from services.safety.domain.icsr.rule_table import Message, ReportRule, apply_rules, message_of
from services.safety.domain.icsr.xml_reader import DocumentRefused, read_document
from services.safety.domain.icsr.xml_tree import Node

BATCH = "MCCI_IN200100UV01"
MOST_FINDINGS = 5_000
MOST_MESSAGES = 2_000


class Profile(StrEnum):
    ICH = "ich"
    FDA_PREMARKET = "fda-premarket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """The rules in force, as data.

    Attributes:
        ich: elements of ICH alone.
        fda: these and FDA's own.
        ich_rules: between elements.
        fda_rules: FDA's, by its ids.
        countries: codes of ISO 3166-1, and EU.
    """

    ich: ElementTable
    fda: ElementTable
    ich_rules: tuple[ReportRule, ...]
    fda_rules: tuple[ReportRule, ...]
    countries: frozenset[str]


SchemaCheck = Callable[[bytes], list[Finding]]


def check_document(
    raw: bytes,
    profile: Profile,
    standard: Standard,
    *,
    now: datetime,
    initial: Mapping[str, bool] | None = None,
    schema: SchemaCheck | None = None,
) -> list[Finding]:
    """Findings in the order of the layers: schema, ICH, FDA where asked, our own consistency.

    Args:
        raw: the file.
        profile: whose rules.
        standard: the rules.
        now: aware.
        initial: by case number, whether nothing was sent before; None when only the file is known.
        schema: the check against the XML schema; None when the schema files are not at hand.

    Returns:
        At most 5,000 findings; one of `document` alone when the file is not read at all.
    """
    try:
        root = read_batch(raw)
    except DocumentRefused as refused:
        return [refusal(refused)]
    found = [] if schema is None else schema(raw)
    found += check_batch(read_report(root, standard.fda), profile, standard, now=now, initial=initial)
    return found[:MOST_FINDINGS]


def read_batch(raw: bytes) -> Node:
    """The tree of a batch.

    Raises:
        DocumentRefused: it is none, is hostile, or holds more messages than anybody sends.
    """
    root = read_document(raw, roots=(BATCH,))
    if root.alike.get("PORR_IN049016UV", 0) > MOST_MESSAGES:
        raise DocumentRefused("DOC-MESSAGES", f"The batch has more than {MOST_MESSAGES} messages.")
    return root


def check_batch(
    batch: Block,
    profile: Profile,
    standard: Standard,
    *,
    now: datetime,
    initial: Mapping[str, bool] | None = None,
) -> list[Finding]:
    """Findings in a batch that was read; see `check_document`."""
    table = standard.ich if profile is Profile.ICH else standard.fda
    found = check_elements(batch, table, standard.countries, now, most=MOST_FINDINGS)
    for inner in batch.all("N.2.r"):
        if len(found) >= MOST_FINDINGS:
            break
        message = message_of(batch, inner, table)
        found += apply_rules(standard.ich_rules, message)
        found += check_relations(message, standard.countries)
        if profile is Profile.FDA_PREMARKET:
            found += apply_rules(standard.fda_rules, message)
            found += check_fda(message, initial=_is_initial(message, initial))
        found += check_consistency(message)
    return list(dict.fromkeys(found))


def refusal(refused: DocumentRefused) -> Finding:
    """The finding of a document that is not read."""
    return Finding(
        element="document", rule=refused.rule, severity=Severity.ERROR, message=refused.message, path="/"
    )


def _is_initial(message: Message, initial: Mapping[str, bool] | None) -> bool | None:
    if initial is None:
        return None
    numbers = message.values("C.1.1", message.batch)
    return initial.get(numbers[0].text, True) if numbers else True
