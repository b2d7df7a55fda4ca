"""A dose decision: what people decided, on which frozen data, signed by whom.

A decision is in force after its signatures; one that only restricts acts at the first of them. Nothing about
a signed decision is rewritten: new data or a newer decision supersede it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from services.sponsor.domain.canonical import Json, sha256_of
from services.sponsor.domain.cohort_rule import CohortRule
from services.sponsor.domain.electronic_signature import Signature as Signature
from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId, SnapshotId, TrialId
from services.sponsor.domain.meeting import Sitting
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused, require_reason
from services.sponsor.domain.roles import Role

NOT_KEPT = SnapshotId("")


class DecisionKind(StrEnum):
    OPEN_LEVEL = "open_level"
    EXPAND = "expand"
    REOPEN_LEVEL = "reopen_level"
    DECLARE_MTD = "declare_mtd"
    CLOSE_LEVEL = "close_level"
    HOLD = "hold"
    DEESCALATE = "de_escalate"
    CANNOT_DECIDE = "cannot_decide"

    @property
    def holds(self) -> bool:
        """Whether its level takes nobody until a decision opens one: said plainly, or because of what was decided.

        To de-escalate holds the level; the lower one is opened by a decision of its own. So does a committee
        that cannot decide.
        """
        return self in {DecisionKind.HOLD, DecisionKind.DEESCALATE, DecisionKind.CANNOT_DECIDE}

    @property
    def opens_places(self) -> bool:
        return self in {DecisionKind.OPEN_LEVEL, DecisionKind.EXPAND, DecisionKind.REOPEN_LEVEL}

    @property
    def restricts(self) -> bool:
        """Whether the decision can only take something away, so that it acts at the first signature."""
        return self is DecisionKind.CLOSE_LEVEL or self.holds


class DecisionState(StrEnum):
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class EndedBecause(StrEnum):
    """Why a decision no longer stands."""

    STANDS = "stands"
    LATE_DATA = "late_data"
    NEWER_DECISION = "newer_decision"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReason:
    """Why someone decides above the recommendation, in the role that asks this person for it."""

    role: Role
    author: PersonId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Another organisation's document that decides about a hosted trial; the document itself is kept elsewhere.

    `reference` finds it, `sha256` identifies its bytes, `sender` is the organisation that sent it.
    """

    reference: str
    dated: date
    sha256: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A dose decision from its proposal on.

    Attributes:
        places: places it opens; 0 for kinds that open none.
        rule: cohort rule that travels with it; None for kinds that open no places.
        snapshot_id: where the bytes of the snapshot are kept; empty outside the store, and with a letter.
        snapshot_sha256: hash of what was decided upon: the snapshot, or the letter.
        letter: the other organisation's, in a hosted trial; None where our committee decides.
        text: what the signers read; together with the snapshot's hash it is what they sign.
        sitting: the meeting at which it was proposed; None without a committee charter.
        in_force_at: None until it acts.
        ended_reason: words of the person who withdrew it.
    """

    id: DecisionId
    trial_id: TrialId
    place: PartLevel
    kind: DecisionKind
    places: int
    rule: CohortRule | None
    recommendation: Recommendation
    reasons: tuple[WrittenReason, ...]
    snapshot_id: SnapshotId = NOT_KEPT
    snapshot_sha256: str
    letter: Letter | None = None
    text: str
    rules: SigningRules
    proposed_by: PersonId
    proposed_at: datetime
    state: DecisionState = DecisionState.PROPOSED
    signatures: tuple[Signature, ...] = ()
    in_force_at: datetime | None = None
    ended_because: EndedBecause = EndedBecause.STANDS
    ended_at: datetime | None = None
    ended_reason: str = ""
    sitting: Sitting | None = None


def text_hash(snapshot_sha256: str, text: str) -> str:
    """What a proof of identity is bound to: the snapshot's (or letter's) hash and the decision's words together."""
    content: Json = {"snapshot_sha256": snapshot_sha256, "text": text}
    return sha256_of(content)


def text_sha256(text: str) -> str:
    """Hash of the decision's words alone, as the published decision names them."""
    return sha256(text.encode()).hexdigest()


def supersede(decision: Decision, because: EndedBecause, at: datetime) -> Decision:
    """The decision marked superseded; its text, snapshot and signatures stay as they are.

    A decision that has already ended is returned unchanged, so that late facts may arrive in any order.
    """
    if decision.state not in {DecisionState.PROPOSED, DecisionState.IN_FORCE}:
        return decision
    return replace(decision, state=DecisionState.SUPERSEDED, ended_because=because, ended_at=at)


def withdraw(decision: Decision, reason: str, at: datetime) -> Decision:
    """The decision taken back by one person.

    A restriction in force is not taken back this way: only a new signed decision opens a level again.

    Raises:
        Refused: `decision_not_withdrawable`, `reason_required`.
    """
    restricting = decision.kind.restricts and decision.state is DecisionState.IN_FORCE
    if restricting or decision.state not in {DecisionState.PROPOSED, DecisionState.IN_FORCE}:
        raise Refused(
            "decision_not_withdrawable",
            "A restriction in force ends by a new signed decision; an ended decision stays ended.",
            state=decision.state.value,
        )
    return replace(
        decision,
        state=DecisionState.WITHDRAWN,
        ended_because=EndedBecause.WITHDRAWN,
        ended_at=at,
        ended_reason=require_reason(reason),
    )
