"""BOIN and its relatives over many trials at once: the same table, the same selection, as arrays."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from services.sponsor.domain.escalation.design import Coherence
from services.sponsor.domain.escalation.interval_design import IntervalDesign
from services.sponsor.domain.escalation.isotonic import ADDED, TIE_STEP
from services.sponsor.domain.escalation.trial_course import AT_THE_END, Bools, Courses, Floats, Ints, Steps

NEVER = np.iinfo(np.int64).max
"""A count that is not reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitArrays:
    """The decision table; index n, from 0. `escalate` is -1 where no count escalates."""

    escalate: Ints
    deescalate: Ints
    eliminate: Ints
    stop: Ints


@lru_cache(maxsize=64)
def limit_arrays(design: IntervalDesign, most: int) -> LimitArrays:
    """The table for n = 0 ... `most`; with nobody evaluated the level is kept."""
    rows = [design.limits(n) for n in range(1, most + 1)]
    eliminate = [NEVER, *(_or_never(row.eliminate) for row in rows)]
    extra_safe = design.closing.offset is not None
    stop = [NEVER, *(_or_never(row.stop) for row in rows)] if extra_safe else eliminate
    return LimitArrays(
        escalate=np.array([-1, *(-1 if row.escalate is None else row.escalate for row in rows)]),
        deescalate=np.array([NEVER, *(_or_never(row.deescalate) for row in rows)]),
        eliminate=np.array(eliminate),
        stop=np.array(stop),
    )


def _or_never(count: int | None) -> int:
    return NEVER if count is None else count


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalCourses:
    """The design as a rule over many trials."""

    design: IntervalDesign

    @property
    def own_cohort_size(self) -> None:
        return None

    def decide(self, courses: Courses, cohort_dlts: Ints, size: int, last_had_dlt: Bools) -> Steps:
        levels = courses.evaluated.shape[1]
        at = (np.arange(len(courses.level)), courses.level - 1)
        n, dlts = courses.evaluated[at], courses.dlts[at]
        table = limit_arrays(self.design, _size_for(n))
        closes = np.where(courses.level == 1, table.stop[n], table.eliminate[n])
        closed_from = np.where(
            dlts >= closes, np.minimum(courses.closed_from, courses.level), courses.closed_from
        )
        down = (dlts >= table.deescalate[n]) | (dlts >= closes)
        up = (dlts <= table.escalate[n]) & ~down & ~self._incoherent(cohort_dlts, size, last_had_dlt)
        wanted = np.clip(courses.level + up - down, 1, levels)
        level = np.minimum(wanted, closed_from - 1)
        done = closed_from == 1
        dose = np.where(done, 0, AT_THE_END)
        if self.design.n_earlystop is not None:
            done = done | ((n >= self.design.n_earlystop) & (level == courses.level))
        return Steps(level=level, closed_from=closed_from, done=done, dose=dose)

    def select(self, evaluated: Ints, dlts: Ints) -> Ints:
        return select_levels(self.design, evaluated, dlts)

    def _incoherent(self, cohort_dlts: Ints, size: int, last_had_dlt: Bools) -> Bools:
        match self.design.terms.guards.coherence:
            case Coherence.COHORT:
                target = self.design.target
                return cohort_dlts * target.denominator > target.numerator * size
            case Coherence.PARTICIPANT:
                return last_had_dlt
            case Coherence.OFF:
                return np.zeros(len(cohort_dlts), dtype=np.bool_)


def _size_for(n: Ints) -> int:
    """A table size that is not computed anew for each cohort."""
    return 30 * (1 + int(n.max(initial=0)) // 30)


def select_levels(design: IntervalDesign, evaluated: Ints, dlts: Ints) -> Ints:
    """The dose found from final counts, 0 for none.

    Args:
        design: its target, closing rule and bound hold.
        evaluated: shape (S, J).
        dlts: shape (S, J).
    """
    table = limit_arrays(design, _size_for(evaluated))
    limits = np.where(np.arange(evaluated.shape[1]) == 0, table.stop[evaluated], table.eliminate[evaluated])
    closed = np.logical_or.accumulate(dlts >= limits, axis=1)
    admissible = (evaluated > 0) & ~closed
    rates = isotonic_arrays(evaluated, dlts, admissible)
    rates = rates + TIE_STEP * np.cumsum(admissible, axis=1)
    eligible = admissible if design.highest_rate is None else admissible & (rates <= design.highest_rate)
    distance = np.where(eligible, np.abs(rates - float(design.target)), np.inf)
    return np.where(eligible.any(axis=1), distance.argmin(axis=1) + 1, 0)


def isotonic_arrays(evaluated: Ints, dlts: Ints, admissible: Bools) -> Floats:
    """Isotonic rates over the admissible levels: the largest over starts of the least mean over ends.

    Args:
        evaluated: shape (S, J).
        dlts: shape (S, J).
        admissible: shape (S, J).

    Returns:
        Shape (S, J); without meaning where a level is not admissible.
    """
    total = evaluated + 2 * ADDED
    seen, clear = dlts + ADDED, evaluated - dlts + ADDED
    weights = np.where(admissible, total**2 * (total + 1) / (seen * clear), 0.0)
    weighted = weights * (seen / total)
    levels = evaluated.shape[1]
    found = np.full(evaluated.shape, -np.inf)
    for start in range(levels):
        mass, mean = np.cumsum(weights[:, start:], axis=1), np.cumsum(weighted[:, start:], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(mass > 0, mean / mass, np.inf)
        ends = np.where(admissible[:, start:], means, np.inf)
        least = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
        least[~admissible[:, start]] = -np.inf
        found[:, start:] = np.maximum(found[:, start:], least)
    return found
