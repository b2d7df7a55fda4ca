"""A model-based design as a rule over many trials: the model is asked once for every distinct set of counts."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Protocol

import numpy as np

from services.sponsor.domain.escalation.design import Coherence, Terms
from services.sponsor.domain.escalation.quadrature import Bools, Ints
from services.sponsor.domain.escalation.state_packing import distinct_counts
from services.sponsor.domain.escalation.trial_course import AT_THE_END, Courses, Steps

NO_ESTIMATE = 0
ASKED_AT_ONCE = 2_048
"""Sets of counts, so that a grid for each of them fits into memory, and nearly into the processor's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A model's own answer for S sets of counts.

    Attributes:
        levels: shape (S,), 1-based; 0 where the counts allow no estimate.
        stops: shape (S,), whether every level is too toxic.
    """

    levels: Ints
    stops: Bools


class Chooser(Protocol):
    """A model-based design as a function of counts."""

    def choose(self, dlts: Ints, clear: Ints) -> Choice:
        """The choice for participants with and without a DLT, each of shape (S, J)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembering:
    """A chooser whose answers are kept, for models that take long to answer."""

    chooser: Chooser
    known: dict[bytes, tuple[int, bool]] = field(default_factory=dict, compare=False, repr=False)

    def choose(self, dlts: Ints, clear: Ints) -> Choice:
        keys = [row.tobytes() for row in np.concatenate([dlts, clear], axis=1)]
        new = [place for place, key in enumerate(keys) if key not in self.known]
        if new:
            found = self.chooser.choose(dlts[new], clear[new])
            answers = zip(found.levels.tolist(), found.stops.tolist(), strict=True)
            self.known.update(zip((keys[place] for place in new), answers, strict=True))
        levels, stops = zip(*(self.known[key] for key in keys), strict=True) if keys else ((), ())
        return Choice(levels=np.array(levels, dtype=np.int64), stops=np.array(stops, dtype=np.bool_))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRule:
    """A `CohortRule`: guards act inside the trial, the last choice is the model's own.

    Attributes:
        chooser: the model.
        terms: number of levels and guards.
        poor_rate: of the cohort variant of coherence.
    """

    chooser: Chooser
    terms: Terms
    poor_rate: Fraction

    @property
    def own_cohort_size(self) -> int | None:
        return None

    def decide(self, courses: Courses, cohort_dlts: Ints, size: int, last_had_dlt: Bools) -> Steps:
        choice = self._choice(courses.evaluated, courses.dlts)
        wanted = or_start_up(choice.levels, courses.dlts.sum(axis=1), courses.level)
        if self.terms.guards.no_skip:
            allowed = np.maximum(highest_tried(courses.evaluated) + 1, self.terms.start_level)
            wanted = np.minimum(wanted, allowed)
        held = self._held(cohort_dlts, size, last_had_dlt)
        wanted = np.where(held, np.minimum(wanted, courses.level), wanted)
        return Steps(
            level=np.clip(wanted, 1, self.terms.levels),
            closed_from=np.where(choice.stops, 1, courses.closed_from),
            done=choice.stops,
            dose=np.where(choice.stops, 0, AT_THE_END),
        )

    def _held(self, cohort_dlts: Ints, size: int, last_had_dlt: Bools) -> Bools:
        match self.terms.guards.coherence:
            case Coherence.COHORT:
                return np.asarray(cohort_dlts > floor(self.poor_rate * size))
            case Coherence.PARTICIPANT:
                return last_had_dlt
            case Coherence.OFF:
                return np.zeros_like(last_had_dlt)

    def select(self, evaluated: Ints, dlts: Ints) -> Ints:
        choice = self._choice(evaluated, dlts)
        without = or_dose_without_estimate(choice.levels, evaluated, dlts)
        return np.asarray(np.where(choice.stops, 0, without))

    def _choice(self, evaluated: Ints, dlts: Ints) -> Choice:
        """The model's answers; equal counts are asked about once."""
        first, rows = distinct_counts(evaluated, dlts)
        y, clear = dlts[first], evaluated[first] - dlts[first]
        answers = [
            self.chooser.choose(y[start : start + ASKED_AT_ONCE], clear[start : start + ASKED_AT_ONCE])
            for start in range(0, max(len(y), 1), ASKED_AT_ONCE)
        ]
        levels = np.concatenate([answer.levels for answer in answers])
        stops = np.concatenate([answer.stops for answer in answers])
        return Choice(levels=levels[rows], stops=stops[rows])


def or_start_up(levels: Ints, dlts: Ints, current: Ints) -> Ints:
    """The wanted levels; without an estimate one up before the first DLT, one down while all had one."""
    return np.where(levels == NO_ESTIMATE, np.where(dlts == 0, current + 1, current - 1), levels)


def or_dose_without_estimate(levels: Ints, evaluated: Ints, dlts: Ints) -> Ints:
    """The doses found; without an estimate the highest level tried if nobody had a DLT, else none."""
    fallback = np.where(dlts.sum(axis=1) == 0, highest_tried(evaluated), 0)
    return np.where(levels == NO_ESTIMATE, fallback, levels)


def highest_tried(evaluated: Ints) -> Ints:
    """The highest 1-based level with anybody, shape (S,); 0 before anybody."""
    tried = evaluated > 0
    return np.where(tried.any(axis=1), evaluated.shape[1] - np.argmax(tried[:, ::-1], axis=1), 0)
