"""The cohort rule: what a signed decision tells enrolment about each further participant at its level.

Enrolment evaluates the rule on its own registrations inside the registration transaction; counts that the
rule does not list mean hold. The rule can only be replaced by another signed decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.sponsor.domain.boundary import Limits, limit_in_force
from services.sponsor.domain.canonical import Json, sha256_of
from services.sponsor.domain.escalation.result import RuleSource
from services.sponsor.domain.escalation.table import CellKey, DecisionTable, TableDecision
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.standing import LevelCounts


class RuleAnswer(StrEnum):
    SAME = "same"
    HOLD = "hold"
    CLOSE = "close"


STRICTNESS = (RuleAnswer.SAME, RuleAnswer.HOLD, RuleAnswer.CLOSE)


class NextLevel(StrEnum):
    """What lies above the level that the decision opens."""

    OPENABLE = "openable"
    NONE = "none"
    ELIMINATED = "eliminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRule:
    """Rows of (n, DLT, pending) with an answer, ascending; n counts registered participants."""

    source: RuleSource
    counts: tuple[PartLevel, ...]
    rows: tuple[tuple[CellKey, RuleAnswer], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryRule:
    """Close from a number of DLTs among the evaluable; hold once `max_evaluable` are registered."""

    text: str
    counts: tuple[PartLevel, ...]
    limits: Limits
    max_evaluable: int


CohortRule = TableRule | BoundaryRule


def rule_from_table(
    table: DecisionTable, place: PartLevel, next_level: NextLevel, *, expand: bool = False
) -> TableRule:
    """The rule of a level of an escalation part.

    "Escalate" ends accrual at the level (hold) while the next level can be opened. Where there is nothing to
    escalate to, or people decide to expand the level, it means filling up to the table's largest n.

    Args:
        table: cells in force for this protocol.
        place: level that the decision opens.
        next_level: whether the level above exists and may be entered.
        expand: the decision asks for more participants here although the next level may be open to them.
    """
    fills_up = expand or next_level is not NextLevel.OPENABLE
    rows = {(0, 0, 0): RuleAnswer.SAME}
    for key, decision in table.cells.items():
        rows[key] = _answer(decision, may_fill=fills_up and key[0] < table.largest_n)
    return TableRule(source=table.source, counts=(place,), rows=tuple(sorted(rows.items())))


def _answer(decision: TableDecision, *, may_fill: bool) -> RuleAnswer:
    match decision:
        case TableDecision.SAME:
            return RuleAnswer.SAME
        case TableDecision.DEESCALATE:
            return RuleAnswer.CLOSE
        case TableDecision.ESCALATE if may_fill:
            return RuleAnswer.SAME
        case _:
            return RuleAnswer.HOLD


def rule_from_boundary(
    text: str, limits: Limits, max_evaluable: int, place: PartLevel, counted_with: tuple[PartLevel, ...] = ()
) -> BoundaryRule:
    """The rule of a level of an expansion part; `place` itself is always counted.

    Args:
        text: where the boundary is stated, as the protocol writes it.
        limits: from `checked_limits`.
        max_evaluable: participants after whom nobody more is registered.
        place: level that the decision opens.
        counted_with: further levels, of any part, whose participants count together with these.
    """
    counts = tuple(sorted({place, *counted_with}))
    return BoundaryRule(text=text, counts=counts, limits=limits, max_evaluable=max_evaluable)


def evaluate_rule(rule: CohortRule, counts: LevelCounts) -> RuleAnswer:
    """What the rule says before one more participant is counted.

    A provisional DLT is evaluated as pending and as DLT; the strictest answer holds.
    """
    return max((_read(rule, reading) for reading in counts.readings()), key=STRICTNESS.index)


def _read(rule: CohortRule, counts: LevelCounts) -> RuleAnswer:
    if isinstance(rule, TableRule):
        return dict(rule.rows).get((counts.n, counts.dlt, counts.pending), RuleAnswer.HOLD)
    limit = limit_in_force(rule.limits, counts.n - counts.pending)
    if limit is not None and counts.dlt >= limit:
        return RuleAnswer.CLOSE
    return RuleAnswer.HOLD if counts.n >= rule.max_evaluable else RuleAnswer.SAME


def places_available(rule: CohortRule, counts: LevelCounts, *, target_left: int | None = None) -> int:
    """How many places a decision may open now: none where the rule itself would refuse the next participant.

    Args:
        rule: the rule that the decision would carry.
        counts: participants counted by that rule.
        target_left: participants missing to the part's target; None when the protocol states no target.
    """
    if evaluate_rule(rule, counts) is not RuleAnswer.SAME:
        return 0
    room = _largest_total(rule) - counts.n
    return room if target_left is None else max(0, min(room, target_left))


def _largest_total(rule: CohortRule) -> int:
    if isinstance(rule, BoundaryRule):
        return rule.max_evaluable
    return 1 + max(key[0] for key, answer in rule.rows if answer is RuleAnswer.SAME)


def rule_payload(rule: CohortRule) -> dict[str, Json]:
    """The rule as the plain JSON that travels with the signed decision."""
    counts: Json = [{"part": place.part, "level": place.level} for place in rule.counts]
    if isinstance(rule, TableRule):
        source = {"design": rule.source.id, "version": rule.source.version, "sha256": rule.source.sha256}
        rows = [[*key, answer.value] for key, answer in rule.rows]
        return {"kind": "table", "source": source, "counts": counts, "rows": rows}
    return {
        "kind": "boundary",
        "source": {"text": rule.text},
        "counts": counts,
        "max_evaluable": rule.max_evaluable,
        "close_if_dlts_at_least": [list(limit) for limit in rule.limits],
    }


def rule_from_payload(payload: Mapping[str, Any]) -> CohortRule:
    """The rule that `rule_payload` wrote."""
    counts = tuple(PartLevel(part=place["part"], level=place["level"]) for place in payload["counts"])
    source = payload["source"]
    if payload["kind"] == "table":
        return TableRule(
            source=RuleSource(id=source["design"], version=source["version"], sha256=source["sha256"]),
            counts=counts,
            rows=tuple(
                ((n, dlt, pending), RuleAnswer(answer)) for n, dlt, pending, answer in payload["rows"]
            ),
        )
    return BoundaryRule(
        text=source["text"],
        counts=counts,
        limits=tuple((evaluable, dlts) for evaluable, dlts in payload["close_if_dlts_at_least"]),
        max_evaluable=payload["max_evaluable"],
    )


def rule_sha256(rule: CohortRule) -> str:
    """Hash of the rule's payload; the signed text of a decision names it."""
    return sha256_of(rule_payload(rule))
