"""What the sponsor service says on `sponsor.events.v1`. A version once released only ever gains optional fields.

The event's subject is the aggregate's id; `trial_id` is also the partition key. Times are RFC 3339 UTC. No
event carries a name, an address or free text about a participant; people appear by their subject id alone.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.sitting import SittingV1


class PublishedEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    event_type: ClassVar[str]


Level = Annotated[int, Field(ge=1, description="Dose level within its part, counted from 1")]
Part = Annotated[str, Field(description="Part of the trial, as the protocol file names it")]
SiteNumber = Annotated[str, Field(pattern=r"^[0-9]{3}$", description="The site's number in this trial")]


class PartLevelV1(BaseModel):
    """One dose level of one part."""

    part: Part
    level: Level


class HaltScopeV1(BaseModel):
    """What a halt covers; null means all of them."""

    part: Part | None
    level: Level | None
    site_number: SiteNumber | None
    recruitment: bool
    dosing: bool


class ProtocolVersionApprovedV3(PublishedEvent):
    """A protocol version may be used from `effective_at`; it travels whole. Subject: the protocol version."""

    event_type: ClassVar[str] = "sponsor.protocol-version.approved.v3"

    trial_id: str
    trial_code: str
    protocol_version: str
    protocol_sha256: Annotated[str, Field(description="SHA-256 of the protocol file's canonical JSON")]
    protocol: ProtocolFile
    approval_reference: str
    approved_on: date
    effective_at: datetime
    previous_sunset_at: Annotated[
        datetime | None,
        Field(description="Until when sites without a green light may use the version before"),
    ]


class TrialOpenedV1(PublishedEvent):
    """The trial recruits, or recruits again. Subject: the trial."""

    event_type: ClassVar[str] = "sponsor.trial.opened.v1"

    trial_id: str
    trial_code: str
    opened_at: datetime


class TrialPausedV1(PublishedEvent):
    """Recruitment is paused; treatment goes on. Subject: the trial."""

    event_type: ClassVar[str] = "sponsor.trial.paused.v1"

    trial_id: str
    paused_at: datetime
    reason_code: str


class TrialClosedV1(PublishedEvent):
    """The trial is closed to recruitment. Subject: the trial."""

    event_type: ClassVar[str] = "sponsor.trial.closed.v1"

    trial_id: str
    closed_at: datetime
    reason_code: str


class SiteGreenLitV1(PublishedEvent):
    """A site may recruit on one protocol version. Subject: the site's participation in the trial."""

    event_type: ClassVar[str] = "sponsor.site.green-lit.v1"

    trial_id: str
    site_id: str
    site_number: SiteNumber
    organisation: Annotated[str, Field(description="The hospital's name; an organisation, not a person")]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    zone: Annotated[str, Field(description="IANA time zone of the site")]
    protocol_version: str
    granted_at: datetime
    recruitment_cap: int | None


class SiteRevokedV1(PublishedEvent):
    """The site's green light is withdrawn at once, for every protocol version. Subject as above."""

    event_type: ClassVar[str] = "sponsor.site.revoked.v1"

    trial_id: str
    site_id: str
    site_number: SiteNumber
    revoked_at: datetime
    reason_code: str


class SiteSuspendedV1(PublishedEvent):
    """The site recruits nobody until its green light is issued again; treatment goes on. Subject as above."""

    event_type: ClassVar[str] = "sponsor.site.suspended.v1"

    trial_id: str
    site_id: str
    site_number: SiteNumber
    suspended_at: datetime
    reason_code: str


class DelegationGrantedV1(PublishedEvent):
    """A person may act in a role for a trial, at one site or for all of it. Subject: the delegation."""

    event_type: ClassVar[str] = "sponsor.delegation.granted.v1"

    trial_id: str
    delegation_id: str
    person: Annotated[str, Field(description="Subject id of the person at the identity provider")]
    role: str
    site_number: SiteNumber | None
    from_at: datetime
    until_at: datetime | None
    unblinded: Annotated[bool, Field(description="The person may know who is on which arm")] = False


