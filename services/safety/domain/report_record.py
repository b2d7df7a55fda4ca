"""A report as the service keeps it: the event's newest version, and everything about it that is not the event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.safety.domain.adverse_event import AdverseEvent
from services.safety.domain.delegation import ReportFlag
from services.safety.domain.ids import PersonId
from services.safety.domain.intake import ReportDecision
from services.safety.domain.matching import ClearanceRequest, Matched
from services.safety.domain.place import TrialRef
from services.safety.domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What somebody sent: the report, and the words that stay in the store and are never coded."""

    report: Report
    narrative: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecord:
    """One report; `scope` is the partition key of its events, kept from the first one on."""

    event: AdverseEvent
    statement: Statement
    scope: str
    trial_id: str | None
    trial_key: str
    participant_key: str
    participant_id: str | None
    site_number: str
    matched: Matched
    received_at: datetime
    reported_by: PersonId
    flags: Sequence[ReportFlag] = ()
    clearance: ClearanceRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedVersion:
    """One version as it was stored, with what was concluded from it then."""

    event: AdverseEvent
    statement: Statement
    conclusion: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a command on a report leaves behind: the record, the decision on it, and its trial."""

    record: ReportRecord
    decision: ReportDecision
    trial: TrialRef
