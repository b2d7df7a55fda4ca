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
    soc: Annotated[str | None, Field(description="System organ class of the coded term")] = None
    causality: Annotated[
        str | None, Field(description="The investigator's opinion; null while there is none")
    ] = None
    sponsor_causality: Annotated[
        str | None, Field(description="The sponsor's opinion; null while there is none")
    ] = None


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


class StoppingRuleCrossedV1(PublishedEvent):
    """A stopping rule is crossed: recruitment in its scope holds until people have decided. Subject: the crossing.

    A crossing never un-happens. Counts are of evaluable participants up to the crossing; those pending are left out.
    The hold is the halt of the same id, which two people lift.
    """

    event_type: ClassVar[str] = "safety.stopping-rule.crossed.v1"

    trial_id: str
    crossing_id: str
    rule_id: str
    rule_version: Annotated[int, Field(ge=1)]
    part: Annotated[str | None, Field(description="Null for every part with dose levels")]
    level: Annotated[int | None, Field(ge=1, description="Null for every level")]
    n: Annotated[int, Field(ge=1, description="Evaluable participants at the crossing")]
    events: Annotated[int, Field(ge=0, description="Events among them")]
    stops_at: Annotated[int, Field(ge=0, description="Events that stop at this n")]
    pending: Annotated[int, Field(ge=0, description="Participants who do not count yet")]
    action: Annotated[str, Field(description="The protocol's words for what people then do")]
    crossed_at: datetime


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


class AlertEscalatedV1(PublishedEvent):
    """Nobody took the alert in time: the next step of its ladder was taken. Subject: the alert."""

    event_type: ClassVar[str] = "safety.alert.escalated.v1"

    trial_id: str | None
    alert_id: str
    kind: str
    priority: Literal["P1", "P2", "P3"]
    step: Annotated[int, Field(ge=2, description="Which step of the ladder, counted from 1")]
    called: Annotated[int, Field(ge=0, description="How many people it called")]
    escalated_at: datetime


class AlertResolvedV1(PublishedEvent):
    """What the alert was about has been dealt with. Subject: the alert."""

    event_type: ClassVar[str] = "safety.alert.resolved.v1"

    trial_id: str | None
    alert_id: str
    by: str
    resolved_at: datetime


class CaseEventV1(PublishedEvent):
    """What every fact about a case says: its number, never its words. Subject: the case."""

    trial_id: str | None
    case_id: str
    case_number: Annotated[str, Field(description="The regulator's number of the case, fixed for life")]


class CaseOpenedV1(CaseEventV1):
    """Reports of one participant became a case. Subject: the case."""

    event_type: ClassVar[str] = "safety.case.opened.v1"

    participant_id: str
    report_ids: list[str]
    opened_at: datetime


class CaseNullifiedV1(CaseEventV1):
    """The case is taken back: its number takes no further information. Subject: the case."""

    event_type: ClassVar[str] = "safety.case.nullified.v1"

    nullified_at: datetime


class CaseReportSentV1(CaseEventV1):
    """A version of the case was sent to a regulator. Subject: the case."""

    event_type: ClassVar[str] = "safety.case-report.sent.v1"

    transmission_id: str
    case_version: Annotated[int, Field(ge=1)]
    kind: Literal["first", "follow_up", "amendment", "nullification"]
    expedited: bool
    receiver: str
    sent_at: datetime


class CaseReportAcknowledgedV1(CaseEventV1):
    """What the regulator answered; after a rejection the case waits to be sent again. Subject: the case."""

    event_type: ClassVar[str] = "safety.case-report.acknowledged.v1"

    transmission_id: str
    case_version: Annotated[int, Field(ge=1)]
    accepted: bool
    acknowledged_at: datetime


class AssessmentRecordedV1(PublishedEvent):
    """A party's view of an event, as a record of its own. Subject: the adverse event."""

    event_type: ClassVar[str] = "safety.assessment.recorded.v1"

    trial_id: str | None
    report_id: str
    product: Annotated[str, Field(description="Suspect product; empty for all, or where the view is of none")]
    kind: Literal["seriousness", "causality", "expectedness", "outcome"]
    party: Literal["investigator", "sponsor"]
    version: Annotated[int, Field(ge=1, description="Of this party's view of this product")]
    value: Annotated[
        list[str], Field(description="Criteria of a seriousness, none for not serious; else one word")
    ]
    standing: Literal["own", "stated"]
    event_version: Annotated[int, Field(ge=1, description="The version of the event that was before them")]
    event_class: Annotated[
        str | None, Field(description="The class derived with it, of all products the worst")
    ]
    provisional: bool
    recorded_at: datetime


class ObligationEventV1(PublishedEvent):
    """What every fact about an obligation says. Subject: the obligation."""

    trial_id: str | None
    obligation_id: str
    report_id: str
    regime: str
    rule: str
    rule_version: Annotated[int, Field(ge=1)]
    recipient: str
    due_date: Annotated[date | None, Field(description="Last local date; null where hours are counted")]
    due_at: Annotated[datetime, Field(description="Exclusive: in time means completed before it")]


class ObligationOpenedV1(ObligationEventV1):
    """A report is owed to a recipient. Said again when what had met it was refused."""

    event_type: ClassVar[str] = "safety.obligation.opened.v1"

    day_0: date | None
    event_class: str
    provisional: bool
    opened_at: datetime


class ObligationMetV1(ObligationEventV1):
    """The report reached the recipient."""

    event_type: ClassVar[str] = "safety.obligation.met.v1"

    met_at: datetime
    in_time: bool


class ObligationBreachedV1(ObligationEventV1):
    """The time is over; the obligation runs on until it is met."""

    event_type: ClassVar[str] = "safety.obligation.breached.v1"

    breached_at: datetime


class ObligationSupersededV1(ObligationEventV1):
    """It ended unmet: the same report is due earlier under another id, or somebody signed that it is not owed."""

    event_type: ClassVar[str] = "safety.obligation.superseded.v1"

    replaced_by: Annotated[str | None, Field(description="The obligation in its place; null when it is void")]
    ended_at: datetime


class ListingPublishedV1(PublishedEvent):
    """A listing was published; whoever may read it rebuilds it to the same bytes. Subject: the listing."""

    event_type: ClassVar[str] = "safety.listing.published.v1"

    trial_id: str | None
    listing_id: str
    kind: Literal["line", "cumulative", "annual"]
    lock_at: datetime
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    published_at: datetime


PUBLISHED: tuple[type[PublishedEvent], ...] = (
    AdverseEventReportedV1,
    AdverseEventAmendedV1,
    DltVerdictRecordedV1,
    DltWindowClosedV1,
    DltWindowReopenedV1,
    StoppingRuleCrossedV1,
    AlertRaisedV1,
    AlertAcknowledgedV1,
    AlertEscalatedV1,
    AlertResolvedV1,
    CaseOpenedV1,
    CaseNullifiedV1,
    CaseReportSentV1,
    CaseReportAcknowledgedV1,
    ListingPublishedV1,
    AssessmentRecordedV1,
    ObligationOpenedV1,
    ObligationMetV1,
    ObligationBreachedV1,
    ObligationSupersededV1,
)
