"""Recruitment of a part that has a target."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.enrolment.events.event_model import Part, PublishedEvent

Counting = Annotated[
    int,
    Field(
        ge=0,
        description="Registered participants who count towards the target: neither voided nor known"
        " not to be evaluable",
    ),
]


class RecruitmentClosedV1(PublishedEvent):
    """The target of a part is reached: no further screening starts in it. Subject: the part's recruitment."""

    event_type: ClassVar[str] = "enrolment.recruitment.closed.v1"

    trial_id: str
    recruitment_id: str
    part: Part
    cause: Literal["target_reached"]
    target: Annotated[int, Field(ge=1)]
    registered: Counting
    at_target: Annotated[
        Literal["allow", "refuse", "allow_until"],
        Field(description="What becomes of people already consented, as the protocol declared it"),
    ]
    allow_until: Annotated[date | None, Field(description="Last local date of `allow_until`")]
    closed_at: datetime


class RecruitmentReopenedV1(PublishedEvent):
    """The target of a part is no longer reached, or it has none any more. Subject: the part's recruitment."""

    event_type: ClassVar[str] = "enrolment.recruitment.reopened.v1"

    trial_id: str
    recruitment_id: str
    part: Part
    target: Annotated[int, Field(ge=1)] | None
    registered: Counting
    reopened_at: datetime


RECRUITMENT_EVENTS: tuple[type[PublishedEvent], ...] = (RecruitmentClosedV1, RecruitmentReopenedV1)
