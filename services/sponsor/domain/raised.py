"""A recommendation as it was raised: what was said, of which data, by which protocol version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.ids import RecommendationId, TrialId
from services.sponsor.domain.standing import LevelCounts

CountsLine = tuple[int, int, int, int]
"""(level, n with the pending ones, DLTs, pending)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedRecommendation:
    """One recommendation; `n` counts within its part, from 1."""

    id: RecommendationId
    trial_id: TrialId
    part: str
    n: int
    protocol_version: str
    recommendation: Recommendation
    counts: tuple[CountsLine, ...]
    raised_at: datetime

    def says(self, recommendation: Recommendation, counts: tuple[CountsLine, ...]) -> bool:
        """Whether the same was recommended of the same counts."""
        return (self.recommendation, self.counts) == (recommendation, counts)


def counts_lines(counts: Mapping[int, LevelCounts]) -> tuple[CountsLine, ...]:
    """Counts per level, ascending, as they are stored and published."""
    return tuple((level, c.n, c.dlt, c.pending) for level, c in sorted(counts.items()))
