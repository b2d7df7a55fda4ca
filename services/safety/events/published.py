"""What the safety service says on `safety.events.v1`. A version once released only ever gains optional fields.

The event's subject is the aggregate's id; `trial_id` is also the partition key. Times are RFC 3339 UTC.
Only coded fields travel: never a narrative, a name, a birth date or an arm.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class PublishedEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    event_type: ClassVar[str]


Level = Annotated[int, Field(ge=1, description="Dose level within its part, counted from 1")]
Part = Annotated[str, Field(description="Part of the trial, as the protocol file names it")]


class AdverseEventV1(PublishedEvent):
    """The coded facts of an adverse event as of `version`; what could not be coded is null and has a query."""

    trial_id: Annotated[
        str | None, Field(description="Null when the report names no trial that is known here")
    ]
    report_id: str
    version: Annotated[int, Field(ge=1)]
    matched: Annotated[
        Literal["matched", "unmatched", "cleared"],
        Field(
            description="Unmatched: no such participant is known; cleared: two people found that it is nobody"
        ),
    ]
    holds_trial: Annotated[
        bool,
        Field(
            description="Unmatched, and it may be serious or a DLT of somebody in the trial: until it is matched or"
            " cleared nobody may be registered"
        ),
    ]
    participant_id: str | None
    site_number: str | None
    term: str | None
    dictionary: Annotated[str, Field(description="CTCAE version and patch")]
    grade: Annotated[int | None, Field(ge=1, le=5)]
    serious: Annotated[bool, Field(description="Derived; missing assessment counts as serious")]
    seriousness: list[str]
    suspected: Annotated[
        bool, Field(description="Derived from the causality opinions; missing counts as suspected")
    ]
    onset_on: date | None
    outcome: str | None
    aware_at: datetime
    queries: Annotated[list[str], Field(description="Codes of what must be clarified")]


class AdverseEventReportedV1(AdverseEventV1):
    """A report was taken in. Subject: the adverse event."""

    event_type: ClassVar[str] = "safety.adverse-event.reported.v1"


class AdverseEventAmendedV1(AdverseEventV1):
    """New information, a correction, a match or a clearance; the earlier versions stay. Subject as above."""

    event_type: ClassVar[str] = "safety.adverse-event.amended.v1"

    changed: Annotated[list[str], Field(description="Names of the changed fields")]


class DltVerdictRecordedV1(PublishedEvent):
    """What the trial's DLT definition says of one participant now. Subject: the participant's window.

    Derived by the safety service alone. `provisional` is `dlt` when the verdict would be a DLT if what is
    unconfirmed were confirmed: whoever counts must evaluate both and let the stricter hold.
    """

    event_type: ClassVar[str] = "safety.dlt-verdict.recorded.v1"

    trial_id: str
    window_id: str
    participant_id: str
    version: Annotated[int, Field(ge=1)]
    verdict: Literal["dlt", "no_dlt", "pending", "not_evaluable"]
    provisional: Literal["none", "dlt"]
    part: Part
    level_allocated: Level
    level_received: int | None
    criteria: Annotated[list[str], Field(description="Ids of the criteria that are met")]
    reasons: list[str]
    definition: Annotated[str, Field(description="Id and version of the DLT definition used")]
    dictionary: str
    convention: str
    cause: Annotated[
        str,
        Field(
            description="report, timer, dose, course_step, correction, treatment_end, participation, protocol or match"
        ),
    ]
    report_id: Annotated[str | None, Field(description="The report that led to this evaluation, if one did")]
    recorded_at: datetime


class DltWindowClosedV1(PublishedEvent):
    """The observation window is over; the verdict may still be pending. Subject: the participant's window."""

    event_type: ClassVar[str] = "safety.dlt-window.closed.v1"

    trial_id: str
    window_id: str
    participant_id: str
    closed_at: datetime


class DltWindowReopenedV1(PublishedEvent):
    """A window said to be over is not: its first dose was corrected or voided. Subject: the participant's window."""

    event_type: ClassVar[str] = "safety.dlt-window.reopened.v1"

    trial_id: str
    window_id: str
    participant_id: str
    closes_at: Annotated[datetime | None, Field(description="Null while no first dose stands on record")]
    reopened_at: datetime


class AlertRaisedV1(PublishedEvent):
    """Somebody must look. Subject: the alert."""

    event_type: ClassVar[str] = "safety.alert.raised.v1"

    trial_id: str | None
    alert_id: str
    kind: str
    priority: Literal["P1", "P2", "P3"]
    cause_id: Annotated[str, Field(description="Id of the aggregate that caused it")]
    raised_at: datetime
    acknowledge_by: datetime | None


class AlertAcknowledgedV1(PublishedEvent):
    """A duty officer has taken the alert; escalation ends. Subject: the alert."""

    event_type: ClassVar[str] = "safety.alert.acknowledged.v1"

    trial_id: str | None
    alert_id: str
    by: str
    acknowledged_at: datetime


PUBLISHED: tuple[type[PublishedEvent], ...] = (
    AdverseEventReportedV1,
    AdverseEventAmendedV1,
    DltVerdictRecordedV1,
    DltWindowClosedV1,
    DltWindowReopenedV1,
    AlertRaisedV1,
    AlertAcknowledgedV1,
)
