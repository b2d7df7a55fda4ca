"""Proposing a dose decision: what people may decide, measured against the recommendation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from services.sponsor.domain.canonical import sha256_of
from services.sponsor.domain.cohort_rule import CohortRule, rule_sha256
from services.sponsor.domain.decision import Decision, DecisionKind, WrittenReason
from services.sponsor.domain.escalation.result import (
    Recommendation,
    RecommendationKind,
    recommendation_payload,
)
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId, TrialId
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused, require_reason
from services.sponsor.domain.roles import Role
from services.sponsor.domain.standing import LevelCounts

OVERRIDE_ROLES = (Role.MEDICAL_MONITOR, Role.SRC_CHAIR)
"""Both must write why a decision goes above the recommendation."""

_GIVES_A_LEVEL = {RecommendationKind.ESCALATE, RecommendationKind.STAY, RecommendationKind.DEESCALATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What someone proposes; `reasons` are needed above the recommendation, `reason` for every decision."""

    id: DecisionId
    trial_id: TrialId
    place: PartLevel
    level_label: str
    kind: DecisionKind
    places: int = 0
    reason: str
    reasons: tuple[WrittenReason, ...] = ()
    proposed_by: PersonId
    proposed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the proposal is measured against, all from one frozen snapshot.

    Attributes:
        counts: counting participants per level of the part.
        eliminated: levels closed for toxicity by decision or boundary; `closed_levels` of the
            recommendation are added to them.
        rule: cohort rule the decision would carry; None for kinds that open no places.
        places_left: from `places_available` for that rule.
    """

    snapshot_sha256: str
    recommendation: Recommendation
    counts: Mapping[int, LevelCounts]
    levels: int
    start_level: int
    eliminated: frozenset[int]
    rule: CohortRule | None
    places_left: int

    @property
    def closed(self) -> frozenset[int]:
        return self.eliminated | frozenset(self.recommendation.closed_levels)

    def tried(self, level: int) -> bool:
        return self.counts.get(level, LevelCounts()).n > 0

    @property
    def highest_allowed(self) -> int:
        """One above the highest level with a counting participant; the start level before there is one."""
        return max([level + 1 for level in self.counts if self.tried(level)] + [self.start_level])


def decide_proposal(proposal: Proposal, ground: Ground, rules: SigningRules) -> Decision:
    """The proposed decision with the text that is to be signed.

    Raises:
        Refused: `level_unknown`, `level_eliminated`, `level_not_eliminated`, `skips_untried_level`,
            `level_not_tried`, `override_reason_required`, `places_invalid`, `places_exceed_rule`,
            `reason_required`.
    """
    level = proposal.place.level
    if not 1 <= level <= ground.levels:
        raise Refused("level_unknown", f"The part has levels 1 to {ground.levels}.", level=level)
    if not proposal.kind.restricts:
        _require_enterable(proposal, ground)
        _require_reasons_above(proposal, ground.recommendation)
    _require_places(proposal, ground)
    return Decision(
        id=proposal.id,
        trial_id=proposal.trial_id,
        place=proposal.place,
        kind=proposal.kind,
        places=proposal.places,
        rule=ground.rule if proposal.kind.opens_places else None,
        recommendation=ground.recommendation,
        reasons=proposal.reasons,
        snapshot_sha256=ground.snapshot_sha256,
        text=decision_text(proposal, ground),
        rules=rules,
        proposed_by=proposal.proposed_by,
        proposed_at=proposal.proposed_at,
    )


def _require_enterable(proposal: Proposal, ground: Ground) -> None:
    level, kind = proposal.place.level, proposal.kind
    lowest_closed = min(ground.closed, default=ground.levels + 1)
    if kind is DecisionKind.REOPEN_LEVEL and level < lowest_closed:
        raise Refused("level_not_eliminated", "Open it by an ordinary decision.", level=level)
    if level > lowest_closed or (level == lowest_closed and kind is not DecisionKind.REOPEN_LEVEL):
        raise Refused(
            "level_eliminated", f"Level {lowest_closed} is eliminated.", closed=sorted(ground.closed)
        )
    if level > ground.highest_allowed:
        raise Refused(
            "skips_untried_level",
            f"Level {ground.highest_allowed} has not been tried.",
            level=level,
            highest_allowed=ground.highest_allowed,
        )
    if kind is DecisionKind.DECLARE_MTD and not ground.tried(level):
        raise Refused("level_not_tried", "Nobody counts at this level.", level=level)


def is_above(kind: DecisionKind, level: int, recommendation: Recommendation) -> bool:
    """Whether a decision exposes participants to more than the design recommends.

    Opening places is above a recommendation that gives no level (`suspend`, `wait`, `complete`, `eliminate`,
    `stop_no_mtd`); declaring a dose is above every recommendation that has not completed at that level or a
    higher one.
    """
    if kind.restricts:
        return False
    gives = {RecommendationKind.COMPLETE} if kind is DecisionKind.DECLARE_MTD else _GIVES_A_LEVEL
    ceiling = recommendation.level if recommendation.kind in gives else None
    return ceiling is None or level > ceiling


_SAYS: Mapping[RecommendationKind, frozenset[DecisionKind]] = MappingProxyType(
    {
        RecommendationKind.ESCALATE: frozenset({DecisionKind.OPEN_LEVEL, DecisionKind.EXPAND}),
        RecommendationKind.STAY: frozenset({DecisionKind.OPEN_LEVEL, DecisionKind.EXPAND}),
        RecommendationKind.DEESCALATE: frozenset({DecisionKind.OPEN_LEVEL, DecisionKind.DEESCALATE}),
        RecommendationKind.COMPLETE: frozenset({DecisionKind.DECLARE_MTD}),
        RecommendationKind.ELIMINATE: frozenset({DecisionKind.CLOSE_LEVEL}),
        RecommendationKind.STOP_NO_MTD: frozenset({DecisionKind.CLOSE_LEVEL}),
        RecommendationKind.WAIT: frozenset({DecisionKind.HOLD, DecisionKind.CANNOT_DECIDE}),
        RecommendationKind.SUSPEND: frozenset({DecisionKind.HOLD, DecisionKind.CANNOT_DECIDE}),
    }
)
"""Decisions that do what a recommendation says."""


def differs(kind: DecisionKind, level: int, recommendation: Recommendation) -> bool:
    """Whether people decided something else than the design recommends, more cautious or less."""
    if kind not in _SAYS[recommendation.kind]:
        return True
    return not kind.restricts and recommendation.level not in (None, level)


def _require_reasons_above(proposal: Proposal, recommendation: Recommendation) -> None:
    """Above the recommendation two different people, chair and medical monitor, must have written why."""
    if not is_above(proposal.kind, proposal.place.level, recommendation):
        return
    written = {reason.role: reason for reason in proposal.reasons if reason.text.strip()}
    missing = [role.value for role in OVERRIDE_ROLES if role not in written]
    authors = {written[role].author for role in OVERRIDE_ROLES if role in written}
    if missing or len(authors) < len(OVERRIDE_ROLES):
        raise Refused(
            "override_reason_required",
            f"The design says {recommendation.kind}; chair and medical monitor each write why not.",
            missing_roles=missing,
            recommendation=recommendation_payload(recommendation),
        )


def _require_places(proposal: Proposal, ground: Ground) -> None:
    if not proposal.kind.opens_places:
        if proposal.places != 0:
            raise Refused("places_invalid", f"A decision to {proposal.kind} opens no places.")
        return
    if ground.rule is None or proposal.place not in ground.rule.counts:
        raise ValueError("a decision that opens places carries the cohort rule of its level")
    if proposal.places < 1:
        raise Refused("places_invalid", "State how many places the decision opens.")
    if proposal.places > ground.places_left:
        raise Refused(
            "places_exceed_rule",
            f"The rule and the target leave {ground.places_left}.",
            asked=proposal.places,
            left=ground.places_left,
        )


def decision_text(proposal: Proposal, ground: Ground) -> str:
    """The words that are signed: everything that decides what will happen, by value or by hash.

    Free text is collapsed to one line, so that no reason can imitate another line of the decision.
    """
    recommendation = recommendation_payload(ground.recommendation)
    lines = [
        f"Decision {proposal.id} of trial {proposal.trial_id}",
        f"Part {proposal.place.part}, level {proposal.place.level}: {require_reason(proposal.level_label)}",
        f"Decision: {proposal.kind}, places: {proposal.places}",
        f"Recommendation: {recommendation['kind']}, level: {recommendation['level']}, "
        f"sha256: {sha256_of(recommendation)}",
        f"Cohort rule sha256: {rule_sha256(ground.rule) if ground.rule and proposal.places else 'none'}",
        f"Snapshot sha256: {ground.snapshot_sha256}",
        f"Reason: {require_reason(proposal.reason)}",
    ]
    lines += [
        f"Reason of {reason.role} {reason.author}: {require_reason(reason.text)}"
        for reason in proposal.reasons
    ]
    return "\n".join(lines)
