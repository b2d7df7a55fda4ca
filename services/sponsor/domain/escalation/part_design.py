"""A table design in a running trial: counts and decisions of a part in, one recommendation for people out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.sponsor.domain.escalation.design import Answer, Raw
from services.sponsor.domain.escalation.guards import guarded, lowest_closed
from services.sponsor.domain.escalation.interval_design import IntervalDesign
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.observations import Observations
from services.sponsor.domain.escalation.recommend import recommend
from services.sponsor.domain.escalation.result import (
    Cell,
    Reason,
    Recommendation,
    RecommendationKind,
    RuleSource,
    more_cautious,
)
from services.sponsor.domain.standing import LevelCounts

TableDesign = LevelDesign | IntervalDesign
NOBODY = LevelCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHistory:
    """What people have decided in a part so far.

    Attributes:
        opened: levels in the order in which decisions opened them, repeats included; the last is current.
        eliminated: levels closed for toxicity by a decision and not reopened.
        start_level: where the protocol starts, used until a level is opened.
    """

    opened: tuple[int, ...] = ()
    eliminated: frozenset[int] = frozenset()
    start_level: int = 1

    @property
    def current(self) -> int:
        return self.opened[-1] if self.opened else self.start_level


def recommend_for_part(
    design: TableDesign,
    source: RuleSource,
    counts_by_level: Mapping[int, LevelCounts],
    history: PartHistory,
    levels: int,
) -> Recommendation:
    """Recommendation of a table design for one part; defined for every input.

    A provisional DLT is evaluated as pending and as DLT; the more cautious result holds.

    Args:
        design: with the protocol's parameters; its number of levels and its start level are those of the part.
        source: of the table in force.
        counts_by_level: counting participants per level (1-based), the pending ones included in n.
        history: levels opened and eliminated by decisions.
        levels: number of dose levels of the part.

    Returns:
        As `Recommendation`. Where the design closes the current level, the level below it is recommended as
        `deescalate` and the closed levels are named.

    Raises:
        ValueError: a count or the history names a level that the part does not have.
    """
    named = {*counts_by_level, *history.opened, *history.eliminated, history.start_level}
    if not all(1 <= level <= levels for level in named):
        raise ValueError("a level outside the part is named")
    terms = replace(design.terms, levels=levels, start_level=history.start_level)
    own = replace(design, terms=terms)
    as_dlt = {level: counts.provisional_as_dlt() for level, counts in counts_by_level.items()}
    confirmed = _recommended(own, source, counts_by_level, history)
    if as_dlt == counts_by_level:
        return confirmed
    feared = _recommended(own, source, as_dlt, history)
    feared = replace(feared, reasons=(*feared.reasons, Reason.PROVISIONAL_DLT))
    return more_cautious(confirmed, feared)


def _recommended(
    design: TableDesign, source: RuleSource, counts: Mapping[int, LevelCounts], history: PartHistory
) -> Recommendation:
    data = observations_of(counts, history, design.terms.levels)
    answer = recommend(design, data) if data.treated else guarded(design, data, design.raw(data))
    kind, level = answer.kind, answer.level
    if kind is RecommendationKind.ELIMINATE and level is not None:
        kind = RecommendationKind.DEESCALATE
    read = _level_read(answer, data)
    cell = Cell(source=source, level=read, counts=counts.get(read, NOBODY))
    return Recommendation(
        kind=kind,
        level=level,
        reasons=_reasons(answer, history),
        cell=cell,
        closed_levels=answer.closed_levels,
    )


def observations_of(counts: Mapping[int, LevelCounts], history: PartHistory, levels: int) -> Observations:
    """The part's counts as a data cut; the current level is the one opened last."""
    by_level = [counts.get(level, NOBODY) for level in range(1, levels + 1)]
    return Observations(
        evaluated=tuple(one.n - one.pending for one in by_level),
        dlts=tuple(one.dlt for one in by_level),
        pending=tuple(one.pending for one in by_level),
        current=history.current,
        closed_from=min(history.eliminated, default=None),
    )


def _level_read(answer: Answer, data: Observations) -> int:
    """The level whose counts are shown: where the dose is found or given below a closed level, that one."""
    current = data.current or 1
    if answer.kind is RecommendationKind.STOP_NO_MTD:
        return 1
    closed = lowest_closed(data, Raw(level=None, closes_from=min(answer.closed_levels, default=None)))
    return current if closed is None or current < closed else closed - 1


def _reasons(answer: Answer, history: PartHistory) -> tuple[Reason, ...]:
    reasons = list(answer.reasons)
    is_below_closed = bool(answer.closed_levels) and history.current >= min(answer.closed_levels)
    if Reason.LOWEST_ELIMINATED in reasons:
        reasons.insert(0, Reason.LOWEST_LEVEL)
    elif is_below_closed:
        reasons.insert(0, Reason.ELIMINATED)
    elif not history.opened and answer.kind is RecommendationKind.STAY:
        reasons.insert(0, Reason.START_LEVEL)
    return tuple(dict.fromkeys(reasons))
