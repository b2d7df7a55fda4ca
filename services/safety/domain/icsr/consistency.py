"""Our own rules: dates in order, age against birth, death against outcome, ids that are one and lead somewhere."""

from collections.abc import Iterator
from datetime import datetime

from services.safety.domain.icsr.finding import Finding, Severity
from services.safety.domain.icsr.hl7_time import Hl7Time, read_time
from services.safety.domain.icsr.ich_relations import own_id, product_of, reaction_of
from services.safety.domain.icsr.report_values import Block
from services.safety.domain.icsr.rule_table import Message
from services.safety.domain.icsr.xml_tree import Node

_ORDERED = (
    ("C.1.5", "C.1.4", "C.1.5, the newest information, is earlier than C.1.4, the first."),
    ("C.1.2", "C.1.5", "C.1.2, the creation, is earlier than C.1.5, the newest information."),
)
_WITHIN = (
    ("E.i", "E.i.5", "E.i.4", "A reaction ends before it begins."),
    ("D.7.1.r", "D.7.1.r.4", "D.7.1.r.2", "A condition ends before it begins."),
    ("D.8.r", "D.8.r.5", "D.8.r.4", "A past drug ends before it begins."),
    ("G.k.4.r", "G.k.4.r.5", "G.k.4.r.4", "A dosage ends before it begins."),
)
_NOT_AFTER_CREATION = frozenset({"E.i.4", "E.i.5", "D.9.1", "F.r.1", "G.k.4.r.4", "G.k.4.r.5"})
_DAYS_OF_UNIT = {"a": 365.25, "mo": 30.44, "wk": 7.0, "d": 1.0, "h": 1 / 24, "10.a": 3652.5}
_MOST_YEARS_APART = 1.0


def check_consistency(message: Message) -> list[Finding]:
    """What contradicts itself in a message."""
    return [
        *_order(message),
        *_after_creation(message),
        *_age(message),
        *_death(message),
        *_references(message),
        *_aggregate(message),
    ]


