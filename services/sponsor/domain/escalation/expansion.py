"""Recommendation for an expansion part: its stated monitoring boundary, evaluated on its own counts."""

from dataclasses import replace

from services.sponsor.domain.cohort_rule import BoundaryRule, RuleAnswer, evaluate_rule, rule_sha256
from services.sponsor.domain.escalation.result import (
    Cell,
    Reason,
    Recommendation,
    RecommendationKind,
    RuleSource,
)
from services.sponsor.domain.standing import LevelCounts


def recommend_expansion(rule: BoundaryRule, counts: LevelCounts, level: int, levels: int) -> Recommendation:
    """What the boundary says for a level of an expansion part.

    Args:
        rule: boundary of the level.
        counts: everyone whom the rule counts together.
        level: level of the next participants (1-based).
        levels: number of levels of the part.

    Returns:
        `stay` while participants may join; `eliminate` once the boundary is crossed; at the maximum `suspend`
        while answers are awaited, then `complete`.
    """
    source = RuleSource(id="monitoring_boundary", version=rule.text, sha256=rule_sha256(rule))
    cell = Cell(source=source, level=level, counts=counts)
    closed: tuple[int, ...] = ()
    reasons: tuple[Reason, ...] = ()
    next_level: int | None = level
    answer = evaluate_rule(rule, counts)
    match answer:
        case RuleAnswer.SAME:
            kind = RecommendationKind.STAY
        case RuleAnswer.CLOSE:
            kind, next_level, reasons = RecommendationKind.ELIMINATE, None, (Reason.BOUNDARY_CROSSED,)
            closed = tuple(range(level, levels + 1))
        case RuleAnswer.HOLD if counts.pending:
            kind, next_level, reasons = RecommendationKind.SUSPEND, None, (Reason.MAXIMUM_REACHED,)
        case RuleAnswer.HOLD:
            kind, reasons = RecommendationKind.COMPLETE, (Reason.MAXIMUM_REACHED,)
    if answer is not evaluate_rule(rule, replace(counts, provisional=0)):
        reasons = (*reasons, Reason.PROVISIONAL_DLT)
    return Recommendation(kind=kind, level=next_level, reasons=reasons, cell=cell, closed_levels=closed)
