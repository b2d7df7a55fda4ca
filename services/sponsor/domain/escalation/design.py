"""What every design shares: its terms, what it is asked, and what it says before the guards are applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from services.sponsor.domain.escalation.observations import Observations
from services.sponsor.domain.escalation.result import Reason, RecommendationKind

if TYPE_CHECKING:
    from services.sponsor.domain.escalation.trial_course import CohortRule


class Coherence(StrEnum):
    """After which outcomes nobody escalates: a cohort's rate above the target, or one participant's DLT."""

    COHORT = "cohort"
    PARTICIPANT = "participant"
    OFF = "off"


class PartialCohort(StrEnum):
    """What holds while a cohort is incomplete or pending: nobody enters, or the level is kept."""

    WAIT = "wait"
    KEEP_LEVEL = "keep_level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Guards of the frame that a protocol may switch."""

    no_skip: bool = True
    coherence: Coherence = Coherence.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a protocol states for any design.

    Attributes:
        levels: number of dose levels.
        start_level: 1-based.
        cohort_size: None where any number evaluated is a complete cohort.
    """

    levels: int
    start_level: int = 1
    cohort_size: int | None = None
    partial_cohort: PartialCohort = PartialCohort.WAIT
    guards: Guards = Guards()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What a design itself says, before the guards.

    Attributes:
        level: level it wants for the next participants, which may be 0 or one above the top (the guards bring it
            back); with `complete` the dose found; None where nobody may enter.
        kind: None where it follows from `level` and the current level; else one of `eliminate` (the design
            closes the current level), `suspend`, `complete`, `stop_no_mtd`.
        closes_from: lowest level that the data close, with all above; None when they close none.
        reasons: guards that the design itself applied.
        cell: what a table design looked up, as JSON values.
        model: summary of a model, as JSON values; its `raw_level` is the design's own to fill.
    """

    level: int | None
    kind: RecommendationKind | None = None
    closes_from: int | None = None
    reasons: tuple[Reason, ...] = ()
    cell: Mapping[str, Any] | None = None
    model: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a design recommends on one data cut, guards applied; see `Recommendation` for the meaning."""

    kind: RecommendationKind
    level: int | None
    reasons: tuple[Reason, ...]
    closed_levels: tuple[int, ...]
    cell: Mapping[str, Any] | None = None
    model: Mapping[str, Any] | None = None


class DoseDesign(Protocol):
    """A design with its parameters. Frozen values; no clock, no randomness, no I/O."""

    @property
    def name(self) -> str:
        """As in a design file, such as `boin`."""

    @property
    def terms(self) -> Terms:
        """Levels, cohorts and guards."""

    @property
    def poor_rate(self) -> Fraction | float | None:
        """Rate of DLTs in a cohort above which the cohort variant of coherence forbids escalation."""

    @property
    def reads_pending(self) -> bool:
        """Whether the design has its own answer for pending participants; else the frame waits for them."""

    def missing(self, data: Observations) -> int:
        """Participants who must still enter to complete the cohort under way; 0 when it is complete."""

    def raw(self, data: Observations) -> Raw:
        """What the design says of these data; somebody has been treated, `data.current` is a level.

        Unless `reads_pending`, pending participants are to be passed over: the frame asks for each outcome.
        """

    def final(self, data: Observations) -> Raw:
        """The dose found once accrual has ended: `complete`, or `stop_no_mtd`."""

    def cohort_rule(self) -> "CohortRule":
        """The design as a rule over many trials at once, for operating characteristics (imports numpy)."""


def missing_from_cohort(terms: Terms, data: Observations) -> int:
    """Participants missing from the last cohort of a design with cohorts of one size.

    From counts alone the level's total is taken to be whole cohorts and the rest.
    """
    size = terms.cohort_size
    if size is None or data.current is None:
        return 0
    if data.participants is None:
        evaluated, _, pending = data.at(data.current)
        return -(evaluated + pending) % size
    last = data.last_cohort
    return max(0, size - last.evaluated - last.pending)