def _finding(element: str, rule: str, text: str, path: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(element=element, rule=f"CON-{rule}", severity=severity, message=text, path=path)


def _earlier(left: Hl7Time, right: Hl7Time) -> bool:
    """Whether one lies before the other on every reading: to the coarser precision, by local date."""
    if left.offset is not None and right.offset is not None and left.precision == right.precision == "second":
        return left.first - left.offset < right.first - right.offset
    return _coarse(left, right) < _coarse(right, left)


def _coarse(time: Hl7Time, other: Hl7Time) -> datetime:
    first = time.first.replace(hour=0, minute=0, second=0)
    if not (time.is_at_least("month") and other.is_at_least("month")):
        return first.replace(month=1, day=1)
    return first if time.is_at_least("day") and other.is_at_least("day") else first.replace(day=1)


def _time(block: Block, element: str) -> Hl7Time | None:
    return read_time(block.text(element))


def _order(message: Message) -> Iterator[Finding]:
    first, created = message.values("C.1.4", message.batch), message.values("C.1.2", message.batch)
    if first and created and _is_earlier(created[0].text, first[0].text):
        text = "C.1.4, the first receipt, is later than C.1.2, the creation."
        yield _finding("C.1.4", "ORDER", text, first[0].path)
    for later, earlier, text in _ORDERED:
        found, others = message.values(later, message.batch), message.values(earlier, message.batch)
        if found and others and _is_earlier(found[0].text, others[0].text):
            yield _finding(later, "ORDER", text, found[0].path)
    for name, later, earlier, text in _WITHIN:
        for block in message.contexts(name):
            if _is_earlier(block.text(later), block.text(earlier)):
                yield _finding(later, "ORDER", text, block.values[later].path)


def _is_earlier(left: str, right: str) -> bool:
    one, other = read_time(left), read_time(right)
    return one is not None and other is not None and _earlier(one, other)


def _after_creation(message: Message) -> Iterator[Finding]:
    created = _time(message.message, "C.1.2")
    for block in message.message.every():
        for element in _NOT_AFTER_CREATION.intersection(block.values):
            time = _time(block, element)
            if created is not None and time is not None and _earlier(created, time):
                text = f"{element} is later than C.1.2, the creation of the report."
                yield _finding(element, "AFTER-CREATION", text, block.values[element].path)


def _age(message: Message) -> Iterator[Finding]:
    onsets = [time for block in message.contexts("E.i") if (time := _time(block, "E.i.4")) is not None]
    for patient in message.contexts("D"):
        born, unit = _time(patient, "D.2.1"), patient.text("D.2.2b")
        if born is None or not onsets or unit not in _DAYS_OF_UNIT:
            continue
        days = (min(time.first for time in onsets) - born.first).days
        stated = _number(patient.text("D.2.2a"))
        if stated is None:
            continue
        apart = abs(stated * _DAYS_OF_UNIT[unit] - days) / _DAYS_OF_UNIT["a"]
        if apart > _MOST_YEARS_APART * (10 if unit == "10.a" else 1):
            text = "D.2.2, the age at onset, does not fit D.2.1, the date of birth."
            yield _finding("D.2.2a", "AGE", text, patient.values["D.2.2a"].path, Severity.WARNING)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _death(message: Message) -> Iterator[Finding]:
    fatal = {event for event in message.contexts("E.i") if event.text("E.i.3.2a") == "true"}
    for event in message.contexts("E.i"):
        if event in fatal and event.text("E.i.7") != "5":
            text = "E.i.7 is not fatal although the event resulted in death."
            yield _finding("E.i.7", "DEATH", text, event.path, Severity.WARNING)
        elif event not in fatal and event.text("E.i.7") == "5":
            text = "E.i.3.2a is not true although the outcome is fatal."
            yield _finding("E.i.3.2a", "DEATH", text, event.path, Severity.WARNING)
    for patient in message.contexts("D"):
        if fatal and not patient.has("D.9.1"):
            text = "D.9.1, the date of death, is missing although an event resulted in death."
            yield _finding("D.9.1", "DEATH", text, patient.path, Severity.WARNING)
        died = _time(patient, "D.9.1")
        for event in message.contexts("E.i"):
            onset = _time(event, "E.i.4")
            if died is not None and onset is not None and _earlier(died, onset):
                text = "E.i.4, the onset, is later than D.9.1, the death."
                yield _finding("E.i.4", "DEATH", text, event.values["E.i.4"].path)


def _references(message: Message) -> Iterator[Finding]:
    reactions, drugs = message.contexts("E.i"), message.contexts("G.k")
    known: dict[str, Block] = {}
    for block in (*reactions, *drugs):
        name = own_id(block)
        if not name:
            yield _finding(block.name, "ID", f"A {block.name} has no id of its own.", block.path)
        elif name in known:
            yield _finding(block.name, "ID", f"The id of a {block.name} is used twice.", block.path)
        known.setdefault(name, block)
    known_drugs, known_reactions = _ids(drugs), _ids(reactions)
    for assessment in (*message.contexts("G.k.9.i.2.r"), *message.contexts("G.k.1")):
        if product_of(assessment) not in known_drugs:
            text = f"A {assessment.name} leads to no drug of the report."
            yield _finding(assessment.name, "REFERENCE", text, assessment.path)
        if assessment.name == "G.k.9.i.2.r" and reaction_of(assessment) not in known_reactions:
            text = "A G.k.9.i.2.r leads to no reaction of the report."
            yield _finding("G.k.9.i.1", "REFERENCE", text, assessment.path)
    for drug in drugs:
        for node in _act_references(drug.node):
            if node.attributes.get("root", "") not in _ids(reactions):
                text = "An interval or a rechallenge leads to no reaction of the report."
                yield _finding("G.k.9.i.1", "REFERENCE", text, node.path())


def _ids(blocks: list[Block]) -> set[str]:
    return {own_id(block) for block in blocks} - {""}


def _act_references(drug: Node) -> Iterator[Node]:
    for relation in drug.named("outboundRelationship1"):
        for reference in relation.named("actReference"):
            yield from reference.named("id")


def _aggregate(message: Message) -> Iterator[Finding]:
    for patient in message.contexts("D"):
        if patient.text("D.1") == "AGGREGRATE":
            text = "D.1 is spelled AGGREGRATE and read as AGGREGATE."
            yield _finding("D.1", "SPELLING", text, patient.values["D.1"].path, Severity.NOTE)
