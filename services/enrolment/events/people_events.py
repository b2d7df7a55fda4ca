"""Referrals, possible duplicates and transfers. A hash is never announced, nor what it was equal to."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.enrolment.events.event_model import Part, PublishedEvent, SiteNumber


class ReferralReceivedV1(PublishedEvent):
    """A patient was referred to a site; nothing of the patient or the sender is told. Subject: the referral."""

    event_type: ClassVar[str] = "enrolment.referral.received.v1"

    trial_id: str
    referral_id: str
    site_number: SiteNumber
    part: Annotated[Part | None, Field(description="The part that was asked for, if any")]
    urgency: Literal["routine", "soon", "urgent"]
    received_at: datetime


class ReferralRepliedV1(PublishedEvent):
    """The sender of a referral was told what came of it. Subject: the referral."""

    event_type: ClassVar[str] = "enrolment.referral.replied.v1"

    trial_id: str
    referral_id: str
    site_number: SiteNumber
    outcome: Literal["screening_started", "not_suitable", "no_place", "waiting", "elsewhere", "withdrawn"]
    by_way_of: Literal["letter", "telephone", "email", "portal", "in_person"]
    sent_at: datetime


class DuplicateSuspectedV1(PublishedEvent):
    """A screening stopped because its person may take part already. Subject: the suspicion.

    The other screening is not named: whoever reads this must not learn where the other one is. The trial's
    coordinator sees both here.
    """

    event_type: ClassVar[str] = "enrolment.duplicate.suspected.v1"

    trial_id: str
    suspicion_id: str
    screening_id: Annotated[str, Field(description="The screening that stops")]
    suspected_at: datetime


class DuplicateResolvedV1(PublishedEvent):
    """A coordinator has resolved a possible duplicate. Subject: the suspicion."""

    event_type: ClassVar[str] = "enrolment.duplicate.resolved.v1"

    trial_id: str
    suspicion_id: str
    screening_id: Annotated[str, Field(description="The screening that was stopped")]
    resolution: Literal["false_match", "same_person_refused", "transfer"]
    resolved_at: datetime


class ParticipantTransferredV1(PublishedEvent):
    """Another site answers for the participant; number and allocation stay. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.participant.transferred.v1"

    trial_id: str
    participant_id: str
    participant_number: Annotated[str, Field(description="As issued at registration; it does not change")]
    from_site_number: SiteNumber
    to_site_number: SiteNumber
    zone: Annotated[str, Field(description="IANA time zone of the receiving site")]
    transferred_at: datetime


PEOPLE_EVENTS: tuple[type[PublishedEvent], ...] = (
    ReferralReceivedV1,
    ReferralRepliedV1,
    DuplicateSuspectedV1,
    DuplicateResolvedV1,
    ParticipantTransferredV1,
)
