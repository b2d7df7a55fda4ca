"""Identifiers of the safety service: uuid7 text, told apart by type."""

from typing import NewType

TrialId = NewType("TrialId", str)
SiteId = NewType("SiteId", str)
ParticipantId = NewType("ParticipantId", str)
PersonId = NewType("PersonId", str)
AdverseEventId = NewType("AdverseEventId", str)
AlertId = NewType("AlertId", str)
WindowId = NewType("WindowId", str)
DutyPeriodId = NewType("DutyPeriodId", str)
CaseId = NewType("CaseId", str)
