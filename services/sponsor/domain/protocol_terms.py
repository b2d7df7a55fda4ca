"""What a protocol version says, as far as the sponsor's rules need it."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.sponsor.domain.boundary import Limits
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.trial import DocumentVersion

SUPPORTED_KINDS = frozenset({"dose_finding", "expansion"})
"""Kinds of trial whose rules exist here; the others need no dose levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """Stated monitoring boundary of an expansion part; `counted_with` are levels counted together with it."""

    text: str
    limits: Limits
    max_evaluable: int
    counted_with: tuple[PartLevel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTerms:
    """One part of the trial.

    Attributes:
        labels: what the protocol prints for level 1, 2, ...
        start_level: level of the first participant (1-based).
        target: registered participants wanted in the part; None when the protocol states none.
        rule: a design's table for an escalation, a boundary for an expansion.
    """

    part: str
    stratum: str
    labels: tuple[str, ...]
    start_level: int
    target: int | None
    rule: DecisionTable | Boundary

    @property
    def levels(self) -> int:
        return len(self.labels)

    @property
    def is_escalation(self) -> bool:
        return isinstance(self.rule, DecisionTable)

    def label(self, level: int) -> str:
        """What the protocol prints for a level.

        Raises:
            Refused: `level_unknown`.
        """
        self.require_level(level)
        return self.labels[level - 1]

    def require_level(self, level: int) -> None:
        """Refuse a level that the part does not have.

        Raises:
            Refused: `level_unknown`.
        """
        if not 1 <= level <= self.levels:
            raise Refused("level_unknown", f"The part has levels 1 to {self.levels}.", levels=self.levels)

    @property
    def places(self) -> frozenset[PartLevel]:
        """Levels whose participants the part's rule looks at: its own, and those counted with them."""
        own = {PartLevel(part=self.part, level=level) for level in range(1, self.levels + 1)}
        return frozenset(own | set(self.rule.counted_with if isinstance(self.rule, Boundary) else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolTerms:
    """One protocol version.

    Attributes:
        zone: IANA zone in which the trial's local dates are counted.
        documents: documents and versions that sites use under it, the protocol itself included.
        regimes: reporting regimes chosen.
    """

    code: str
    kind: str
    version: str
    title: str
    zone: str
    registry_ids: tuple[str, ...]
    regimes: tuple[str, ...]
    documents: frozenset[DocumentVersion]
    signing: SigningRules
    parts: Mapping[str, PartTerms]

    def part(self, name: str) -> PartTerms:
        """The terms of a part.

        Raises:
            Refused: `part_unknown`.
        """
        if name not in self.parts:
            raise Refused("part_unknown", "The protocol has no such part.", parts=sorted(self.parts))
        return self.parts[name]


def require_supported(kind: str) -> None:
    """Refuse a kind of trial that has no rules here.

    Raises:
        Refused: `kind_not_supported`.
    """
    if kind not in SUPPORTED_KINDS:
        raise Refused(
            "kind_not_supported", "This kind of trial cannot be run yet.", supported=sorted(SUPPORTED_KINDS)
        )
