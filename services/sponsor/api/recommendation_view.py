"""A recommendation in the words of the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.sponsor.domain.escalation.comparison import OtherSaying
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


class DesignSayingOut(StrictModel):
    """What a design would have recommended; `cell` is of a table design, `model` of a model-based one.

    `dose_if_ended` is the level it would name as the dose if accrual ended now.
    """

    design: str
    kind: str
    next_level: int | None
    reasons: Sequence[str]
    closed_levels: Sequence[int]
    dose_if_ended: int | None
    cell: Mapping[str, Any] | None
    model: Mapping[str, Any] | None


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


def design_saying_out(other: OtherSaying) -> DesignSayingOut:
    answer = other.answer
    return DesignSayingOut(
        design=other.design.name,
        kind=answer.kind.value,
        next_level=answer.level,
        reasons=[reason.value for reason in answer.reasons],
        closed_levels=answer.closed_levels,
        dose_if_ended=other.dose_if_ended,
        cell=answer.cell,
        model=answer.model,
    )
