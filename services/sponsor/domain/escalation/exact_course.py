"""Operating characteristics without simulation: every course of a trial is followed, equal states are merged."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from math import comb

import numpy as np

from services.sponsor.domain.escalation.characteristics import Figures
from services.sponsor.domain.escalation.state_packing import Merged, Packing
from services.sponsor.domain.escalation.trial_course import (
    AT_THE_END,
    Bools,
    CohortRule,
    Courses,
    Floats,
    Ints,
)

STATE_BUDGET = 1_000_000
MOST_OWN_COHORTS = 2_000
_EXPANDED = 8
_TOLERANCE = 1e-12


class StateBudgetExceeded(Exception):
    """More distinct states than are merged exactly; simulate instead."""


@dataclass(slots=True, kw_only=True)
class _Sums:
    """What has been added up from trials that ended."""

    chosen: Floats
    participants: Floats
    dlts: float = 0.0

    def add(self, courses: Courses, doses: Ints, chance: Floats) -> None:
        self.chosen += np.bincount(doses, weights=chance, minlength=len(self.chosen))
        self.participants += chance @ courses.evaluated
        self.dlts += float(chance @ courses.dlts.sum(axis=1))


def exact_figures(
    rule: CohortRule,
    truth: Sequence[float],
    cohorts: Sequence[int] | None,
    *,
    start_level: int = 1,
    tells_last: bool = False,
    state_budget: int = STATE_BUDGET,
) -> Figures:
    """Exact operating characteristics.

    Args:
        rule: the design.
        truth: true probability of a DLT by level.
        cohorts: sizes of the cohorts in order; None for a rule with its own.
        start_level: 1-based.
        tells_last: whether the rule looks at the last participant of a cohort; otherwise it is told nothing of it.
        state_budget: distinct states that may be held at once.

    Raises:
        StateBudgetExceeded: there are more.
        ArithmeticError: the chances do not add up to 1.
    """
    levels = len(truth)
    own = rule.own_cohort_size
    sizes = repeat(own, MOST_OWN_COHORTS) if own is not None else iter(cohorts or ())
    most = sum(cohorts) if cohorts is not None else _most_own(levels)
    unit = own or _common_size(cohorts or ())
    packing = Packing.of(levels=levels, most=most, unit=unit)
    sums = _Sums(chosen=np.zeros(levels + 1), participants=np.zeros(levels))
    states = packing.start(start_level)
    for size in sizes:
        if not len(states.chance):
            break
        if len(states.chance) * (size + 1) > _EXPANDED * state_budget:
            raise StateBudgetExceeded
        states = _advanced(rule, truth, packing, states, size, tells_last, sums)
        if len(states.chance) > state_budget:
            raise StateBudgetExceeded
    _settle(rule, sums, packing.courses(states), states.chance)
    return _figures(sums)


def _most_own(levels: int) -> int:
    """Participants that a level of a design that runs until its rule ends cannot pass."""
    return 12 * levels


def _common_size(cohorts: Sequence[int]) -> int:
    return cohorts[0] if cohorts and len(set(cohorts)) == 1 else 1


def _advanced(
    rule: CohortRule,
    truth: Sequence[float],
    packing: Packing,
    states: Merged,
    size: int,
    tells_last: bool,
    sums: _Sums,
) -> Merged:
    """The states after one more cohort; what ended is added to the sums."""
    before = packing.courses(states)
    rates = np.asarray(truth)[before.level - 1]
    keys, chances = [], []
    for dlts in range(size + 1):
        chance = states.chance * comb(size, dlts) * rates**dlts * (1 - rates) ** (size - dlts)
        after = _with_cohort(before, size, dlts)
        for last, share in _last_participant(size, dlts, tells_last):
            told = np.full(len(chance), last)
            steps = rule.decide(after, np.full(len(chance), dlts), size, told)
            possible = share * chance
            ended = steps.done & (possible > 0)
            _settle(rule, sums, _chosen(after, ended), possible[ended], steps.dose[ended])
            going = ~steps.done & (possible > 0)
            moved = Courses(
                evaluated=after.evaluated, dlts=after.dlts, level=steps.level, closed_from=steps.closed_from
            )
            keys.append(packing.keys(_chosen(moved, going)))
            chances.append(possible[going])
    return packing.merged(np.concatenate(keys), np.concatenate(chances))


def _last_participant(size: int, dlts: int, tells_last: bool) -> list[tuple[bool, float]]:
    """Whether the cohort's last participant had a DLT, with the chance of each case: all orders are equally likely."""
    if not tells_last:
        return [(False, 1.0)]
    cases = [(True, dlts / size), (False, 1 - dlts / size)]
    return [(had, share) for had, share in cases if share > 0]


def _with_cohort(courses: Courses, size: int, dlts: int) -> Courses:
    at = (np.arange(len(courses.level)), courses.level - 1)
    evaluated, seen = courses.evaluated.copy(), courses.dlts.copy()
    evaluated[at] += size
    seen[at] += dlts
    return Courses(evaluated=evaluated, dlts=seen, level=courses.level, closed_from=courses.closed_from)


def _chosen(courses: Courses, which: Bools) -> Courses:
    return Courses(
        evaluated=courses.evaluated[which],
        dlts=courses.dlts[which],
        level=courses.level[which],
        closed_from=courses.closed_from[which],
    )


def _settle(
    rule: CohortRule, sums: _Sums, courses: Courses, chance: Floats, doses: Ints | None = None
) -> None:
    """Adds trials that ended; where no dose is named it is selected from the counts."""
    if not len(chance):
        return
    found = np.full(len(chance), AT_THE_END) if doses is None else doses.copy()
    open_ones = found == AT_THE_END
    if open_ones.any():
        found[open_ones] = rule.select(courses.evaluated[open_ones], courses.dlts[open_ones])
    sums.add(courses, found, chance)


def _figures(sums: _Sums) -> Figures:
    if abs(sums.chosen.sum() - 1) > _TOLERANCE:
        raise ArithmeticError("the chances do not add up to 1")
    return Figures(
        p_select=tuple(float(p) for p in sums.chosen),
        mean_n=tuple(float(n) for n in sums.participants),
        mean_n_total=float(sums.participants.sum()),
        mean_dlt=sums.dlts,
    )
