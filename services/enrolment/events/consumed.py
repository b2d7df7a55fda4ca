"""What this service reads of the others' events: only the fields it uses, and nothing else is looked at.

Others' enumerations are read as text; what an unknown word means is decided where it is used, never here.
"""

from datetime import datetime

from pydantic import Field

from services.enrolment.events.consumed_protocol import Protocol
from services.enrolment.events.reading import ReadEvent

# -- sponsor --------------------------------------------------------------------------------------------


class ProtocolVersionApproved(ReadEvent):
    trial_id: str
    trial_code: str
    protocol_version: str
    protocol_sha256: str
    protocol: Protocol
    effective_at: datetime
    previous_sunset_at: datetime | None


class TrialOpened(ReadEvent):
    trial_id: str
    trial_code: str


class TrialPaused(ReadEvent):
    trial_id: str


class TrialClosed(ReadEvent):
    trial_id: str


class SiteGreenLit(ReadEvent):
    trial_id: str
    site_number: str
    country: str
    zone: str
    protocol_version: str
    recruitment_cap: int | None
    organisation: str


class SiteRevoked(ReadEvent):
    trial_id: str
    site_number: str


class SiteSuspended(ReadEvent):
    trial_id: str
    site_number: str


class DelegationGranted(ReadEvent):
    trial_id: str
    delegation_id: str
    person: str
    role: str
    site_number: str | None
    from_at: datetime
    until_at: datetime | None
    unblinded: bool = False


class DelegationEnded(ReadEvent):
    trial_id: str
    delegation_id: str


class Letter(ReadEvent):
    reference: str
    dated: str
    sha256: str


class RecommendationSaid(ReadEvent):
    kind: str
    next_level: int | None
    reasons: list[str]
    design: str
    table_sha256: str | None
    level: int
    n: int
    dlt: int
    pending: int


class OverrideReason(ReadEvent):
    role: str
    text: str


class DoseDecisionSigned(ReadEvent):
    trial_id: str
    decision_id: str
    kind: str
    part: str
    level: int
    places: int
    cohort_rule: dict[str, object] | None
    signed_by: list[dict[str, str]]
    in_force_at: datetime
    snapshot_sha256: str
    text_sha256: str
    rule_sha256: str | None
    overrides_recommendation: bool
    letter: Letter | None = None
    data_cut_at: datetime | None = None
    recommendation: RecommendationSaid | None = None
    override_reasons: list[OverrideReason] = Field(default_factory=list)
    decided_as: str | None = None
    sitting: dict[str, object] | None = None


class DoseDecisionSuperseded(ReadEvent):
    trial_id: str
    decision_id: str
    reason: str
    superseded_at: datetime


class CohortHeld(ReadEvent):
    trial_id: str
    part: str
    level: int


class CohortReleased(ReadEvent):
    trial_id: str
    part: str
    level: int


class HaltScope(ReadEvent):
    part: str | None
    level: int | None
    site_number: str | None
    recruitment: bool
    dosing: bool


class HaltImposed(ReadEvent):
    trial_id: str
    halt_id: str
    scope: HaltScope
    imposed_at: datetime


class HaltLifted(ReadEvent):
    trial_id: str
    halt_id: str


# -- safety ---------------------------------------------------------------------------------------------


class StoppingRuleCrossed(ReadEvent):
    """Until two people lift the halt of the same id, nobody is registered in the rule's scope."""

    trial_id: str
    crossing_id: str
    part: str | None
    level: int | None
    crossed_at: datetime


class AdverseEventReported(ReadEvent):
    trial_id: str | None
    report_id: str
    holds_trial: bool


class AdverseEventAmended(AdverseEventReported):
    """As reported; the later version replaces the earlier one."""


class DltVerdictRecorded(ReadEvent):
    trial_id: str
    window_id: str
    participant_id: str
    verdict: str
    provisional: str
    part: str
    level_allocated: int
