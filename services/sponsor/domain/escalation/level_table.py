"""What the counts of one level say, for designs that decide level by level: 3+3 and the rolling sixes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from services.sponsor.domain.escalation.result import RuleSource
from services.sponsor.domain.escalation.table import GOES_UP, DecisionTable, TableDecision
from services.sponsor.domain.standing import LevelCounts


class LevelTable(Protocol):
    """The rule of one level; frozen and hashable."""

    @property
    def largest_total(self) -> int:
        """Participants, pending included, at whom a level has no place left."""

    def read(self, evaluated: int, dlts: int, pending: int) -> TableDecision:
        """What a level's counts say about the next participant."""

    def is_filled(self, evaluated: int, dlts: int, pending: int, *, is_top: bool) -> bool:
        """Whether a level that would escalate, but cannot, is the dose found.

        Args:
            evaluated: with an answer.
            dlts: of them.
            pending: without one yet.
            is_top: no level is above; else the level above is closed.
        """

    def is_enough(self, evaluated: int, dlts: int, pending: int) -> bool:
        """Whether a level can be the dose found once accrual has ended."""

    def shown(self, evaluated: int, dlts: int, pending: int) -> Mapping[str, Any]:
        """The cell that was read, as JSON values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreePlusThree:
    """Cohorts of three: none of 3 or at most one of 6 go up, two close the level.

    Attributes:
        allow_deescalate: a closed level is followed by filling the one below to six (Korn et al.); else the level
            below is the dose found at once.
        mtd_needs_six: the top level too is the dose found only with six.
    """

    allow_deescalate: bool = True
    mtd_needs_six: bool = False

    @property
    def largest_total(self) -> int:
        return 6

    def read(self, evaluated: int, dlts: int, pending: int) -> TableDecision:
        if dlts >= 2:
            return TableDecision.DEESCALATE
        if (evaluated, dlts) in {(3, 0), (6, 0), (6, 1)}:
            return TableDecision.ESCALATE
        return TableDecision.SAME if (evaluated, dlts) in {(0, 0), (3, 1)} else TableDecision.OUTSIDE

    def read_entering(self, evaluated: int, dlts: int, pending: int) -> TableDecision:
        """As `read`, while the cohort's participants enter one by one: a full cohort waits for its answers."""
        if dlts < 2 and evaluated + pending not in (3, 6):
            return TableDecision.SAME
        return TableDecision.HOLD if dlts < 2 and pending else self.read(evaluated, dlts, pending)

    def is_filled(self, evaluated: int, dlts: int, pending: int, *, is_top: bool) -> bool:
        three_suffice = not self.mtd_needs_six and (is_top or not self.allow_deescalate)
        return evaluated >= (3 if three_suffice else 6)

    def is_enough(self, evaluated: int, dlts: int, pending: int) -> bool:
        return evaluated >= (6 if self.mtd_needs_six else 3) and 6 * dlts <= evaluated

    def shown(self, evaluated: int, dlts: int, pending: int) -> Mapping[str, Any]:
        return {
            "n": evaluated,
            "dlt": dlts,
            "pending": pending,
            "decision": self.read(evaluated, dlts, pending),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RollingSixTable:
    """Cells of (n with the pending ones, DLTs, pending)."""

    table: DecisionTable

    @property
    def source(self) -> RuleSource:
        return self.table.source

    @property
    def largest_total(self) -> int:
        return self.table.largest_n

    def read(self, evaluated: int, dlts: int, pending: int) -> TableDecision:
        if not evaluated + pending:
            return TableDecision.SAME
        counts = LevelCounts(n=evaluated + pending, dlt=dlts, pending=pending)
        return self.table.decision(counts)

    def is_filled(self, evaluated: int, dlts: int, pending: int, *, is_top: bool) -> bool:
        return evaluated + pending >= self.largest_total

    def is_enough(self, evaluated: int, dlts: int, pending: int) -> bool:
        filled = self.is_filled(evaluated, dlts, pending, is_top=False)
        return filled and self.read(evaluated, dlts, pending) is TableDecision.ESCALATE

    def shown(self, evaluated: int, dlts: int, pending: int) -> Mapping[str, Any]:
        decision = self.read(evaluated, dlts, pending)
        return {"n": evaluated + pending, "dlt": dlts, "pending": pending, "decision": decision}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QueueTable:
    """Cells of (total, evaluable, DLTs) with a decision and whether it was published, up to eight on a level.

    Source: Frankel PH et al. JAMA Netw Open 2020;3(5):e204787 (PMC7221509), Table 2, queue variant.
    """

    table: DecisionTable

    @property
    def source(self) -> RuleSource:
        return self.table.source

    @property
    def largest_total(self) -> int:
        return self.table.largest_n

    def read(self, evaluated: int, dlts: int, pending: int) -> TableDecision:
        """The cell; without DLTs and with six answers, which the table omits, it reads as with one DLT."""
        total = evaluated + pending
        if not total:
            return TableDecision.SAME
        if not dlts and evaluated >= _ENOUGH_EVALUABLE and (total, 0, pending) not in self.table.cells:
            dlts = 1
        return self.table.decision(LevelCounts(n=total, dlt=dlts, pending=pending))

    def is_filled(self, evaluated: int, dlts: int, pending: int, *, is_top: bool) -> bool:
        or_mtd = self.read(evaluated, dlts, pending) is TableDecision.ESCALATE_OR_MTD
        return or_mtd or evaluated >= _ENOUGH_EVALUABLE

    def is_enough(self, evaluated: int, dlts: int, pending: int) -> bool:
        decision = self.read(evaluated, dlts, pending)
        filled = self.is_filled(evaluated, dlts, pending, is_top=False)
        return decision is TableDecision.MTD or (decision in GOES_UP and filled)

    def shown(self, evaluated: int, dlts: int, pending: int) -> Mapping[str, Any]:
        key = (evaluated + pending, dlts, pending)
        return {
            "total": evaluated + pending,
            "evaluable": evaluated,
            "dlt": dlts,
            "decision": self.read(evaluated, dlts, pending),
            "published": key in self.table.cells and key not in self.table.unpublished,
        }


_ENOUGH_EVALUABLE = 6
