"""FDA's rules for premarket reports that its table of rules alone cannot say.

Source: FDA, E2B(R3) rejection and warning rules: R0010, R0011, R0021, R0100, R0101.
"""

from collections.abc import Iterator

from services.safety.domain.icsr.finding import Finding, Severity
from services.safety.domain.icsr.hl7_time import read_time
from services.safety.domain.icsr.report_values import Block
from services.safety.domain.icsr.rule_table import Message


def check_fda(message: Message, *, initial: bool | None) -> list[Finding]:
    """What FDA demands besides the rows of its table.

    Args:
        message: the message.
        initial: whether nothing was sent before under this number; None when only the file is known, then a
            report whose newest information is its first is taken for one, and an amendment of it is a warning.
    """
    return [
        *_sender(message),
        *_primary_source(message),
        *_attachments(message),
        *_first_report(message, initial),
    ]


def _error(element: str, rule: str, text: str, path: str) -> Finding:
    return Finding(element=element, rule=rule, severity=Severity.ERROR, message=text, path=path)


def _sender(message: Message) -> Iterator[Finding]:
    batch, own = message.batch.text("N.1.3"), message.message.values.get("N.2.r.2")
    if own is not None and batch and own.text != batch:
        yield _error("N.2.r.2", "R0100", "N.2.r.2 is not the same as N.1.3.", own.path)


def _primary_source(message: Message) -> Iterator[Finding]:
    if not any(source.text("C.2.r.5") == "1" for source in message.contexts("C.2.r")):
        text = "No reporter is marked by C.2.r.5 = 1."
        yield _error("C.2.r.5", "R0021", text, message.message.path)


def _attachments(message: Message) -> Iterator[Finding]:
    for block in message.contexts("C.1.6.1.r"):
        value = block.values.get("C.1.6.1.r.2")
        if value is None or not value.text:
            continue
        attributes = value.node.attributes
        if "compression" in attributes or attributes.get("representation") != "B64":
            text = "An included document is compressed or not in base 64."
            yield _error("C.1.6.1.r.2", "R0010", text, value.path)


def _first_report(message: Message, initial: bool | None) -> Iterator[Finding]:
    for case in message.contexts("C.1"):
        first = _same_day(case) if initial is None else initial
        if not first:
            continue
        expedited, nullified = case.values.get("C.1.7"), case.values.get("C.1.11.1")
        if expedited is not None and expedited.null_flavor == "NI" and nullified is None:
            yield _error("C.1.7", "R0011", "C.1.7 is NI in an initial report.", expedited.path)
        if nullified is not None:
            yield Finding(
                element="C.1.11.1",
                rule="R0101",
                severity=Severity.WARNING if initial is None else Severity.ERROR,
                message="C.1.11.1 is given, which an initial report must not have.",
                path=nullified.path,
            )


def _same_day(case: Block) -> bool:
    first, newest = read_time(case.text("C.1.4")), read_time(case.text("C.1.5"))
    return first is not None and newest is not None and first.day == newest.day
