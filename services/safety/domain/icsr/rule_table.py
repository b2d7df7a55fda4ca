"""Rules between data elements as data: what must be so, in which block, and when.

`must`:  `present`; `absent`; `valued` (a value, no nullFlavor); `=a|b` (one of these if there is a value);
`==a|b` (there, and one of these); `!=a|b` (none of these); `any=a|b` (at least one of all that stand);
`null=NA` (this nullFlavor if there is anything); `~pattern` (the whole value, if there is one).
`when`:  conditions joined by ` & `: `X` (a value or nullFlavor stands), `!X` (neither), `X=a|b`, `X=*` (any value),
`X!=a|b` (no value is one of these), `X:NA` (this nullFlavor). Empty: always.

An element of the rule's own block is looked for there, any other in the whole message and its wrapper.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.safety.domain.icsr.element_table import ElementTable
from services.safety.domain.icsr.finding import Finding, Severity
from services.safety.domain.icsr.report_values import Block, Value

_CONDITION = re.compile(r"(?P<not>!?)(?P<element>[A-Za-z0-9.]+)(?:(?P<sign>!=|=|:)(?P<values>.+))?")
_MUST = re.compile(r"(?P<sign>present|absent|valued|==|=|!=|any=|null=|~)(?P<values>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    element: str
    sign: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRule:
    """One row; `elements` are alternatives, the first of which is named in a finding."""

    rule: str
    block: str
    elements: tuple[str, ...]
    sign: str
    values: frozenset[str]
    pattern: str
    when: tuple[Condition, ...]
    severity: Severity
    message: str


def build_rules(rows: Iterable[Mapping[str, str]]) -> tuple[ReportRule, ...]:
    """The rules from their rows.

    Raises:
        ValueError: a row is not of this language.
        KeyError: a column is missing.
    """
    return tuple(_rule(row) for row in rows)


def _rule(row: Mapping[str, str]) -> ReportRule:
    must = _MUST.fullmatch(row["must"])
    if must is None:
        raise ValueError(f"not a demand of the rule tables: {row['must']}")
    return ReportRule(
        rule=row["rule"],
        block=row["block"],
        elements=tuple(row["element"].split("|")),
        sign=must["sign"],
        values=frozenset(must["values"].split("|")),
        pattern=must["values"],
        when=tuple(_condition(one) for one in row["when"].split(" & ") if one),
        severity=Severity(row["severity"]),
        message=row["message"],
    )


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a condition of the rule tables: {text}")
    sign = "absent" if match["not"] else match["sign"] or "present"
    return Condition(
        element=match["element"], sign=sign, values=frozenset((match["values"] or "").split("|"))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message with its wrapper, in which rules look for what they need; made by `message_of`."""

    batch: Block
    message: Block
    table: ElementTable
    blocks: Mapping[str, list[Block]]
    found: Mapping[str, list[Value]]

    def contexts(self, name: str) -> list[Block]:
        """Blocks of this name that stand."""
        return self.blocks.get(name, [])

    def values(self, element: str, context: Block) -> list[Value]:
        if element in context.values:
            return [context.values[element]]
        rule = self.table.elements.get(element)
        if rule is None or rule.block == context.name:
            return []
        return self.found.get(element, [])


def message_of(batch: Block, message: Block, table: ElementTable) -> Message:
    """A message with its blocks and values by name: each is walked once, however many rules ask."""
    blocks: dict[str, list[Block]] = {batch.name: [batch]}
    found: dict[str, list[Value]] = {element: [value] for element, value in batch.values.items()}
    for block in message.every():
        if block.stands:
            blocks.setdefault(block.name, []).append(block)
        for element, value in block.values.items():
            found.setdefault(element, []).append(value)
    return Message(batch=batch, message=message, table=table, blocks=blocks, found=found)


def apply_rules(rules: Iterable[ReportRule], message: Message) -> list[Finding]:
    """What the rules find in a message."""
    found = []
    for rule in rules:
        for context in message.contexts(rule.block):
            if all(_holds(condition, message, context) for condition in rule.when):
                found.extend(_findings(rule, message, context))
    return found


def _holds(condition: Condition, message: Message, context: Block) -> bool:
    values = message.values(condition.element, context)
    texts = {value.text for value in values if value.text}
    match condition.sign:
        case "present":
            return bool(values)
        case "absent":
            return not values
        case ":":
            return any(value.null_flavor in condition.values for value in values)
        case "!=":
            return not texts & condition.values
        case _:
            return bool(texts & condition.values) or ("*" in condition.values and bool(texts))


def _findings(rule: ReportRule, message: Message, context: Block) -> list[Finding]:
    values = [value for element in rule.elements for value in message.values(element, context)]
    if rule.sign == "present":
        return [] if values else [_finding(rule, context.path)]
    if rule.sign == "any=":
        return [] if any(value.text in rule.values for value in values) else [_finding(rule, context.path)]
    if rule.sign == "==" and not values:
        return [_finding(rule, context.path)]
    return [_finding(rule, value.path) for value in values if not _satisfies(rule, value)]


def _satisfies(rule: ReportRule, value: Value) -> bool:
    match rule.sign:
        case "absent":
            return False
        case "valued":
            return bool(value.text)
        case "=":
            return not value.text or value.text in rule.values
        case "==":
            return value.text in rule.values
        case "!=":
            return value.text not in rule.values
        case "null=":
            return value.null_flavor in rule.values
        case _:
            return not value.text or re.fullmatch(rule.pattern, value.text) is not None


def _finding(rule: ReportRule, path: str) -> Finding:
    return Finding(
        element=stem(rule.elements),
        rule=rule.rule,
        severity=rule.severity,
        message=rule.message,
        path=path,
    )


def stem(elements: tuple[str, ...]) -> str:
    """What alternatives have in common: `F.r.3` of `F.r.3.1` and `F.r.3.2`; the element itself if it is alone."""
    if len(elements) == 1:
        return elements[0]
    parts = [element.split(".") for element in elements]
    same = []
    for at in zip(*parts, strict=False):
        if len(set(at)) > 1:
            break
        same.append(at[0])
    return ".".join(same)
