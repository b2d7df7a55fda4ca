"""Everything a rule about dose levels looks at in one trial, as known now."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.sponsor.domain.assessment import counts_by_level, looked_at, recommend_part
from services.sponsor.domain.course import part_history
from services.sponsor.domain.decision import Decision
from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.escalation.rolling_six import PartHistory
from services.sponsor.domain.observation import Observed
from services.sponsor.domain.protocol_terms import PartTerms, ProtocolTerms
from services.sponsor.domain.protocol_version import ProtocolVersion
from services.sponsor.domain.standing import LevelCounts, Standing
from services.sponsor.domain.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPicture:
    """A trial with the protocol version in force.

    Attributes:
        versions: terms of every version, by its name; a decision is judged by those it was taken under.
        decisions: those that took force, in that order, then the others.
    """

    trial: Trial
    version: ProtocolVersion
    versions: Mapping[str, ProtocolTerms]
    observed: Observed
    decisions: tuple[Decision, ...]

    @property
    def parts(self) -> Mapping[str, PartTerms]:
        return self.version.terms.parts

    @property
    def levelled(self) -> Mapping[str, PartTerms]:
        """The parts with dose levels; nothing is recommended about the others."""
        return {name: terms for name, terms in self.parts.items() if terms.levels}

    def part(self, name: str) -> PartTerms:
        """The terms of a part.

        Raises:
            Refused: `part_unknown`.
        """
        return self.version.terms.part(name)

    def history(self, part: str) -> PartHistory:
        return part_history(self.parts[part], self.decisions)

    def decisions_in(self, part: str) -> tuple[Decision, ...]:
        return tuple(decision for decision in self.decisions if decision.place.part == part)

    def standings(self, part: str) -> tuple[Standing, ...]:
        """Registered participants whom the part's rule looks at."""
        return looked_at(self.parts[part], self.observed.standings)

    def counts(self, part: str) -> Mapping[int, LevelCounts]:
        """Counts per level of the part, unmatched DLTs included."""
        return counts_by_level(self.parts[part], self.observed.counted)

    def recommend(self, part: str) -> Recommendation:
        """What the part's rule says now; unmatched DLTs count against the level that safety names."""
        return recommend_part(self.parts[part], self.observed.counted, self.history(part))

    def unmatched_levels(self, part: str) -> frozenset[int]:
        """Levels of the part named by DLTs that belong to no registration."""
        unmatched = (verdict for verdict in self.observed.unmatched if verdict.speaks_of_dlt)
        return frozenset(verdict.place.level for verdict in unmatched if verdict.place.part == part)
