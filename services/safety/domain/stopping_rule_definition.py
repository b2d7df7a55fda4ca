"""A protocol's stopping rules, read from the `stopping_rules` list of the protocol file."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.safety.domain.dlt_definition import DltDefinition, parse_counted_event
from services.safety.domain.refusals import Refused
from services.safety.domain.stopping_rule import (
    MOST_PARTICIPANTS,
    BoundaryDesign,
    BoundaryKind,
    boundary_of,
)
from services.safety.domain.stopping_rule_characteristics import Boundary
from services.safety.domain.strict_reading import StrictObject, not_readable


class PathOrder(StrEnum):
    """In which order participants are counted: as they became evaluable, or as they were registered."""

    EVALUABLE_AT = "evaluable_at"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingRule:
    """One rule of a protocol version.

    Attributes:
        id: stays the same over versions of the rule.
        version: of the boundary table; a new one is watched anew.
        part: whose participants count; None for every part with dose levels; likewise `level`.
        event: the definition by which an event counts, where it is not the trial's DLT.
        boundary: events that stop after n = 1, 2, ... evaluable participants.
        design: from which the boundary follows, where it is not a table.
        order: of the participants.
        action: the protocol's words for what people then do.
    """

    id: str
    version: int
    part: str | None
    level: int | None
    event: DltDefinition | None
    boundary: Boundary
    design: BoundaryDesign | None
    order: PathOrder
    action: str

    def covers(self, part: str, level: int) -> bool:
        return self.part in (None, part) and self.level in (None, level)


def parse_stopping_rules(
    content: object, definition: DltDefinition, path: str = "stopping_rules"
) -> tuple[StoppingRule, ...]:
    """The rules in `content`, read strictly.

    Args:
        content: the protocol file's list as JSON gives it.
        definition: the trial's DLT definition, whose dictionary the rules share.
        path: where the list stands, for messages.

    Raises:
        Refused: `dlt_definition_invalid` with the path, or `stopping_rule_invalid` with the field, as facts.
    """
    top = StrictObject({path: content}, "protocol")
    rules = tuple(_rule(item, definition) for item in top.children(path))
    ids = [rule.id for rule in rules]
    if len(set(ids)) != len(ids):
        raise not_readable(f"protocol.{path}", "two rules have the same id")
    return rules


def _rule(item: StrictObject, definition: DltDefinition) -> StoppingRule:
    part, level = _scope(item)
    boundary, design = _boundary(item.child("boundary"))
    order = item.choice("order", set(PathOrder)) if item.has("order") else PathOrder.EVALUABLE_AT.value
    rule = StoppingRule(
        id=item.text("id"),
        version=item.whole("version", 1, 10**6),
        part=part,
        level=level,
        event=_event(item.child("event"), definition),
        boundary=boundary,
        design=design,
        order=PathOrder(order),
        action=item.text("action"),
    )
    item.close()
    return rule


def _scope(item: StrictObject) -> tuple[str | None, int | None]:
    if not item.has("scope"):
        return None, None
    scope = item.child("scope")
    part = scope.text("part") if scope.has("part") else None
    level = scope.whole("level", 1, 20) if scope.has("level") else None
    scope.close()
    if level is not None and part is None:
        raise not_readable(scope.path, "a level names its part")
    return part, level


def _event(event: StrictObject, definition: DltDefinition) -> DltDefinition | None:
    own = event.choice("kind", {"dlt", "criteria"}) == "criteria"
    counted = parse_counted_event(event, definition) if own else None
    event.close()
    return counted


def _boundary(boundary: StrictObject) -> tuple[Boundary, BoundaryDesign | None]:
    kind = boundary.choice("kind", {"table", *BoundaryKind})
    if kind == "table":
        limits = tuple(_limit(boundary, limit) for limit in boundary.items("stops_at"))
        boundary.close()
        if not 1 <= len(limits) <= MOST_PARTICIPANTS:
            raise not_readable(f"{boundary.path}.stops_at", f"not 1 to {MOST_PARTICIPANTS} entries")
        return limits, None
    design = BoundaryDesign(
        kind=BoundaryKind(kind),
        participants=boundary.whole("participants", 1, MOST_PARTICIPANTS),
        p0=_decimal(boundary, "p0"),
        alpha=_decimal(boundary, "alpha") if boundary.has("alpha") else None,
        cutoff=_decimal(boundary, "cutoff") if boundary.has("cutoff") else None,
        prior=_prior(boundary) if boundary.has("prior") else None,
        first_look=boundary.whole("first_look", 1, MOST_PARTICIPANTS) if boundary.has("first_look") else None,
    )
    boundary.close()
    return boundary_of(design), design


def _limit(boundary: StrictObject, limit: object) -> int | None:
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= MOST_PARTICIPANTS:
        raise not_readable(f"{boundary.path}.stops_at", "not a count or null")
    return limit


def _decimal(boundary: StrictObject, key: str) -> Decimal:
    return _number(boundary.text(key), f"{boundary.path}.{key}")


def _number(text: str, path: str) -> Decimal:
    if not text.isascii() or not text.replace(".", "", 1).isdecimal():
        raise not_readable(path, "not a decimal number")
    return Decimal(text)


def _prior(boundary: StrictObject) -> tuple[Decimal, Decimal]:
    numbers = [_number(text, f"{boundary.path}.prior") for text in boundary.texts("prior")]
    if len(numbers) != 2:
        raise not_readable(f"{boundary.path}.prior", "not two numbers")
    return numbers[0], numbers[1]


def problem_of(refused: Refused) -> str:
    """Why rules cannot be read, with the field where there is one."""
    field = refused.facts.get("field")
    return refused.detail if field is None else f"{field}: {refused.detail}"
