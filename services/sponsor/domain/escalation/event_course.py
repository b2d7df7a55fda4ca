"""Trials in time: arrivals, windows, holds; for designs that decide while participants are pending.

All trials of a batch take their next event together. A trial's random numbers depend on the seed and its index alone.
"""

from dataclasses import dataclass

import numpy as np

from services.sponsor.domain.escalation.level_courses import STILL_OPEN, LevelArrays
from services.sponsor.domain.escalation.simulated_course import CHUNK, uniforms
from services.sponsor.domain.escalation.trial_course import Floats, Ints

NO_DLT, DLT, LEAVES = range(3)
"""How a participant's time ends: window completed, DLT, or screening failed or not evaluable."""
_PER_ENTRY = 4
_GAPS, _ENTRIES = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """How participants come; times in days.

    Attributes:
        mean_gap: between arrivals, which are exponential.
        window: length of the DLT window from the first dose.
        screening_delay: from arrival to the first dose.
        screen_failure: chance that the first dose is not given; known at the end of the delay.
        inevaluable: chance that a treated participant gives no answer; known at a uniform time of the window.
        queues: whether arrivals during a hold wait; else they are lost.
    """

    mean_gap: float
    window: float
    screening_delay: float = 0.0
    screen_failure: float = 0.0
    inevaluable: float = 0.0
    queues: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcomes:
    """S trials at their last decision: treated by level (S, J); the rest of shape (S,).

    Attributes:
        waiting: length of the waiting list, averaged over the trial's days.
    """

    treated: Ints
    dlts: Ints
    doses: Ints
    days: Floats
    days_on_hold: Floats
    waiting: Floats


class _Numbers:
    """Random numbers by trial and place, drawn in chunks as they are needed."""

    def __init__(self, seed: int, first: int, trials: int, stream: int) -> None:
        self._seed, self._first, self._trials, self._stream = seed, first, trials, stream
        self._drawn = np.empty((trials, 0))

    def at(self, trials: Ints, places: Ints) -> Floats:
        while places.size and int(places.max()) >= self._drawn.shape[1]:
            chunk = self._drawn.shape[1] // CHUNK
            more = uniforms(self._seed, self._first, self._trials, chunk, self._stream)
            self._drawn = np.concatenate([self._drawn, more], axis=1)
        return np.asarray(self._drawn[trials, places])


