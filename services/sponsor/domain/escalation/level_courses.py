"""3+3 and the rolling sixes over many trials at once: the table of a level as arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.sponsor.domain.escalation.level_design import COHORT_OF_THREE, LevelDesign
from services.sponsor.domain.escalation.level_table import RollingSixTable, ThreePlusThree
from services.sponsor.domain.escalation.table import GOES_UP, TableDecision
from services.sponsor.domain.escalation.trial_course import Bools, Courses, Ints, Steps

SAME, UP, DOWN, HOLD, MTD = range(5)
"""What a level's counts say, as numbers."""
_CODES = {
    TableDecision.SAME: SAME,
    TableDecision.DEESCALATE: DOWN,
    TableDecision.MTD: MTD,
    **dict.fromkeys(GOES_UP, UP),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Where S trials go.

    Attributes:
        level: of the next participants; 0 where nobody may enter.
        dose: found, 0 for none, STILL_OPEN while the trial goes on.
        closed_from: lowest closed level, one above the top while none is; what closes once stays closed.
    """

    level: Ints
    dose: Ints
    closed_from: Ints


STILL_OPEN = -1


@dataclass(frozen=True)
class LevelArrays:
    """A level's table as arrays over (evaluated, DLTs, pending).

    Attributes:
        one_by_one: whether participants enter while others are pending; the cohorts of 3+3 then fill up and wait.
    """

    design: LevelDesign
    one_by_one: bool = False

    @property
    def most(self) -> int:
        return self.design.table.largest_total

    @cached_property
    def codes(self) -> Ints:
        """What each cell says."""
        read = self.design.table.read
        if self.one_by_one and isinstance(self.design.table, ThreePlusThree):
            read = self.design.table.read_entering
        return self._over(lambda n, dlts, pending: _CODES.get(read(n, dlts, pending), HOLD))

    @cached_property
    def filled(self) -> tuple[Bools, Bools]:
        """Whether a cell that goes up is the dose found: where the level above is closed, and at the top.

        Trials in time last until all six of a rolling six have their answers, although five may settle the dose.
        """
        is_filled, last_answer = self.design.table.is_filled, self._awaits_last_answer
        below = self._over(
            lambda n, dlts, c: int(is_filled(n, dlts, c, is_top=False) and not (c and last_answer))
        )
        top = self._over(
            lambda n, dlts, c: int(is_filled(n, dlts, c, is_top=True) and not (c and last_answer))
        )
        return below.astype(np.bool_), top.astype(np.bool_)

    @property
    def _awaits_last_answer(self) -> bool:
        return self.one_by_one and isinstance(self.design.table, RollingSixTable)

    def _over(self, value: Callable[[int, int, int], int]) -> Ints:
        size = self.most + 1
        cells = np.zeros((size, size, size), dtype=np.int64)
        for evaluated in range(size):
            for dlts in range(evaluated + 1):
                for pending in range(size - evaluated):
                    cells[evaluated, dlts, pending] = value(evaluated, dlts, pending)
        return cells

    def moves(self, evaluated: Ints, dlts: Ints, pending: Ints, level: Ints, closed_from: Ints) -> Moves:
        """The next move of each trial.

        Args:
            evaluated: shape (S, J).
            dlts: shape (S, J).
            pending: shape (S, J).
            level: shape (S,), the current one, 1-based.
            closed_from: shape (S,), lowest level closed so far.
        """
        levels = evaluated.shape[1]
        rows = np.arange(len(level))
        codes = self.codes[evaluated, dlts, pending]
        toxic = codes == DOWN
        found = np.where(toxic.any(axis=1), toxic.argmax(axis=1) + 1, levels + 1)
        closed = np.minimum(found, closed_from)
        is_down = level >= closed
        at = np.maximum(np.where(is_down, closed - 1, level), 1) - 1
        cell = (evaluated[rows, at], dlts[rows, at], pending[rows, at])
        code = codes[rows, at]
        is_top = at + 1 == levels
        is_full = np.where(is_top, self.filled[1][cell], self.filled[0][cell])
        has_room = cell[0] + cell[2] < self.most
        blocked = (code == UP) & (is_top | (at + 2 >= closed))
        dose = np.where((code == MTD) | (blocked & is_full), at + 1, STILL_OPEN)
        if not self.design.goes_back:
            dose = np.where(is_down, np.where(cell[0] > 0, at + 1, 0), dose)
        dose = np.where(closed == 1, 0, dose)
        stays = (code == SAME) | (blocked & ~is_full & has_room)
        going = np.where(stays, at + 1, np.where((code == UP) & ~blocked, at + 2, 0))
        return Moves(level=np.where(dose == STILL_OPEN, going, 0), dose=dose, closed_from=closed)


@dataclass(frozen=True)
class LevelCourses:
    """The design as a rule over many trials whose participants are all evaluated before the next enter."""

    design: LevelDesign

    @cached_property
    def arrays(self) -> LevelArrays:
        return LevelArrays(self.design)

    @property
    def own_cohort_size(self) -> int:
        return COHORT_OF_THREE if self.design.has_cohorts else 1

    def decide(self, courses: Courses, cohort_dlts: Ints, size: int, last_had_dlt: Bools) -> Steps:
        nobody = np.zeros_like(courses.dlts)
        moves = self.arrays.moves(courses.evaluated, courses.dlts, nobody, courses.level, courses.closed_from)
        done = moves.level == 0
        return Steps(
            level=moves.level,
            closed_from=moves.closed_from,
            done=done,
            dose=np.where(done, np.maximum(moves.dose, 0), STILL_OPEN),
        )

    def select(self, evaluated: Ints, dlts: Ints) -> Ints:
        """Never asked of complete trials: the rule names its dose when it ends."""
        return np.zeros(len(evaluated), dtype=np.int64)
