"""Screenings and what was signed for them."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.enrolment.events.event_model import Part, PublishedEvent, SiteNumber


class ScreeningStartedV1(PublishedEvent):
    """A screening number was issued. Subject: the screening."""

    event_type: ClassVar[str] = "enrolment.screening.started.v1"

    trial_id: str
    screening_id: str
    screening_number: str
    part: Part
    site_number: SiteNumber
    started_at: datetime
    previous_screening_id: Annotated[
        str | None, Field(description="The screening of the same person that ended before this one")
    ] = None


class ScreeningFailedV1(PublishedEvent):
    """The screening ended without registration; the number stays used. Subject: the screening."""

    event_type: ClassVar[str] = "enrolment.screening.failed.v1"

    trial_id: str
    screening_id: str
    reason_code: str
    failed_at: datetime


class ConsentRecordedV1(PublishedEvent):
    """A consent or assent was recorded. Subject: the screening."""

    event_type: ClassVar[str] = "enrolment.consent.recorded.v1"

    trial_id: str
    screening_id: str
    purpose: Literal["parental_consent", "own_consent", "assent"]
    document: str
    version: str
    outcome: Literal["given", "refused", "not_sought", "not_capable"]
    signed_at: datetime
    received_at: datetime


SCREENING_EVENTS: tuple[type[PublishedEvent], ...] = (
    ScreeningStartedV1,
    ScreeningFailedV1,
    ConsentRecordedV1,
)
