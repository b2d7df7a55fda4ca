"""The guards around every design: what a design says, brought down to what may be recommended.

Each guard is tested against what the design itself says; all that bind are named, and the lowest level among
them holds.
"""

from services.sponsor.domain.escalation.design import Answer, Coherence, DoseDesign, Raw
from services.sponsor.domain.escalation.observations import Observations
from services.sponsor.domain.escalation.result import Reason, RecommendationKind

NOBODY_ENTERS = frozenset(
    {RecommendationKind.SUSPEND, RecommendationKind.WAIT, RecommendationKind.STOP_NO_MTD}
)


def guarded(design: DoseDesign, data: Observations, raw: Raw, *reasons: Reason) -> Answer:
    """The recommendation after the guards.

    Args:
        design: whose terms hold.
        data: what the design was asked about.
        raw: what it said.
        reasons: why it was asked in this way.
    """
    closed = lowest_closed(data, raw)
    if closed == 1:
        found = _distinct(*reasons, *raw.reasons, Reason.LOWEST_ELIMINATED)
        return _answer(data, raw, RecommendationKind.STOP_NO_MTD, None, found)
    if raw.kind in NOBODY_ENTERS or raw.level is None:
        kind = raw.kind or RecommendationKind.SUSPEND
        return _answer(data, raw, kind, None, _distinct(*reasons, *raw.reasons))
    if raw.kind is RecommendationKind.COMPLETE:
        return _answer(data, raw, raw.kind, raw.level, _distinct(*reasons, *raw.reasons))
    level, binding = _held(design, data, raw.level, closed)
    found = _distinct(*reasons, *raw.reasons, *binding)
    return _answer(data, raw, _kind(design, data, raw, level), level, found)


def lowest_closed(data: Observations, raw: Raw) -> int | None:
    """Lowest level closed by the data or by an earlier decision."""
    stated = [level for level in (data.closed_from, raw.closes_from) if level is not None]
    return min(stated, default=None)


def highest_allowed(design: DoseDesign, data: Observations) -> int:
    """One above the highest level tried; the start level before anybody."""
    return max(data.highest_tried + 1, design.terms.start_level)


def _held(
    design: DoseDesign, data: Observations, wanted: int, closed: int | None
) -> tuple[int, tuple[Reason, ...]]:
    """The lowest level among the guards that bind, and those guards."""
    bounds: list[tuple[int, Reason]] = []
    if wanted < 1:
        bounds.append((1, Reason.LOWEST_LEVEL))
        wanted = 1
    if wanted > data.levels:
        bounds.append((data.levels, Reason.LAST_LEVEL))
    if closed is not None and wanted >= closed:
        bounds.append((closed - 1, Reason.ELIMINATED))
    if data.samples is None:
        bounds += _history_bounds(design, data, wanted)
    level = min([wanted, *(bound for bound, _ in bounds)])
    return level, tuple(reason for _, reason in bounds)


def _history_bounds(design: DoseDesign, data: Observations, wanted: int) -> list[tuple[int, Reason]]:
    """Guards that need to know who was treated before."""
    bounds = []
    if design.terms.guards.no_skip and wanted > highest_allowed(design, data):
        bounds.append((highest_allowed(design, data), Reason.NO_SKIP))
    if data.current is not None and wanted > data.current and is_incoherent(design, data):
        bounds.append((data.current, Reason.COHERENCE))
    return bounds


def is_incoherent(design: DoseDesign, data: Observations) -> bool:
    """Whether the outcomes seen last forbid to escalate."""
    last = data.last_cohort
    match design.terms.guards.coherence:
        case Coherence.COHORT:
            poor = design.poor_rate
            return poor is not None and last.evaluated > 0 and last.dlts > poor * last.evaluated
        case Coherence.PARTICIPANT:
            return bool(last.last_had_dlt)
        case Coherence.OFF:
            return False


def _kind(design: DoseDesign, data: Observations, raw: Raw, level: int) -> RecommendationKind:
    current = data.current if data.current is not None else design.terms.start_level
    if raw.kind is RecommendationKind.ELIMINATE:
        return raw.kind
    if level == current:
        return RecommendationKind.STAY
    return RecommendationKind.ESCALATE if level > current else RecommendationKind.DEESCALATE


def _answer(
    data: Observations,
    raw: Raw,
    kind: RecommendationKind,
    level: int | None,
    reasons: tuple[Reason, ...],
) -> Answer:
    closed = lowest_closed(data, raw)
    closed_levels = () if closed is None else tuple(range(closed, data.levels + 1))
    return Answer(
        kind=kind, level=level, reasons=reasons, closed_levels=closed_levels, cell=raw.cell, model=raw.model
    )


def _distinct(*reasons: Reason) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
