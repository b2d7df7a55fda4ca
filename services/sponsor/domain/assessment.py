"""Applying a part's own rule to what is known: recommendation, cohort rule of a decision, levels to hold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from services.sponsor.domain.cohort_rule import (
    BoundaryRule,
    CohortRule,
    NextLevel,
    rule_from_boundary,
    rule_from_table,
    rule_sha256,
)
from services.sponsor.domain.course import took_force
from services.sponsor.domain.decision import Decision, DecisionKind, DecisionState
from services.sponsor.domain.escalation.expansion import recommend_expansion
from services.sponsor.domain.escalation.part_design import PartHistory, recommend_for_part
from services.sponsor.domain.escalation.result import (
    Reason,
    Recommendation,
    RecommendationKind,
    RuleSource,
    caution,
)
from services.sponsor.domain.escalation.rolling_six import rolling_six_design
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.protocol_terms import Boundary, PartTerms
from services.sponsor.domain.standing import LevelCounts, Standing, count, count_levels

HOLDING = frozenset(
    {
        RecommendationKind.SUSPEND,
        RecommendationKind.DEESCALATE,
        RecommendationKind.ELIMINATE,
        RecommendationKind.STOP_NO_MTD,
    }
)
"""Recommendations under which nobody more should join at the present level.

Not `wait`: while a cohort is under way or awaited, the signed cohort rule says who may still complete it.
"""


def looked_at(terms: PartTerms, standings: Iterable[Standing]) -> tuple[Standing, ...]:
    """The participants whom the part's rule looks at."""
    return tuple(s for s in standings if s.place.part == terms.part or s.place in terms.places)


def rule_source(terms: PartTerms, level: int) -> RuleSource:
    """Which rule is read for a level of the part."""
    own = terms.level_rule
    if isinstance(own, Boundary):
        rule = _boundary_rule(terms, own, level)
        return RuleSource(id="monitoring_boundary", version=rule.text, sha256=rule_sha256(rule))
    return terms.table_at(level).source


def recommend_part(terms: PartTerms, standings: Iterable[Standing], history: PartHistory) -> Recommendation:
    """What the part's design or boundary says of these participants.

    A level above the part's own, left over from an earlier protocol version, still counts.
    """
    seen, own = looked_at(terms, standings), terms.level_rule
    if not isinstance(own, Boundary):
        counts = count_levels(seen, terms.part)
        levels = max([terms.levels, *counts, *history.opened, *history.eliminated])
        design = terms.design or rolling_six_design(own, levels)
        found = recommend_for_part(design, own.source, counts, history, levels)
        read = rule_source(terms, found.cell.level)
        return replace(found, cell=replace(found.cell, source=read))
    level = history.current
    rule = _boundary_rule(terms, own, level)
    found = recommend_expansion(rule, count(seen, rule.counts), level, max(terms.levels, level))
    lowest_closed = min(history.eliminated, default=level + 1)
    return found if lowest_closed > level else _closed_by_decision(found, lowest_closed, terms.levels)


def _closed_by_decision(found: Recommendation, lowest_closed: int, levels: int) -> Recommendation:
    closed = frozenset(found.closed_levels) | set(range(lowest_closed, levels + 1))
    return replace(
        found,
        kind=RecommendationKind.ELIMINATE,
        level=None,
        reasons=(*found.reasons, Reason.ELIMINATED),
        closed_levels=tuple(sorted(closed)),
    )


def _boundary_rule(terms: PartTerms, boundary: Boundary, level: int) -> BoundaryRule:
    place = PartLevel(part=terms.part, level=level)
    return rule_from_boundary(
        boundary.text, boundary.limits, boundary.max_evaluable, place, boundary.counted_with
    )


def cohort_rule_for(
    terms: PartTerms, level: int, kind: DecisionKind, closed: Collection[int]
) -> CohortRule | None:
    """The rule that a decision for this level would carry; None for kinds that open no places.

    Args:
        terms: the part.
        level: level that the decision names.
        kind: what is decided.
        closed: levels that must take nobody.
    """
    if not kind.opens_places:
        return None
    own = terms.level_rule
    if isinstance(own, Boundary):
        return _boundary_rule(terms, own, level)
    above = NextLevel.OPENABLE
    if level >= terms.levels:
        above = NextLevel.NONE
    elif level + 1 >= min(closed, default=terms.levels + 1):
        above = NextLevel.ELIMINATED
    place = PartLevel(part=terms.part, level=level)
    return rule_from_table(terms.table_at(level), place, above, expand=kind is DecisionKind.EXPAND)


def counts_by_level(terms: PartTerms, standings: Iterable[Standing]) -> Mapping[int, LevelCounts]:
    """Counts of the part's own participants; every level of the part is present."""
    found = count_levels(standings, terms.part)
    return {level: found.get(level, LevelCounts()) for level in range(1, terms.levels + 1)} | dict(found)


def closed_elsewhere(terms: PartTerms, others: Mapping[str, Recommendation]) -> bool:
    """Whether an expansion counts together with a level that its own part has found intolerable.

    Args:
        terms: the expansion part.
        others: present recommendation of every part.
    """
    counted_with = terms.rule.counted_with if isinstance(terms.rule, Boundary) else ()
    return any(
        place.level in others[place.part].closed_levels for place in counted_with if place.part in others
    )


def holds_due(
    recommendation: Recommendation,
    history: PartHistory,
    decisions: Sequence[Decision],
    unmatched: Collection[int] = (),
) -> Mapping[int, str]:
    """Levels of a part that the sponsor holds now, with the reason; only levels ever opened can be held.

    A level is held when the recommendation closes it, or stops accrual at the present one. It is not when the
    latest decision that opened it was taken on a recommendation at least as cautious: people knew. A DLT that
    belongs to no registration always holds the level that safety names.

    Args:
        recommendation: present recommendation of the part.
        history: of the part.
        decisions: of the part, in the order in which they took force.
        unmatched: levels named by unmatched DLTs.
    """
    due: dict[int, str] = {}
    for level in sorted(set(history.opened)):
        if level in unmatched:
            due[level] = "unmatched_dlt"
        elif _decided_knowing(recommendation, level, decisions):
            continue
        elif level in recommendation.closed_levels:
            due[level] = "eliminated"
        elif level == history.current and recommendation.kind in HOLDING:
            due[level] = recommendation.kind.value
    return due


def _decided_knowing(recommendation: Recommendation, level: int, decisions: Sequence[Decision]) -> bool:
    opening = [d for d in decisions if d.place.level == level and d.kind.opens_places and took_force(d)]
    if not opening or opening[-1].state is not DecisionState.IN_FORCE:
        return False
    return caution(recommendation) <= caution(opening[-1].recommendation)