class DelegationEndedV1(PublishedEvent):
    """The delegation ends. Subject: the delegation."""

    event_type: ClassVar[str] = "sponsor.delegation.ended.v1"

    trial_id: str
    delegation_id: str
    ended_at: datetime


class RecommendationRaisedV1(PublishedEvent):
    """What the part's design says on the data as they are; it decides nothing. Subject: the recommendation."""

    event_type: ClassVar[str] = "sponsor.recommendation.raised.v1"

    trial_id: str
    part: Part
    level: Annotated[int | None, Field(description="Level whose data were looked up; null before the first")]
    kind: Literal["escalate", "stay", "deescalate", "eliminate", "wait", "suspend", "stop_no_mtd", "complete"]
    next_level: int | None
    reasons: list[str]
    counts: Annotated[list[list[int]], Field(description="Per level: [level, n, dlt, pending]")]
    design: Annotated[str, Field(description="Design and version, or `monitoring_boundary`")]
    table_sha256: str | None
    closed_levels: Annotated[list[int], Field(description="Levels that must take nobody")] = []


class LetterV1(BaseModel):
    """The other organisation's document by which a hosted trial was decided; the document itself stays here."""

    reference: str
    dated: date
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RecommendationSaidV1(BaseModel):
    """What the design said of the decided data: the cell that was read, and what follows from it."""

    kind: Literal["escalate", "stay", "deescalate", "eliminate", "wait", "suspend", "stop_no_mtd", "complete"]
    next_level: int | None
    reasons: list[str]
    design: Annotated[str, Field(description="Design and version, or `monitoring_boundary`")]
    table_sha256: str | None
    level: Annotated[int, Field(description="Level whose counts were looked up")]
    n: int
    dlt: int
    pending: int


class OverrideReasonV1(BaseModel):
    """Why somebody decided above the recommendation; about the trial, never about one participant."""

    role: str
    text: str


class TableRuleV1(BaseModel):
    """A cohort rule as a table: rows [n, dlt, pending, same|hold|close]; outside the rows: hold."""

    kind: Literal["table"]
    source: dict[str, str]
    counts: list[PartLevelV1]
    rows: list[tuple[int, int, int, Literal["same", "hold", "close"]]]


class BoundaryRuleV1(BaseModel):
    """A cohort rule as a boundary: close when DLTs reach the limit listed for the nearest evaluable n below."""

    kind: Literal["boundary"]
    source: dict[str, str]
    counts: list[PartLevelV1]
    max_evaluable: int
    close_if_dlts_at_least: list[tuple[int, int]]


CohortRuleV1 = Annotated[TableRuleV1 | BoundaryRuleV1, Field(discriminator="kind")]


class DoseDecisionSignedV1(PublishedEvent):
    """A dose decision is in force: the committee's, or in a hosted trial another organisation's letter.

    Subject: the decision. Restricting kinds (`close_level`, `hold`) are in force from their first signature; a
    second signature of such a decision is published again with the fuller `signed_by`.
    """

    event_type: ClassVar[str] = "sponsor.dose-decision.signed.v1"

    trial_id: str
    decision_id: str
    kind: Literal["open_level", "expand", "close_level", "hold", "declare_mtd", "reopen_level"]
    part: Part
    level: Level
    places: Annotated[int, Field(ge=0, description="Places that the decision adds at the level")]
    cohort_rule: CohortRuleV1 | None
    rule_sha256: str | None
    snapshot_sha256: Annotated[
        str, Field(description="SHA-256 of what was decided upon: the frozen snapshot, or the letter")
    ]
    text_sha256: str
    signed_by: Annotated[list[dict[str, str]], Field(description="[{person, role, signed_at}]")]
    in_force_at: datetime
    overrides_recommendation: bool
    letter: Annotated[
        LetterV1 | None, Field(description="Stated where another organisation decides about the trial")
    ] = None
    data_cut_at: Annotated[
        datetime | None, Field(description="When the snapshot was cut; null of a letter")
    ] = None
    recommendation: RecommendationSaidV1 | None = None
    override_reasons: list[OverrideReasonV1] = []
    decided_as: Annotated[
        str | None,
        Field(
            description="The committee's own word where `kind` is hold: hold, de_escalate or cannot_decide"
        ),
    ] = None
    sitting: Annotated[
        SittingV1 | None, Field(description="The meeting; null where no committee charter was in force")
    ] = None


