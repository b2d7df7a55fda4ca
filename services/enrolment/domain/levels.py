"""State of each dose level, and what a signed decision or the cohort rule does to it.

Only closing is stored; whether the rule holds is computed each time it is asked. A closed level opens again
by a decision signed after it closed, and by nothing else.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.cohort_rule import CohortRule, Evaluation, RuleOutput
from services.enrolment.domain.ids import DecisionId, LevelId, PartLevel


class LevelState(StrEnum):
    LOCKED = "locked"
    OPEN = "open"
    CLOSED = "closed"


class DecisionStanding(StrEnum):
    """How far a dose decision has come; only `in_force` lets anybody in.

    `followed` ended in the ordinary course by a later decision; `superseded` means that its data changed.
    """

    FIRST_SIGNATURE = "first_signature"
    IN_FORCE = "in_force"
    FOLLOWED = "followed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class DecisionAction(StrEnum):
    OPEN = "open"
    EXPAND = "expand"
    CLOSE = "close"
    HOLD = "hold"


RESTRICTING = frozenset({DecisionAction.CLOSE, DecisionAction.HOLD})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDecision:
    """A decision of the safety review committee about one level, with the cohort rule it carries.

    `places` is the number of slots it opens; `signed_at` is the last signature it needed (for a restricting
    decision the first one).
    """

    id: DecisionId
    place: PartLevel
    action: DecisionAction
    standing: DecisionStanding
    quorate: bool
    signed_at: datetime
    rule: CohortRule
    places: int = 0

    @property
    def acts(self) -> bool:
        """Restricting decisions act at the first signature, others when in force."""
        if self.action in RESTRICTING:
            return self.standing in (DecisionStanding.FIRST_SIGNATURE, DecisionStanding.IN_FORCE)
        return self.standing is DecisionStanding.IN_FORCE and self.quorate


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseLevel:
    """A dose level of a part.

    `opened_by` is the decision it rests on (None: no decision); `closed_at` is when it last closed (None:
    never); `held_by` are decisions and sponsor holds that stop registration until they are lifted.
    """

    id: LevelId
    place: PartLevel
    state: LevelState = LevelState.LOCKED
    opened_by: DecisionId | None = None
    closed_at: datetime | None = None
    held_by: frozenset[str] = frozenset()


class Effect(StrEnum):
    """What became of a level; the slots of a closed level are revoked, those of a held one frozen."""

    OPENED = "opened"
    EXPANDED = "expanded"
    CLOSED = "closed"
    HELD = "held"
    DECISION_LOST = "decision_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """One level after the act, what happened to it, and how many slots to open there."""

    level: DoseLevel
    effect: Effect
    places: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingChanges:
    """The decision does not act on these levels; `because` says why, for the audit."""

    because: str


def close_level(level: DoseLevel, now: datetime) -> DoseLevel:
    return replace(level, state=LevelState.CLOSED, closed_at=now)


def decide_decision_effect(
    levels: tuple[DoseLevel, ...], decision: SignedDecision, now: datetime
) -> tuple[LevelChange, ...] | NothingChanges:
    """What a decision does to the levels of its part.

    Opening a level closes every other open level of the part: places left there belonged to the decision that
    this one follows. Expanding adds places at an open level and never opens a closed one.

    Args:
        levels: every level of the decision's part.
        decision: the decision as this service knows it now.
        now: time of closing, where a level closes.

    Raises:
        LookupError: the part has no such level.
    """
    level = next((known for known in levels if known.place == decision.place), None)
    if level is None:
        raise LookupError(f"no level {decision.place}")
    if not decision.acts:
        return NothingChanges(because=f"the decision is {decision.standing.value}, not in force")
    match decision.action:
        case DecisionAction.OPEN:
            return _open(levels, level, decision, now)
        case DecisionAction.EXPAND:
            return _expand(level, decision)
        case DecisionAction.CLOSE:
            if level.state is LevelState.CLOSED:
                return NothingChanges(because="the level is closed already")
            return (LevelChange(level=close_level(level, now), effect=Effect.CLOSED),)
        case DecisionAction.HOLD:
            held = replace(level, held_by=level.held_by | {decision.id})
            return (LevelChange(level=held, effect=Effect.HELD),)


def _open(
    levels: tuple[DoseLevel, ...], level: DoseLevel, decision: SignedDecision, now: datetime
) -> tuple[LevelChange, ...] | NothingChanges:
    if decision.id == level.opened_by:
        return NothingChanges(because="this decision has opened the level before")
    if level.closed_at is not None and decision.signed_at <= level.closed_at:
        return NothingChanges(because="the decision was signed before the level closed")
    opened = replace(level, state=LevelState.OPEN, opened_by=decision.id, held_by=frozenset())
    others = tuple(
        LevelChange(level=close_level(other, now), effect=Effect.CLOSED)
        for other in levels
        if other.place != level.place and other.state is LevelState.OPEN
    )
    return (*others, LevelChange(level=opened, effect=Effect.OPENED, places=decision.places))


def _expand(level: DoseLevel, decision: SignedDecision) -> tuple[LevelChange, ...] | NothingChanges:
    if level.state is not LevelState.OPEN:
        return NothingChanges(
            because=f"the level is {level.state.value}; only a decision to open it opens it"
        )
    if decision.id == level.opened_by:
        return NothingChanges(because="this decision has expanded the level before")
    expanded = replace(level, opened_by=decision.id, held_by=frozenset())
    return (LevelChange(level=expanded, effect=Effect.EXPANDED, places=decision.places),)


def closing_due(level: DoseLevel, evaluation: Evaluation) -> bool:
    """Whether the cohort rule closes a level that is open."""
    return level.state is LevelState.OPEN and evaluation.output is RuleOutput.CLOSE


def decide_rule_closing(
    levels: tuple[DoseLevel, ...], place: PartLevel, now: datetime
) -> tuple[LevelChange, ...]:
    """Closes the level; other open levels of the part lose their decision until people sign a new one."""
    changes: list[LevelChange] = []
    for level in levels:
        if level.state is not LevelState.OPEN:
            continue
        if level.place == place:
            changes.append(LevelChange(level=close_level(level, now), effect=Effect.CLOSED))
        elif level.place.part == place.part:
            changes.append(LevelChange(level=replace(level, opened_by=None), effect=Effect.DECISION_LOST))
    return tuple(changes)


def hold_level(level: DoseLevel, hold_id: str) -> DoseLevel:
    """Adds a hold of the sponsor; it stays until it is released or a new decision acts on the level."""
    return replace(level, held_by=level.held_by | {hold_id})


def release_hold(level: DoseLevel, hold_id: str) -> DoseLevel:
    return replace(level, held_by=level.held_by - {hold_id})
