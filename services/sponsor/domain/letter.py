"""A dose decision that another organisation took: its letter stands in place of our committee.

The trial is hosted here; who decided, and on whose data, is the other organisation's affair. What the letter
says becomes a decision like any other once people of the trial office have signed it in: with a level, a number
of places, and a cohort rule that may be stricter than the protocol's own and never looser.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.sponsor.domain.assessment import cohort_rule_for
from services.sponsor.domain.boundary import Limits, checked_limits, limit_in_force
from services.sponsor.domain.canonical import sha256_of
from services.sponsor.domain.cohort_rule import (
    STRICTNESS,
    BoundaryRule,
    CohortRule,
    RuleAnswer,
    TableRule,
    rule_sha256,
)
from services.sponsor.domain.decision import Decision, DecisionKind, DecisionState, Letter
from services.sponsor.domain.escalation.result import Recommendation, recommendation_payload
from services.sponsor.domain.escalation.table import CellKey
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId, TrialId
from services.sponsor.domain.protocol_terms import PartTerms
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused, require_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRows:
    """Rows of a design's table, as the letter states them."""

    rows: Mapping[CellKey, RuleAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedBoundary:
    """A monitoring boundary as the letter states it: by number of evaluable participants, and the most of them."""

    close_if_dlts_at_least: Mapping[int, int]
    max_evaluable: int


StatedRule = StatedRows | StatedBoundary


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterOrder:
    """What a letter orders, as somebody of the trial office enters it."""

    id: DecisionId
    trial_id: TrialId
    place: PartLevel
    level_label: str
    kind: DecisionKind
    places: int
    reason: str
    letter: Letter
    proposed_by: PersonId
    proposed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterGround:
    """What the order is measured against.

    Attributes:
        recommendation: what the part's own rule says of the participants known here; kept beside the decision.
        closed: levels that must take nobody.
        rule: the cohort rule that the decision carries; None for kinds that open no places.
        places_left: from `places_available` for that rule.
        earlier: decisions of the trial so far.
    """

    recommendation: Recommendation
    closed: Collection[int]
    rule: CohortRule | None
    places_left: int
    earlier: Collection[Decision]


def rule_of_letter(
    terms: PartTerms, level: int, kind: DecisionKind, stated: StatedRule | None, letter: Letter
) -> CohortRule | None:
    """The cohort rule that a letter sets within the protocol's own; the protocol's own where it states none.

    Args:
        terms: of the part.
        level: level that the letter names.
        kind: what is decided.
        stated: rows or a boundary; None when the letter refers to the protocol.
        letter: names itself as the source of a boundary.

    Raises:
        Refused: `letter_rule_unusable` for another kind of rule than the part has, or a looser one;
            `boundary_unusable`.
    """
    if not kind.opens_places:
        if stated is not None:
            raise Refused("letter_rule_unusable", f"A decision to {kind} carries no cohort rule.")
        return None
    own = cohort_rule_for(terms, level, DecisionKind.EXPAND if stated else kind, ())
    match stated, own:
        case None, _:
            return own
        case StatedRows(rows=rows), TableRule():
            return _rows_within(own, rows)
        case StatedBoundary(), BoundaryRule():
            limits = checked_limits(stated.close_if_dlts_at_least, stated.max_evaluable)
            return _boundary_within(own, limits, stated.max_evaluable, letter)
        case _:
            raise Refused(
                "letter_rule_unusable", f"The part is an {terms.kind}; it has another kind of rule."
            )


def _rows_within(own: TableRule, rows: Mapping[CellKey, RuleAnswer]) -> TableRule:
    """The letter's rows, each in the design's table and at least as strict.

    What it leaves out is held, and what the design closes stays closing: silence is never looser.
    """
    design = dict(own.rows)
    unknown = sorted(key for key in rows if key not in design)
    looser = sorted(
        key for key in rows if key in design and STRICTNESS.index(rows[key]) < STRICTNESS.index(design[key])
    )
    if unknown or looser:
        raise Refused(
            "letter_rule_unusable",
            "Rows outside the design's table, or less strict than it.",
            unknown=[list(key) for key in unknown],
            looser=[list(key) for key in looser],
        )
    kept: dict[CellKey, RuleAnswer] = {key: answer for key, answer in own.rows if answer is RuleAnswer.CLOSE}
    kept[0, 0, 0] = RuleAnswer.SAME
    return replace(own, rows=tuple(sorted((kept | dict(rows)).items())))


def _boundary_within(own: BoundaryRule, limits: Limits, max_evaluable: int, letter: Letter) -> BoundaryRule:
    """The letter's boundary, which closes no later than the protocol's own at any number of participants."""
    looser = [
        evaluable
        for evaluable in range(1, max_evaluable + 1)
        if _later(limit_in_force(limits, evaluable), limit_in_force(own.limits, evaluable))
    ]
    if looser or max_evaluable > own.max_evaluable:
        raise Refused(
            "letter_rule_unusable",
            "The boundary closes later than the protocol's own, or admits more participants.",
            looser_at=looser,
            max_evaluable=own.max_evaluable,
        )
    text = f"letter {letter.reference} of {letter.dated.isoformat()}"
    return replace(own, text=text, limits=limits, max_evaluable=max_evaluable)


def _later(stated: int | None, own: int | None) -> bool:
    return own is not None and (stated is None or stated > own)


def decide_letter(order: LetterOrder, ground: LetterGround, rules: SigningRules, today: date) -> Decision:
    """The decision that the letter makes, with the text that is to be signed in.

    Args:
        order: what the letter says; its level is one of the part's.
        ground: what is known here.
        rules: who signs a letter in.
        today: the trial's local date.

    Raises:
        Refused: `evidence_dated_ahead`, `letter_used`, `level_eliminated`, `places_invalid`,
            `places_exceed_rule`, `reason_required`.
    """
    if order.letter.dated > today:
        raise Refused("evidence_dated_ahead", "The letter's date has not come.", dated=order.letter.dated)
    _require_first_use(order, ground.earlier)
    _require_not_closed(order, ground.closed)
    _require_places(order, ground)
    return Decision(
        id=order.id,
        trial_id=order.trial_id,
        place=order.place,
        kind=order.kind,
        places=order.places,
        rule=ground.rule,
        recommendation=ground.recommendation,
        reasons=(),
        snapshot_sha256=order.letter.sha256,
        letter=order.letter,
        text=letter_text(order, ground),
        rules=rules,
        proposed_by=order.proposed_by,
        proposed_at=order.proposed_at,
    )


def _require_first_use(order: LetterOrder, earlier: Collection[Decision]) -> None:
    """One letter gives a level its places once: entered twice it would give them twice."""
    for decision in earlier:
        of_this = decision.letter is not None and decision.letter.sha256 == order.letter.sha256
        same = (decision.place, decision.kind) == (order.place, order.kind)
        if of_this and same and decision.state is not DecisionState.WITHDRAWN:
            raise Refused("letter_used", "It has decided the same before.", decision_id=decision.id)


def _require_not_closed(order: LetterOrder, closed: Collection[int]) -> None:
    entered = not order.kind.restricts and order.kind is not DecisionKind.REOPEN_LEVEL
    if entered and order.place.level >= min(closed, default=order.place.level + 1):
        raise Refused(
            "level_eliminated",
            f"Level {min(closed)} is eliminated; a letter reopens it.",
            closed=sorted(closed),
        )


def _require_places(order: LetterOrder, ground: LetterGround) -> None:
    if not order.kind.opens_places:
        if order.places != 0:
            raise Refused("places_invalid", f"A decision to {order.kind} opens no places.")
        return
    if order.places < 1:
        raise Refused("places_invalid", "State how many places the letter gives.")
    if order.places > ground.places_left:
        raise Refused(
            "places_exceed_rule",
            f"The rule and the target leave {ground.places_left}.",
            asked=order.places,
            left=ground.places_left,
        )


def letter_text(order: LetterOrder, ground: LetterGround) -> str:
    """The words that are signed in; free text is collapsed to one line."""
    letter = order.letter
    own = recommendation_payload(ground.recommendation)
    return "\n".join(
        (
            f"Decision {order.id} of trial {order.trial_id}, by another organisation's letter",
            f"Part {order.place.part}, level {order.place.level}: {require_reason(order.level_label)}",
            f"Decision: {order.kind}, places: {order.places}",
            f"Letter {letter.reference} of {letter.dated.isoformat()}, sent by {require_reason(letter.sender)}",
            f"Letter sha256: {letter.sha256}",
            f"Recommendation on the participants known here: {own['kind']}, level: {own['level']}, "
            f"sha256: {sha256_of(own)}",
            f"Cohort rule sha256: {rule_sha256(ground.rule) if ground.rule else 'none'}",
            f"Reason: {require_reason(order.reason)}",
        )
    )
