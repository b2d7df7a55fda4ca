"""The cohort rule that a signed dose decision carries, as data, and what it says on given counts.

Evaluated in the registration transaction before the new child is counted, and at once when a verdict arrives.
The rule may be stricter than people expect, never laxer: outside its rows it holds, and where a fact is open
(a provisional DLT, a verdict without a registration) every reading is tried and the strictest one stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.enrolment.domain.cohort_counts import CohortCounts
from services.enrolment.domain.ids import PartLevel


class RuleOutput(StrEnum):
    """What may happen next at the level; `close` is stricter than `hold`, `hold` than `same`."""

    SAME = "same"
    HOLD = "hold"
    CLOSE = "close"

    @property
    def strictness(self) -> int:
        return tuple(RuleOutput).index(self)


class MalformedCohortRule(ValueError):
    """The rule in a decision cannot be read; nobody may be registered on it."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cell:
    """One reading of the counts: n registered and counted, of them DLTs and pending."""

    n: int
    dlt: int
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRule:
    """Printed table of an escalation design; `source` names design, version and hash."""

    source: Mapping[str, str]
    counts: tuple[PartLevel, ...]
    rows: Mapping[Cell, RuleOutput]

    def read(self, cell: Cell) -> tuple[RuleOutput, str]:
        output = self.rows.get(cell)
        if output is None:
            return RuleOutput.HOLD, "outside the rows of the table"
        return output, "row of the table"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryRule:
    """Stated boundary of an expansion: close when the DLTs among the evaluable reach the listed number.

    `limits` pairs a number of evaluable participants with the DLTs that close, rising in the first.
    """

    source: Mapping[str, str]
    counts: tuple[PartLevel, ...]
    max_evaluable: int
    limits: tuple[tuple[int, int], ...]

    def read(self, cell: Cell) -> tuple[RuleOutput, str]:
        evaluable = cell.n - cell.pending
        reached = [limit for listed, limit in self.limits if listed <= evaluable]
        if reached and cell.dlt >= reached[-1]:
            return RuleOutput.CLOSE, f"{cell.dlt} DLTs reach the limit of {reached[-1]} among {evaluable}"
        if cell.n >= self.max_evaluable:
            return RuleOutput.HOLD, f"{self.max_evaluable} participants are registered"
        return RuleOutput.SAME, "below the boundary"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRule:
    """What a decision that lets nobody in carries; asked all the same, it holds."""

    source: Mapping[str, str] = field(default_factory=dict)
    counts: tuple[PartLevel, ...] = ()

    def read(self, cell: Cell) -> tuple[RuleOutput, str]:
        return RuleOutput.HOLD, "the decision carries no rule"


CohortRule = TableRule | BoundaryRule | NoRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Result of the rule; `cell` is the reading that decided and `because` how it was found."""

    output: RuleOutput
    cell: Cell
    because: str


def counted_places(rule: CohortRule, place: PartLevel) -> frozenset[PartLevel]:
    """Levels whose participants are counted together; the level itself always is."""
    return frozenset(rule.counts) | {place}


def readings(counts: CohortCounts) -> tuple[Cell, ...]:
    """Every reading of the counts that the open facts allow, plainest first.

    Each provisional DLT is read as pending and as DLT. A DLT without a registration adds a DLT, read with and
    without a further participant: whether that child is one of ours is exactly what is not known.
    """
    return tuple(
        Cell(n=counts.n + added, dlt=counts.dlt + counts.unmatched + judged, pending=counts.pending - judged)
        for judged in range(counts.provisional + 1)
        for added in sorted({0, counts.unmatched})
    )


def evaluate_cohort_rule(rule: CohortRule, counts: CohortCounts) -> Evaluation:
    """Strictest output of the rule over all readings of the counts; the first such reading is named."""
    evaluations = [
        Evaluation(output=output, cell=cell, because=because)
        for cell in readings(counts)
        for output, because in (rule.read(cell),)
    ]
    return max(evaluations, key=lambda evaluation: evaluation.output.strictness)


def parse_cohort_rule(document: Mapping[str, object]) -> CohortRule:
    """Reads a rule from the data of a signed decision.

    Args:
        document: kind `table` (`source`, `counts`, `rows` of [n, dlt, pending, output]) or kind `boundary`
            (`source`, `counts`, `max_evaluable`, `close_if_dlts_at_least` pairs).

    Raises:
        MalformedCohortRule: a key is missing or unknown, a value has another type, or rows contradict.
    """
    kind = document.get("kind")
    own = {
        "table": {"kind", "source", "counts", "rows"},
        "boundary": {"kind", "source", "counts", "max_evaluable", "close_if_dlts_at_least"},
    }
    if not isinstance(kind, str) or kind not in own:
        raise MalformedCohortRule("a cohort rule is of kind table or boundary")
    if set(document) != own[kind]:
        raise MalformedCohortRule(f"a {kind} rule has exactly the keys {sorted(own[kind])}")
    source = _source(document["source"])
    counts = tuple(_place(entry) for entry in _list(document["counts"], "counts"))
    if kind == "table":
        return TableRule(source=source, counts=counts, rows=_rows(document["rows"]))
    return BoundaryRule(
        source=source,
        counts=counts,
        max_evaluable=_count(document["max_evaluable"]),
        limits=_limits(document["close_if_dlts_at_least"]),
    )


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list | tuple):
        raise MalformedCohortRule(f"{name} is a list")
    return list(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedCohortRule("a count is a whole number from 0")
    return value


def _source(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise MalformedCohortRule("source names where the rule comes from")
    return {str(key): str(text) for key, text in value.items()}


def _place(value: object) -> PartLevel:
    if (
        not isinstance(value, Mapping)
        or set(value) != {"part", "level"}
        or not isinstance(value["part"], str)
    ):
        raise MalformedCohortRule("counts lists part and level")
    return PartLevel(part=value["part"], level=_count(value["level"]))


def _rows(value: object) -> Mapping[Cell, RuleOutput]:
    rows: dict[Cell, RuleOutput] = {}
    for entry in _list(value, "rows"):
        row = _list(entry, "a row")
        if len(row) != 4 or row[3] not in list(RuleOutput):
            raise MalformedCohortRule("a row is n, dlt, pending and same, hold or close")
        cell = Cell(n=_count(row[0]), dlt=_count(row[1]), pending=_count(row[2]))
        if cell in rows:
            raise MalformedCohortRule(f"the table has two rows for {cell}")
        if cell.dlt + cell.pending > cell.n:
            raise MalformedCohortRule(f"more DLTs and pending than registered in {cell}")
        rows[cell] = RuleOutput(str(row[3]))
    if not rows:
        raise MalformedCohortRule("the table has no row")
    return rows


def _limits(value: object) -> tuple[tuple[int, int], ...]:
    limits: list[tuple[int, int]] = []
    for entry in _list(value, "close_if_dlts_at_least"):
        pair = [_count(number) for number in _list(entry, "a limit")]
        if len(pair) != 2:
            raise MalformedCohortRule("a limit pairs evaluable participants with DLTs")
        limits.append((pair[0], pair[1]))
    if len({evaluable for evaluable, _ in limits}) != len(limits):
        raise MalformedCohortRule("two limits name the same number of evaluable participants")
    if not limits:
        raise MalformedCohortRule("the boundary has no limit")
    return tuple(sorted(limits))
