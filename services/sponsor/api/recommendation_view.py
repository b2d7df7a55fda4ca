"""A recommendation in the words of the API."""

from collections.abc import Sequence

from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.raised import RaisedRecommendation
from shared.json_body import Instant, StrictModel


class RuleSourceOut(StrictModel):
    id: str
    version: str
    sha256: str


class CellOut(StrictModel):
    """The place in the rule that was read."""

    source: RuleSourceOut
    level: int
    n: int
    dlt: int
    pending: int
    provisional: int


class SayingOut(StrictModel):
    """What was recommended; it decides nothing."""

    kind: str
    next_level: int | None
    reasons: Sequence[str]
    closed_levels: Sequence[int]
    cell: CellOut


class RecommendationOut(SayingOut):
    """One recommendation as raised; `counts` are [level, n, dlt, pending] per level."""

    recommendation_id: str
    part: str
    n: int
    protocol_version: str
    counts: Sequence[tuple[int, int, int, int]]
    raised_at: Instant


def saying_out(found: Recommendation) -> SayingOut:
    return SayingOut(
        kind=found.kind.value,
        next_level=found.level,
        reasons=[reason.value for reason in found.reasons],
        closed_levels=found.closed_levels,
        cell=_cell(found),
    )


def recommendation_out(raised: RaisedRecommendation) -> RecommendationOut:
    return RecommendationOut(
        **dict(saying_out(raised.recommendation)),
        recommendation_id=raised.id,
        part=raised.part,
        n=raised.n,
        protocol_version=raised.protocol_version,
        counts=raised.counts,
        raised_at=raised.raised_at,
    )


def _cell(found: Recommendation) -> CellOut:
    cell = found.cell
    source = RuleSourceOut(id=cell.source.id, version=cell.source.version, sha256=cell.source.sha256)
    counts = cell.counts
    return CellOut(
        source=source,
        level=cell.level,
        n=counts.n,
        dlt=counts.dlt,
        pending=counts.pending,
        provisional=counts.provisional,
    )