class EventBatch:
    """A batch of trials between two events; `run` plays them to their end."""

    def __init__(
        self, arrays: LevelArrays, truth: Floats, accrual: Accrual, seed: int, first: int, trials: int
    ) -> None:
        levels = len(truth)
        self._arrays, self._truth, self._accrual = arrays, truth, accrual
        self._gaps = _Numbers(seed, first, trials, _GAPS)
        self._entries = _Numbers(seed, first, trials, _ENTRIES)
        self.treated = np.zeros((trials, levels), dtype=np.int64)
        self.evaluated = np.zeros((trials, levels), dtype=np.int64)
        self.dlts = np.zeros((trials, levels), dtype=np.int64)
        self.pending = np.zeros((trials, levels), dtype=np.int64)
        self.level = np.full(trials, arrays.design.terms.start_level)
        self.closed_from = np.full(trials, levels + 1)
        self.is_open = np.ones(trials, dtype=np.bool_)
        self.dose = np.full(trials, STILL_OPEN)
        self.now, self.on_hold, self.waited = np.zeros(trials), np.zeros(trials), np.zeros(trials)
        self.queue, self.arrived, self.entered = (np.zeros(trials, dtype=np.int64) for _ in range(3))
        places = arrays.most
        self._ends = np.full((trials, places), np.inf)
        self._starts = np.zeros((trials, places))
        self._levels = np.zeros((trials, places), dtype=np.int64)
        self._how = np.zeros((trials, places), dtype=np.int64)
        self.arrival = np.zeros(trials)
        self._draw_arrival(np.arange(trials))

    def run(self) -> EventOutcomes:
        """Plays every trial to its last decision."""
        active = np.arange(len(self.level))
        while len(active):
            active = self._next_events(active)
        self._follow_up()
        with np.errstate(invalid="ignore", divide="ignore"):
            waiting = np.where(self.now > 0, self.waited / self.now, 0.0)
        return EventOutcomes(
            treated=self.treated,
            dlts=self.dlts.sum(axis=1),
            doses=self.dose,
            days=self.now,
            days_on_hold=self.on_hold,
            waiting=waiting,
        )

    def _follow_up(self) -> None:
        """After the last decision those dosed get their answers, which still count; nobody else is dosed."""
        pending = np.isfinite(self._ends)
        is_dosed = self._starts <= self.now[:, None]
        for place in range(self._ends.shape[1]):
            undosed = np.flatnonzero(
                pending[:, place] & ~is_dosed[:, place] & (self._how[:, place] != LEAVES)
            )
            self.treated[undosed, self._levels[undosed, place]] -= 1
            late = np.flatnonzero(pending[:, place] & is_dosed[:, place] & (self._how[:, place] == DLT))
            self.dlts[late, self._levels[late, place]] += 1

    def _next_events(self, active: Ints) -> Ints:
        """The next event of each trial that still runs; the trials that run on."""
        ends = self._ends[active]
        place = ends.argmin(axis=1)
        first_end = ends[np.arange(len(active)), place]
        arrival = self.arrival[active]
        from_queue = self.is_open[active] & (self.queue[active] > 0)
        answers = ~from_queue & (first_end <= arrival)
        time = np.where(from_queue, self.now[active], np.minimum(first_end, arrival))
        self._pass_time(active, time)
        self._answer(active[answers], place[answers])
        self._arrive(active[~answers & ~from_queue])
        self._leave_queue(active[from_queue])
        return self._decide(active)

    def _pass_time(self, active: Ints, time: Floats) -> None:
        passed = time - self.now[active]
        self.on_hold[active] += np.where(self.is_open[active], 0.0, passed)
        self.waited[active] += self.queue[active] * passed
        self.now[active] = time

    def _answer(self, trials: Ints, place: Ints) -> None:
        """Somebody's window or screening ends."""
        level, how = self._levels[trials, place], self._how[trials, place]
        self.pending[trials, level] -= 1
        self.evaluated[trials, level] += how != LEAVES
        self.dlts[trials, level] += how == DLT
        self._ends[trials, place] = np.inf

    def _arrive(self, trials: Ints) -> None:
        """Somebody comes: enters, waits, or is lost."""
        enters = self.is_open[trials]
        if self._accrual.queues:
            self.queue[trials[~enters]] += 1
        self._draw_arrival(trials)
        self._enter(trials[enters])

    def _leave_queue(self, trials: Ints) -> None:
        self.queue[trials] -= 1
        self._enter(trials)

    def _draw_arrival(self, trials: Ints) -> None:
        drawn = self._gaps.at(trials, self.arrived[trials])
        self.arrived[trials] += 1
        self.arrival[trials] = self.now[trials] - self._accrual.mean_gap * np.log1p(-drawn)

    def _enter(self, trials: Ints) -> None:
        """One participant enters at the current level of each of some trials."""
        if not len(trials):
            return
        accrual, level = self._accrual, self.level[trials] - 1
        first = self.entered[trials] * _PER_ENTRY
        fails, leaves, has_dlt, when = (self._entries.at(trials, first + k) for k in range(_PER_ENTRY))
        self.entered[trials] += 1
        start = self.now[trials] + accrual.screening_delay
        failed, left = fails < accrual.screen_failure, leaves < accrual.inevaluable
        with_dlt = has_dlt < self._truth[level]
        early = np.where(left | with_dlt, when, 1.0) * accrual.window
        place = self._free_place(trials)
        self._ends[trials, place] = start + np.where(failed, 0.0, early)
        self._starts[trials, place] = start
        self._levels[trials, place] = level
        self._how[trials, place] = np.where(failed | left, LEAVES, np.where(with_dlt, DLT, NO_DLT))
        self.pending[trials, level] += 1
        self.treated[trials, level] += ~failed

    def _free_place(self, trials: Ints) -> Ints:
        """A place for one more pending participant in each trial; places are added where one has none left."""
        free = np.isinf(self._ends[trials])
        if not free.any(axis=1).all():
            wider = (len(self._ends), self._arrays.most)
            self._ends = np.concatenate([self._ends, np.full(wider, np.inf)], axis=1)
            self._starts = np.concatenate([self._starts, np.zeros(wider)], axis=1)
            self._levels = np.concatenate([self._levels, np.zeros(wider, dtype=np.int64)], axis=1)
            self._how = np.concatenate([self._how, np.zeros(wider, dtype=np.int64)], axis=1)
            free = np.isinf(self._ends[trials])
        return np.asarray(free.argmax(axis=1))

    def _decide(self, active: Ints) -> Ints:
        """What each trial does now; the trials that run on."""
        moves = self._arrays.moves(
            self.evaluated[active],
            self.dlts[active],
            self.pending[active],
            self.level[active],
            self.closed_from[active],
        )
        self.closed_from[active] = moves.closed_from
        opens = moves.level > 0
        reopened = active[opens & ~self.is_open[active]]
        self.is_open[active] = opens
        self.level[active] = np.where(opens, moves.level, self.level[active])
        self.dose[active] = moves.dose
        self._hold_arrivals(active[~opens], reopened)
        return np.asarray(active[moves.dose == STILL_OPEN])

    def _hold_arrivals(self, held: Ints, reopened: Ints) -> None:
        """Arrivals lost during a hold are not drawn: after it the next one is as far away as ever."""
        if not self._accrual.queues:
            self.arrival[held] = np.inf
            self._draw_arrival(reopened)
