"""The rolling six design for one part: counts per level in, one recommendation out.

Source: Skolnik JM et al., J Clin Oncol 2008;26(2):190-195. The table of cells is data, so a protocol that
prints other cells uses its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.sponsor.domain.escalation.result import (
    Cell,
    Reason,
    Recommendation,
    RecommendationKind,
    more_cautious,
)
from services.sponsor.domain.escalation.table import DecisionTable, TableDecision
from services.sponsor.domain.standing import LevelCounts

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    table: DecisionTable
    counts: Mapping[int, LevelCounts]
    history: PartHistory
    levels: int

    def at(self, level: int) -> LevelCounts:
        return self.counts.get(level, NOBODY)

    def decision(self, level: int) -> TableDecision:
        counts = self.at(level)
        return self.table.decision(counts) if counts.n else TableDecision.SAME

    def is_full(self, level: int) -> bool:
        return self.at(level).n >= self.table.largest_n

    @property
    def lowest_closed(self) -> int:
        """Lowest level found intolerable, by a decision or by its counts; one above the top if none is."""
        toxic = {j for j in self.counts if self.decision(j) is TableDecision.DEESCALATE}
        return min(toxic | self.history.eliminated, default=self.levels + 1)

    @property
    def highest_allowed(self) -> int:
        """One above the highest level with a counting participant; the start level before there is one."""
        tried = max((j for j, counts in self.counts.items() if counts.n), default=0)
        return max(tried + 1, self.history.start_level)

    def answer(
        self, kind: RecommendationKind, level: int | None, read: int, *reasons: Reason
    ) -> Recommendation:
        closed = tuple(range(self.lowest_closed, self.levels + 1))
        cell = Cell(source=self.table.source, level=read, counts=self.at(read))
        return Recommendation(kind=kind, level=level, reasons=reasons, cell=cell, closed_levels=closed)


def recommend(
    table: DecisionTable, counts_by_level: Mapping[int, LevelCounts], history: PartHistory, levels: int
) -> Recommendation:
    """Recommendation of the rolling six for one part; defined for every input.

    A provisional DLT is evaluated as pending and as DLT; the more cautious result holds.

    Args:
        table: cells in force for this protocol.
        counts_by_level: counting participants per level (1-based), the pending ones included in n.
        history: levels opened and eliminated by decisions.
        levels: number of dose levels of the part.

    Returns:
        `escalate`, `stay` or `deescalate` with the level of the next participants; `suspend` while answers
        are awaited; `complete` with the maximum tolerated dose; `stop_no_mtd` when level 1 is intolerable.

    Raises:
        ValueError: a count or the history names a level that the part does not have.
    """
    named = {*counts_by_level, *history.opened, *history.eliminated, history.start_level}
    if not all(1 <= level <= levels for level in named):
        raise ValueError("a level outside the part is named")
    as_dlt = {level: counts.provisional_as_dlt() for level, counts in counts_by_level.items()}
    confirmed = _recommend(_Part(table=table, counts=counts_by_level, history=history, levels=levels))
    if as_dlt == counts_by_level:
        return confirmed
    feared = _recommend(_Part(table=table, counts=as_dlt, history=history, levels=levels))
    feared = replace(feared, reasons=(*feared.reasons, Reason.PROVISIONAL_DLT))
    return more_cautious(confirmed, feared)


def _recommend(part: _Part) -> Recommendation:
    if part.lowest_closed == 1:
        return part.answer(
            RecommendationKind.STOP_NO_MTD, None, 1, Reason.LOWEST_LEVEL, Reason.LOWEST_ELIMINATED
        )
    if part.history.current >= part.lowest_closed:
        return _below_the_closed(part)
    return _without_skipping(part, _at_current(part))


def _below_the_closed(part: _Part) -> Recommendation:
    """The current level is closed: go to the level below, fill it to six, then name it."""
    target = part.lowest_closed - 1
    if part.is_full(target):
        return _full_or_top(part, target, Reason.ELIMINATED)
    down = part.answer(RecommendationKind.DEESCALATE, target, target, Reason.ELIMINATED)
    return _without_skipping(part, down)


def _at_current(part: _Part) -> Recommendation:
    current = part.history.current
    start = () if part.history.opened else (Reason.START_LEVEL,)
    match part.decision(current):
        case TableDecision.SAME:
            return part.answer(RecommendationKind.STAY, current, current, *start)
        case TableDecision.ESCALATE if current == part.levels:
            return _full_or_top(part, current, Reason.LAST_LEVEL)
        case TableDecision.ESCALATE if current + 1 >= part.lowest_closed:
            return _full_or_top(part, current, Reason.ELIMINATED)
        case TableDecision.ESCALATE:
            return part.answer(RecommendationKind.ESCALATE, current + 1, current)
        case _:
            return _suspended(part, current)


def _full_or_top(part: _Part, level: int, reason: Reason) -> Recommendation:
    """Nowhere to escalate to: six participants are wanted here, then this is the dose found."""
    if part.decision(level) is not TableDecision.ESCALATE:
        return _suspended(part, level)
    if part.is_full(level):
        return part.answer(RecommendationKind.COMPLETE, level, level, reason)
    return part.answer(RecommendationKind.STAY, level, level, reason)


def _suspended(part: _Part, level: int) -> Recommendation:
    listed = part.decision(level) is not TableDecision.OUTSIDE
    reasons = () if listed else (Reason.OUTSIDE_TABLE,)
    return part.answer(RecommendationKind.SUSPEND, None, level, *reasons)


def _without_skipping(part: _Part, wanted: Recommendation) -> Recommendation:
    """Bring a level that would pass an untried one down to the lowest untried level."""
    if wanted.level is None or wanted.level <= part.highest_allowed:
        return wanted
    return replace(
        wanted,
        kind=RecommendationKind.DEESCALATE,
        level=part.highest_allowed,
        reasons=(*wanted.reasons, Reason.NO_SKIP),
    )
