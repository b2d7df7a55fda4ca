"""What this service reads of the others' events: only the fields it uses, and nothing else is looked at.

Others' enumerations are read as text; what an unknown word means is decided where it is used, never here.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class ReadEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


# -- the protocol file ----------------------------------------------------------------------------------


class ProtocolTrial(ReadEvent):
    code: str
    ctimp: bool


class ProtocolLevel(ReadEvent):
    level: int
    label: str
    dose: str
    unit: str


class ProtocolAge(ReadEvent):
    from_years: int
    below_years: int


class ProtocolPart(ReadEvent):
    part: str
    stratum: str
    kind: str
    levels: list[ProtocolLevel]
    target: int | None = None
    age: ProtocolAge


class ProtocolWindow(ReadEvent):
    days: int


class ProtocolDlt(ReadEvent):
    window: ProtocolWindow


class ProtocolCriterion(ReadEvent):
    id: str


class ProtocolEligibility(ReadEvent):
    version: str
    validity_days: int
    criteria: list[ProtocolCriterion]


class ProtocolDocument(ReadEvent):
    document: str
    version: str
    purpose: str
    from_years: int
    below_years: int


class ProtocolConsent(ReadEvent):
    age_of_consent: dict[str, int]
    assent_from_years: int
    documents: list[ProtocolDocument]


class ProtocolSlots(ReadEvent):
    policy: str
    reserve_window_hours: int
    per_site_cap: int | None = None
    max_open_reservations_per_site: int | None = None


class ProtocolStagger(ReadEvent):
    sentinel_n: int = 0
    interval_after_sentinel_hours: int = 0
    interval_between_hours: int = 0
    enforce_at: str = "dosing"


class ProtocolDecision(ReadEvent):
    circulation_receipts: bool = True


class Protocol(ReadEvent):
    trial: ProtocolTrial
    parts: list[ProtocolPart]
    dlt: ProtocolDlt
    eligibility: ProtocolEligibility
    consent: ProtocolConsent
    slots: ProtocolSlots
    stagger: ProtocolStagger = Field(default_factory=ProtocolStagger)
    decision: ProtocolDecision


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


class SiteRevoked(ReadEvent):
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


class DelegationEnded(ReadEvent):
    trial_id: str
    delegation_id: str


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


class DoseDecisionSuperseded(ReadEvent):
    trial_id: str
    decision_id: str


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