class DoseDecisionSupersededV1(PublishedEvent):
    """The decision no longer stands; places that rest on it freeze. Subject: the decision.

    Data behind it changed after it was signed, or somebody withdrew it. A newer decision in force for the same
    part follows the older one without this event.
    """

    event_type: ClassVar[str] = "sponsor.dose-decision.superseded.v1"

    trial_id: str
    decision_id: str
    part: Part
    level: Level
    reason: Annotated[
        str, Field(description="late_dlt, revised or pending_turned_worse (data changed), or withdrawn")
    ]
    superseded_at: datetime


class CohortHeldV1(PublishedEvent):
    """The sponsor holds a level on top of what the cohort rule says. Subject: the level's hold.

    Said again when the reason changes while the level stays held.
    """

    event_type: ClassVar[str] = "sponsor.cohort.held.v1"

    trial_id: str
    part: Part
    level: Level
    reason: Annotated[
        str,
        Field(description="eliminated, unmatched_dlt, or the recommendation: suspend, deescalate, wait ..."),
    ]
    held_at: datetime


class CohortReleasedV1(PublishedEvent):
    """The sponsor's own hold ends; the cohort rule still applies. Subject as above."""

    event_type: ClassVar[str] = "sponsor.cohort.released.v1"

    trial_id: str
    part: Part
    level: Level
    released_at: datetime


class HaltImposedV1(PublishedEvent):
    """Recruitment, dosing or both stop in a scope, from the commit on. Subject: the halt."""

    event_type: ClassVar[str] = "sponsor.halt.imposed.v1"

    trial_id: str
    halt_id: str
    scope: HaltScopeV1
    reason_code: str
    imposed_at: datetime


class HaltLiftedV1(PublishedEvent):
    """The halt ends, by two people. Subject: the halt."""

    event_type: ClassVar[str] = "sponsor.halt.lifted.v1"

    trial_id: str
    halt_id: str
    lifted_at: datetime


class CommitteePackOutdatedV1(PublishedEvent):
    """Something came to light about those whom a committee's pack shows. Subject: the pack.

    Said once of a pack, the first time. It ends no decision: data that decide something do, by their own event.
    """

    event_type: ClassVar[str] = "sponsor.committee-pack.outdated.v1"

    trial_id: str
    pack_id: str
    snapshot_id: str
    part: Part
    n: Annotated[int, Field(ge=1, description="Number of the pack within its part")]
    decisions: Annotated[list[str], Field(description="Ids of decisions that rest on the same snapshot")]
    because: Annotated[list[str], Field(description="adverse_event_added, adverse_event_changed ...")]
    reports: Annotated[list[str], Field(description="Ids of the adverse events concerned")]
    outdated_at: datetime


PUBLISHED: tuple[type[PublishedEvent], ...] = (
    ProtocolVersionApprovedV3,
    TrialOpenedV1,
    TrialPausedV1,
    TrialClosedV1,
    SiteGreenLitV1,
    SiteRevokedV1,
    SiteSuspendedV1,
    DelegationGrantedV1,
    DelegationEndedV1,
    RecommendationRaisedV1,
    DoseDecisionSignedV1,
    DoseDecisionSupersededV1,
    CohortHeldV1,
    CohortReleasedV1,
    HaltImposedV1,
    HaltLiftedV1,
    CommitteePackOutdatedV1,
)

RETIRED = ("sponsor.protocol-version.approved.v1", "sponsor.protocol-version.approved.v2")
"""Said once and no more, by stores of an earlier version: in `.v1` every file had dose levels, `.v2` knew no DLT by
judgement.
"""
