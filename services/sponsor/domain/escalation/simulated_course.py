"""Operating characteristics by simulation: trials in lock-step, each with its own random numbers.

The numbers of a trial depend on the seed and on the trial's own index alone, so results do not depend on batching.
"""

from collections.abc import Iterator, Sequence
from math import comb

import numpy as np

from services.sponsor.domain.escalation.characteristics import Outcomes
from services.sponsor.domain.escalation.state_packing import distinct_counts
from services.sponsor.domain.escalation.trial_course import AT_THE_END, CohortRule, Courses, Floats, Ints

BATCH = 16_384
CHUNK = 16
"""Random numbers that a trial draws at once."""
MOST_SEED = 2**64 - 1
_NUMBERS_PER_BLOCK = 4


def uniforms(seed: int, first: int, trials: int, chunk: int, stream: int = 0) -> Floats:
    """Numbers from 0 (included) to 1 (excluded), shape (trials, CHUNK), from the generator Philox 4x64.

    Args:
        seed: 0 to MOST_SEED.
        first: index of the first trial.
        trials: how many in succession.
        chunk: which portion of each trial's numbers.
        stream: numbers for another purpose, independent of the others.
    """
    counter = np.array([first * (CHUNK // _NUMBERS_PER_BLOCK), 0, chunk, stream], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=seed, counter=counter)).random((trials, CHUNK))


def simulated(
    rule: CohortRule,
    truth: Sequence[float],
    cohorts: Sequence[int] | None,
    *,
    trials: int,
    seed: int,
    start_level: int = 1,
    tells_last: bool = False,
    batch: int = BATCH,
) -> Outcomes:
    """Trials at their end.

    Args:
        rule: the design.
        truth: true probability of a DLT by level.
        cohorts: sizes of the cohorts in order; None for a rule with its own.
        trials: 1 or more.
        seed: 0 to MOST_SEED.
        start_level: 1-based.
        tells_last: whether the rule is told how the last participant of a cohort did.
        batch: trials held at once.
    """
    parts = []
    for first in range(0, trials, batch):
        many = min(batch, trials - first)
        parts.append(_batch(rule, np.asarray(truth), cohorts, seed, first, many, start_level, tells_last))
    return Outcomes(
        treated=np.concatenate([part.treated for part in parts]),
        dlts=np.concatenate([part.dlts for part in parts]),
        doses=np.concatenate([part.doses for part in parts]),
    )


def _sizes(rule: CohortRule, cohorts: Sequence[int] | None) -> Iterator[int]:
    own = rule.own_cohort_size
    while own is not None:
        yield own
    yield from cohorts or ()


def _batch(
    rule: CohortRule,
    truth: Floats,
    cohorts: Sequence[int] | None,
    seed: int,
    first: int,
    trials: int,
    start_level: int,
    tells_last: bool,
) -> Outcomes:
    levels = len(truth)
    evaluated = np.zeros((trials, levels), dtype=np.int64)
    dlts = np.zeros((trials, levels), dtype=np.int64)
    doses = np.full(trials, AT_THE_END)
    active = np.arange(trials)
    level, closed = np.full(trials, start_level), np.full(trials, levels + 1)
    for number, size in enumerate(_sizes(rule, cohorts)):
        chunk, column = divmod(number, CHUNK)
        if not column:
            drawn = uniforms(seed, first, trials, chunk).T.copy()
            orders = uniforms(seed, first, trials, chunk, 1).T.copy() if tells_last else None
        cohort = _binomial(drawn[column][active], size, truth, level)
        last = np.zeros(len(active), dtype=np.bool_)
        if orders is not None:
            last = orders[column][active] * size < cohort
        places = active * levels + level - 1
        evaluated.reshape(-1)[places] += size
        dlts.reshape(-1)[places] += cohort
        courses = Courses(
            evaluated=_rows(evaluated, active), dlts=_rows(dlts, active), level=level, closed_from=closed
        )
        steps = rule.decide(courses, cohort, size, last)
        level, closed = steps.level, steps.closed_from
        if steps.done.any():
            doses[active[steps.done]] = steps.dose[steps.done]
            going = ~steps.done
            active, level, closed = active[going], level[going], closed[going]
        if not len(active):
            break
    open_ones = doses == AT_THE_END
    if open_ones.any():
        doses[open_ones] = _selected(rule, evaluated[open_ones], dlts[open_ones])
    return Outcomes(treated=evaluated, dlts=dlts.sum(axis=1), doses=doses)


def _rows(counts: Ints, active: Ints) -> Ints:
    return counts if len(active) == len(counts) else counts[active]


def _selected(rule: CohortRule, evaluated: Ints, dlts: Ints) -> Ints:
    """The doses found; equal counts are looked at once."""
    first, rows = distinct_counts(evaluated, dlts)
    return rule.select(evaluated[first], dlts[first])[rows]


def _binomial(drawn: Floats, size: int, truth: Floats, level: Ints) -> Ints:
    """DLTs of a cohort by inversion: the number of steps of the distribution function below the drawn number."""
    found = np.zeros(len(drawn), dtype=np.int64)
    below = np.zeros(len(truth))
    for dlts in range(size):
        below = below + comb(size, dlts) * truth**dlts * (1 - truth) ** (size - dlts)
        found += drawn >= below[level - 1]
    return found
