"""What a design recommends. People decide; a recommendation is never edited, a newer one supersedes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.sponsor.domain.canonical import Json
from services.sponsor.domain.standing import LevelCounts


class RecommendationKind(StrEnum):
    ESCALATE = "escalate"
    STAY = "stay"
    DEESCALATE = "deescalate"
    ELIMINATE = "eliminate"
    WAIT = "wait"
    SUSPEND = "suspend"
    STOP_NO_MTD = "stop_no_mtd"
    COMPLETE = "complete"


class Reason(StrEnum):
    """Guards and facts that shaped a recommendation."""

    START_LEVEL = "start_level"
    NO_SKIP = "no_skip"
    LAST_LEVEL = "last_level"
    LOWEST_LEVEL = "lowest_level"
    ELIMINATED = "eliminated"
    LOWEST_ELIMINATED = "lowest_eliminated"
    OUTSIDE_TABLE = "outside_table"
    PROVISIONAL_DLT = "provisional_dlt"
    BOUNDARY_CROSSED = "boundary_crossed"
    MAXIMUM_REACHED = "maximum_reached"
    START = "start"
    COHERENCE = "coherence"
    MIN_N_ELIMINATION = "min_n_elimination"
    PARTIAL_COHORT = "partial_cohort"
    LATE_DLT = "late_dlt"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSource:
    """Which rule was read: a design's table by id, version and hash, or a protocol's stated boundary."""

    id: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The place in the rule that was read: its source, the level counted, and the counts."""

    source: RuleSource
    level: int
    counts: LevelCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Output of a design for one part on one data cut.

    Attributes:
        level: the level of the next participants, or with `complete` the level found; None for `wait`,
            `suspend` and `stop_no_mtd`.
        closed_levels: levels that must take nobody, ascending.
    """

    kind: RecommendationKind
    level: int | None
    reasons: tuple[Reason, ...]
    cell: Cell
    closed_levels: tuple[int, ...]


CAUTION = (
    RecommendationKind.ESCALATE,
    RecommendationKind.STAY,
    RecommendationKind.DEESCALATE,
    RecommendationKind.COMPLETE,
    RecommendationKind.WAIT,
    RecommendationKind.SUSPEND,
    RecommendationKind.ELIMINATE,
    RecommendationKind.STOP_NO_MTD,
)
"""Kinds from the least to the most cautious when the same levels are closed: what may be given next."""


def caution(recommendation: Recommendation) -> tuple[int, int, int]:
    """Sort key: a recommendation with the larger key exposes fewer participants to less.

    First the number of closed levels, then the kind in the order of `CAUTION`, then the lower level.
    """
    level = recommendation.level if recommendation.level is not None else 0
    return len(recommendation.closed_levels), CAUTION.index(recommendation.kind), -level


def more_cautious(first: Recommendation, second: Recommendation) -> Recommendation:
    """The more cautious of two recommendations; the first when they are equal."""
    return second if caution(second) > caution(first) else first


def recommendation_payload(recommendation: Recommendation) -> dict[str, Json]:
    """The recommendation as plain JSON values, for the snapshot, the event and the page."""
    cell = recommendation.cell
    return {
        "kind": recommendation.kind.value,
        "level": recommendation.level,
        "reasons": [reason.value for reason in recommendation.reasons],
        "closed_levels": list(recommendation.closed_levels),
        "cell": {
            "source": {"id": cell.source.id, "version": cell.source.version, "sha256": cell.source.sha256},
            "level": cell.level,
            "n": cell.counts.n,
            "dlt": cell.counts.dlt,
            "pending": cell.counts.pending,
            "provisional": cell.counts.provisional,
        },
    }


def recommendation_from_payload(stored: Mapping[str, Any]) -> Recommendation:
    """The recommendation that `recommendation_payload` wrote."""
    cell = stored["cell"]
    counts = LevelCounts(**{name: cell[name] for name in ("n", "dlt", "pending", "provisional")})
    return Recommendation(
        kind=RecommendationKind(stored["kind"]),
        level=stored["level"],
        reasons=tuple(Reason(reason) for reason in stored["reasons"]),
        cell=Cell(source=RuleSource(**cell["source"]), level=cell["level"], counts=counts),
        closed_levels=tuple(stored["closed_levels"]),
    )
