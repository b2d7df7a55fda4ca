"""States of a slot, each with the facts that belong to it and no others."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.ids import ParticipantId, PartLevel, ScreeningId, SiteId, SlotId


class SlotOrigin(StrEnum):
    """The event that made the slot exist."""

    DECISION = "decision"
    EXPANSION = "expansion"
    REPLACEMENT = "replacement"
    RESERVATION_LAPSED = "reservation_lapsed"
    REGISTRATION_VOIDED = "registration_voided"


class RevokeCause(StrEnum):
    """Why a slot was taken back; only a closed level gives its holder first refusal on the next slot."""

    LEVEL_CLOSED = "level_closed"
    RECRUITMENT_CLOSED = "recruitment_closed"
    TARGET_REACHED = "target_reached"
    REPLACEMENT_REVERSED = "replacement_reversed"
    SITE_REVOKED = "site_revoked"
    SITE_SUSPENDED = "site_suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The site and the screening that a slot is kept for."""

    site_id: SiteId
    screening_id: ScreeningId


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Free to be offered or reserved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    holder: Holder
    offered_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    holder: Holder
    reserved_at: datetime
    expires_at: datetime


Held = Offered | Reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """Clock stopped since `since` until no cause is left; `before` is the state to return to."""

    before: Open | Held
    since: datetime
    causes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumed:
    holder: Holder
    participant_id: ParticipantId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    before: Held
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    before: Held
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    before: Open | Held
    at: datetime
    cause: RevokeCause
    reason: str


SlotState = Open | Offered | Reserved | Frozen | Consumed | Released | Expired | Revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    id: SlotId
    place: PartLevel
    origin: SlotOrigin
    opened_at: datetime
    state: SlotState = Open()
