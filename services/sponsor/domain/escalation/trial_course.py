"""Many trials of one design side by side: what operating characteristics are computed from."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

AT_THE_END = -1
"""Instead of a dose: the trial goes on, or its dose is selected from the final counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """S trials of J levels as they stand.

    Attributes:
        evaluated: shape (S, J).
        dlts: shape (S, J).
        level: shape (S,), 1-based level of the cohort that has just been evaluated, or is next.
        closed_from: shape (S,), lowest closed level; J + 1 while none is.
    """

    evaluated: Ints
    dlts: Ints
    level: Ints
    closed_from: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What a rule decides for S trials after a cohort.

    Attributes:
        level: shape (S,), level of the next cohort; without meaning where `done`.
        closed_from: shape (S,).
        done: shape (S,), the trial ends here.
        dose: shape (S,), for trials that end: the dose found, 0 for none, AT_THE_END to select it from the
            final counts.
    """

    level: Ints
    closed_from: Ints
    done: Bools
    dose: Ints


class CohortRule(Protocol):
    """A design over many trials at once; pure."""

    @property
    def own_cohort_size(self) -> int | None:
        """Size of every cohort of a design that runs until its rule ends; None where the caller states cohorts."""

    def decide(self, courses: Courses, cohort_dlts: Ints, size: int, last_had_dlt: Bools) -> Steps:
        """The next step of each trial.

        Args:
            courses: the last cohort included; `level` is where it was treated.
            cohort_dlts: shape (S,), DLTs in the last cohort.
            size: participants in the last cohort.
            last_had_dlt: shape (S,), whether its last participant had a DLT.
        """

    def select(self, evaluated: Ints, dlts: Ints) -> Ints:
        """The dose found from final counts of shape (S, J); shape (S,), 0 for none."""
