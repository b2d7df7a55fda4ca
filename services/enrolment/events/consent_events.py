"""Eligibility signed, consents that became due, and registrations whose ground was corrected."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.enrolment.events.event_model import PublishedEvent, SiteNumber


class EligibilitySignedV1(PublishedEvent):
    """Somebody signed the answers to the criteria; the answers themselves stay here. Subject: the screening."""

    event_type: ClassVar[str] = "enrolment.eligibility.signed.v1"

    trial_id: str
    screening_id: str
    eligibility_id: str
    criteria_version: str
    judgement: Annotated[
        Literal["in_interests", "not_in_interests"] | None,
        Field(description="The investigator's own judgement; null where it was left for later"),
    ]
    delegated: Annotated[bool, Field(description="The signer held the investigator's duty at the site")]
    signed_at: datetime
    received_at: datetime


class AdultConsentDueV1(PublishedEvent):
    """The participant has certainly reached the age of consent and has not consented. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.adult-consent.due.v1"

    trial_id: str
    participant_id: str
    site_number: SiteNumber
    blocks: Annotated[list[str], Field(description="What the protocol lets wait until it is settled")]
    due_at: Annotated[datetime, Field(description="Beginning of that local day at the site")]


class ReConsentRequestedV1(PublishedEvent):
    """A participant has to sign a version of a form again. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.re-consent.requested.v1"

    trial_id: str
    participant_id: str
    site_number: SiteNumber
    document: str
    version: str
    due_on: Annotated[
        date | None, Field(description="Local date by which it must be signed; null: none is set")
    ]
    requested_at: datetime


class ReConsentDueV1(PublishedEvent):
    """The last day for signing a form again has come, and it is not signed. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.re-consent.due.v1"

    trial_id: str
    participant_id: str
    site_number: SiteNumber
    document: str
    version: str
    due_on: date
    said_at: datetime


class RegistrationFlaggedV1(PublishedEvent):
    """A registration stands and something about it is not in order. Subject: the participant.

    What it rested on was corrected, or guards failed for one that was entered late.
    """

    event_type: ClassVar[str] = "enrolment.registration.flagged.v1"

    trial_id: str
    participant_id: str
    registration_id: str
    flag: str
    flagged_at: datetime
    codes: Annotated[
        list[str] | None,
        Field(description="What was not in order with a late entry: the codes of the guards that failed"),
    ] = None


CONSENT_EVENTS: tuple[type[PublishedEvent], ...] = (
    EligibilitySignedV1,
    AdultConsentDueV1,
    ReConsentRequestedV1,
    ReConsentDueV1,
    RegistrationFlaggedV1,
)
