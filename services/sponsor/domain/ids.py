"""Identifiers of the sponsor service; text at the border, distinct types inside."""

from dataclasses import dataclass
from typing import NewType

TrialId = NewType("TrialId", str)
SiteId = NewType("SiteId", str)
PersonId = NewType("PersonId", str)
ParticipantId = NewType("ParticipantId", str)
DecisionId = NewType("DecisionId", str)
DelegationId = NewType("DelegationId", str)
EvidenceId = NewType("EvidenceId", str)
HaltId = NewType("HaltId", str)
ProofId = NewType("ProofId", str)
ProtocolVersionId = NewType("ProtocolVersionId", str)
SnapshotId = NewType("SnapshotId", str)
RecommendationId = NewType("RecommendationId", str)
CohortHoldId = NewType("CohortHoldId", str)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PartLevel:
    """A dose level of a part: `part` is the protocol's slug, `level` counts from 1.

    In a part without levels everybody is at level 0: the part itself.
    """

    part: str
    level: int

    def __str__(self) -> str:
        return f"{self.part}/{self.level}"
