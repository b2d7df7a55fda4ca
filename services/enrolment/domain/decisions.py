"""Dose decisions as this service knows them: what the sponsor said, and what became of them here.

The sponsor's clock decides nothing here. A decision is earlier than a registration because it was applied
before; it is new because it was not applied yet; a later one for the same part follows it by being applied.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.cohort_rule import CohortRule
from services.enrolment.domain.ids import DecisionId, PartLevel
from services.enrolment.domain.levels import DecisionAction, DecisionStanding, SignedDecision

FEWEST_SIGNERS = 2


class DecisionKind(StrEnum):
    OPEN_LEVEL = "open_level"
    EXPAND = "expand"
    REOPEN_LEVEL = "reopen_level"
    CLOSE_LEVEL = "close_level"
    HOLD = "hold"
    DECLARE_MTD = "declare_mtd"


OPENING = frozenset({DecisionKind.OPEN_LEVEL, DecisionKind.EXPAND, DecisionKind.REOPEN_LEVEL})


class Supersession(StrEnum):
    """Whether data behind the decision changed: `standing` until a later decision of the part resolves it."""

    NONE = "none"
    STANDING = "standing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDecision:
    """One decision: the sponsor's facts, and this service's.

    `signers` counts different people. `in_force_at` is the sponsor's own statement and only puts several
    decisions that arrive together into an order. `applied_at` is None while the decision waits here, for
    example for the protocol version that has its level; `took_effect` is false of one that came too late.
    """

    id: DecisionId
    kind: DecisionKind
    place: PartLevel
    places: int
    rule: CohortRule
    signers: int
    superseded: bool
    in_force_at: datetime
    applied_at: datetime | None = None
    took_effect: bool = False
    followed: bool = False
    supersession: Supersession = Supersession.NONE

    @property
    def opens(self) -> bool:
        return self.kind in OPENING

    @property
    def can_apply(self) -> bool:
        """One person alone opens nothing, whoever published it; restricting takes effect with the first."""
        return not self.opens or self.signers >= FEWEST_SIGNERS

    @property
    def standing(self) -> DecisionStanding:
        """A later decision of the part takes the place of a superseded one too: people have looked again."""
        if self.superseded and self.supersession is not Supersession.RESOLVED:
            return DecisionStanding.SUPERSEDED
        return DecisionStanding.FOLLOWED if self.followed else DecisionStanding.IN_FORCE

    def signed(self, action: DecisionAction, known_at: datetime) -> SignedDecision:
        """The decision as the rules about levels and registrations take it.

        Args:
            action: what it does to its level.
            known_at: since when this service knows it, on its own clock.

        The sponsor judges the quorum by the protocol; what no quorum can be (one person) is refused here too.
        """
        return SignedDecision(
            id=self.id,
            place=self.place,
            action=action,
            standing=self.standing,
            quorate=self.signers >= FEWEST_SIGNERS,
            signed_at=known_at,
            rule=self.rule,
            places=self.places,
        )
