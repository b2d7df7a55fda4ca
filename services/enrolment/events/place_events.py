"""Places and dose levels: what exists, who holds it, and why it is gone."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.enrolment.events.event_model import Level, Part, PublishedEvent, SiteNumber

Origin = Literal[
    "decision", "replacement", "withdrawal_before_dose", "expansion", "lapsed", "registration_voided"
]


class SlotEvent(PublishedEvent):
    trial_id: str
    slot_id: str
    part: Part
    level: Level


class SlotOpenedV1(SlotEvent):
    """A place exists. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.opened.v1"

    origin: Origin
    decision_id: str
    replaces_participant_id: str | None
    opened_at: datetime


class SlotReservedV1(SlotEvent):
    """A site holds the place for one screening number until `expires_at`. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.reserved.v1"

    site_number: SiteNumber
    screening_number: str
    expires_at: datetime


class SlotWaitlistedV1(PublishedEvent):
    """No place was free; the request waits in line. Subject: the waiting-list entry."""

    event_type: ClassVar[str] = "enrolment.slot.waitlisted.v1"

    trial_id: str
    entry_id: str
    part: Part
    site_number: SiteNumber
    screening_number: str
    notified_at: datetime


class SlotOfferedV1(SlotEvent):
    """The place is offered to the head of the line until `deadline`. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.offered.v1"

    entry_id: str
    site_number: SiteNumber
    deadline: datetime
    origin: Annotated[Origin | None, Field(description="Why the place exists")] = None
    earliest_first_dose_at: Annotated[
        datetime | None,
        Field(description="When the stagger would let this child be dosed; null while no date can be named"),
    ] = None


class SlotReleasedV1(SlotEvent):
    """The site gives its place back. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.released.v1"

    site_number: SiteNumber
    released_at: datetime


class SlotExpiringV1(SlotEvent):
    """A reservation or an offer ends soon; said once for each deadline. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.expiring.v1"

    site_number: SiteNumber
    expires_at: datetime


class SlotExpiredV1(SlotEvent):
    """A reservation or an offer ended unused. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.expired.v1"

    site_number: SiteNumber
    expired_at: datetime


class SlotRevokedV1(SlotEvent):
    """The place is taken away; a site that had reserved it gets first refusal later. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.revoked.v1"

    site_number: SiteNumber | None
    reason: str
    revoked_at: datetime


class SlotFrozenV1(SlotEvent):
    """The reservation's clock stops. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.frozen.v1"

    reason: str
    frozen_at: datetime


class SlotUnfrozenV1(SlotEvent):
    """The reservation's clock goes on; the frozen time is added. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.unfrozen.v1"

    unfrozen_at: datetime
    expires_at: datetime | None


class DoseDecisionReceivedV1(PublishedEvent):
    """A site has received a dose decision; its first receipt counts. Subject: the decision."""

    event_type: ClassVar[str] = "enrolment.dose-decision.received.v1"

    trial_id: str
    decision_id: str
    site_number: SiteNumber
    role: Literal["site_investigator", "pharmacist"]
    received_at: datetime


class DoseLevelOpenedV1(PublishedEvent):
    """A dose level takes registrations, under a signed decision. Subject: the dose level."""

    event_type: ClassVar[str] = "enrolment.dose-level.opened.v1"

    trial_id: str
    level_id: str
    part: Part
    level: Level
    decision_id: str
    places: int
    opened_at: datetime


class DoseLevelClosedV1(PublishedEvent):
    """A dose level takes no registration until a new signed decision. Subject: the dose level."""

    event_type: ClassVar[str] = "enrolment.dose-level.closed.v1"

    trial_id: str
    level_id: str
    part: Part
    level: Level
    cause: Literal["cohort_rule", "decision", "next_level_opened", "trial_closed"]
    rule_cell: str | None
    decision_id: str | None
    closed_at: datetime


PLACE_EVENTS: tuple[type[PublishedEvent], ...] = (
    SlotOpenedV1,
    SlotReservedV1,
    SlotWaitlistedV1,
    SlotOfferedV1,
    SlotReleasedV1,
    SlotExpiringV1,
    SlotExpiredV1,
    SlotRevokedV1,
    SlotFrozenV1,
    SlotUnfrozenV1,
    DoseLevelOpenedV1,
    DoseLevelClosedV1,
    DoseDecisionReceivedV1,
)
