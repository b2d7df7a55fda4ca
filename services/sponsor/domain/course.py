"""What signed decisions have made of a part: levels opened and eliminated, decisions that follow, dose found."""

from collections.abc import Iterable, Sequence

from services.sponsor.domain.decision import Decision, DecisionKind, DecisionState
from services.sponsor.domain.escalation.rolling_six import PartHistory
from services.sponsor.domain.protocol_terms import PartTerms


def took_force(decision: Decision) -> bool:
    """Whether the decision ever acted and was not taken back."""
    return decision.in_force_at is not None and decision.state is not DecisionState.WITHDRAWN


def part_history(terms: PartTerms, decisions: Iterable[Decision]) -> PartHistory:
    """Levels opened, in order, and levels closed by decision and not reopened.

    Args:
        terms: the part; decisions of other parts are passed over.
        decisions: in the order in which they took force.
    """
    opened: list[int] = []
    eliminated: set[int] = set()
    for decision in decisions:
        if decision.place.part != terms.part or not took_force(decision):
            continue
        level = decision.place.level
        if decision.kind.opens_places:
            opened.append(level)
        if decision.kind is DecisionKind.REOPEN_LEVEL:
            eliminated.discard(level)
        if decision.kind is DecisionKind.CLOSE_LEVEL:
            eliminated.add(level)
    return PartHistory(opened=tuple(opened), eliminated=frozenset(eliminated), start_level=terms.start_level)


def is_followed_by(earlier: Decision, later: Decision) -> bool:
    """Whether a decision in force no longer says what holds, because a later one in its part does.

    An opening decision follows the openings and holds before it; a closing one the openings at its level and
    above; a declared dose all of these and the dose declared before. A restriction ends by an opening alone.
    """
    if earlier.place.part != later.place.part or earlier.state is not DecisionState.IN_FORCE:
        return False
    same_level = earlier.place.level == later.place.level
    opening_or_hold = earlier.kind.opens_places or earlier.kind.holds
    match later.kind:
        case DecisionKind.REOPEN_LEVEL if earlier.kind is DecisionKind.CLOSE_LEVEL:
            return same_level
        case DecisionKind.OPEN_LEVEL | DecisionKind.EXPAND | DecisionKind.REOPEN_LEVEL:
            return opening_or_hold
        case DecisionKind.CLOSE_LEVEL:
            return opening_or_hold and earlier.place.level >= later.place.level
        case DecisionKind.DECLARE_MTD:
            return opening_or_hold or earlier.kind is DecisionKind.DECLARE_MTD
        case _:
            return earlier.kind.holds and same_level


def dose_found(part: str, decisions: Sequence[Decision]) -> int | None:
    """The level declared in force as the maximum tolerated dose of a part; None while none is."""
    declared = [
        decision.place.level
        for decision in decisions
        if decision.place.part == part
        and decision.kind is DecisionKind.DECLARE_MTD
        and decision.state is DecisionState.IN_FORCE
    ]
    return declared[-1] if declared else None
