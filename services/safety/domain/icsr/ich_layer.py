"""The ICH layer: every mandatory and required element, code lists, lengths, types, dates, nullFlavors.

Source: ICH E2B(R3) core data elements (conformance, maximum length, data type, allowed values).
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from services.safety.domain.icsr.element_table import ElementRule, ElementTable, Kind
from services.safety.domain.icsr.finding import Finding, Severity
from services.safety.domain.icsr.hl7_time import read_time
from services.safety.domain.icsr.report_values import Block, Value

_REPEATED = (".r", ".i", ".k")

_IS: dict[Kind, Callable[[str], object]] = {
    Kind.LETTERS: re.compile(r"[A-Za-z]+").fullmatch,
    Kind.NUMBER: re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?").fullmatch,
    Kind.BOOLEAN: re.compile(r"true|false").fullmatch,
    Kind.COUNTRY: re.compile(r"[A-Z]{2}").fullmatch,
    Kind.MEDDRA_VERSION: re.compile(r"[0-9]{1,2}\.[0-9]").fullmatch,
    Kind.MEDDRA_CODE: re.compile(r"[0-9]{1,8}").fullmatch,
}
_WRITTEN: dict[Kind, str] = {
    Kind.LETTERS: "letters",
    Kind.NUMBER: "a number with a point and no comma",
    Kind.BOOLEAN: "true or false",
    Kind.COUNTRY: "a two-letter country code",
    Kind.MEDDRA_VERSION: "a MedDRA version such as 27.1",
    Kind.MEDDRA_CODE: "a numeric MedDRA code of at most eight digits",
}


def check_elements(
    block: Block, table: ElementTable, countries: frozenset[str], now: datetime, *, most: int
) -> list[Finding]:
    """What stands, or does not, in a block and all within it.

    Args:
        block: the batch, or any block of it.
        table: the elements to check.
        countries: codes of countries that may stand.
        now: aware; no date of a report lies after it.
        most: findings after which nobody reads on.
    """
    found: list[Finding] = []
    rules = {one.name: table.of_block(one.name) for one in table.blocks}
    for one in block.every():
        if len(found) >= most:
            break
        if not one.stands and one.name.endswith(_REPEATED):
            found.append(_absent_block(one))
            continue
        for rule in rules[one.name]:
            value = one.values.get(rule.number)
            if value is not None:
                found.extend(_value_findings(rule, value, countries, now))
            elif rule.conformance.always:
                found.append(_missing(rule, one))
    return found


def _absent_block(block: Block) -> Finding:
    return Finding(
        element=block.name,
        rule="ICH-MANDATORY",
        severity=Severity.ERROR,
        message=f"No {block.name} is given.",
        path=block.path,
    )


def _missing(rule: ElementRule, block: Block) -> Finding:
    return Finding(
        element=rule.number,
        rule=f"ICH-{rule.conformance.value.upper()}",
        severity=Severity.ERROR,
        message=f"{rule.number}, {rule.name}, is missing.",
        path=block.path,
    )


def _value_findings(
    rule: ElementRule, value: Value, countries: frozenset[str], now: datetime
) -> Iterator[Finding]:
    def finding(name: str, message: str) -> Finding:
        return Finding(
            element=rule.number,
            rule=f"ICH-{name}",
            severity=Severity.ERROR,
            message=f"{rule.number} {message}.",
            path=value.path,
        )

    if value.null_flavor:
        if value.null_flavor not in rule.null_flavors:
            yield finding("NULL-FLAVOR", "has a nullFlavor that it may not have")
        return
    if rule.length is not None and len(value.text) > rule.length:
        yield finding("LENGTH", f"has more than {rule.length} characters")
    if rule.kind is Kind.TIME:
        yield from _time_findings(rule, value, now, finding)
    elif rule.kind in _IS and not _IS[rule.kind](value.text):
        yield finding("TYPE", f"is not {_WRITTEN[rule.kind]}")
    elif rule.kind is Kind.COUNTRY and value.text not in countries:
        yield finding("VALUE", "is no country of ISO 3166-1, nor EU")
    elif rule.values and value.text not in rule.values:
        yield finding("VALUE", f"is not one of {', '.join(sorted(rule.values))}")


def _time_findings(
    rule: ElementRule, value: Value, now: datetime, finding: Callable[[str, str], Finding]
) -> Iterator[Finding]:
    time = read_time(value.text)
    if time is None:
        yield finding("DATE", "is not a date and time")
        return
    if not time.is_at_least(rule.precision):
        yield finding("PRECISION", f"is not given to the {rule.precision}")
    if rule.number == "N.1.5" and time.offset is None:
        yield finding("OFFSET", "has no offset from UTC")
    if time.is_after(now):
        yield finding("FUTURE", "lies in the future")
