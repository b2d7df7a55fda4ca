"""Operating characteristics in time: how long a trial takes, and how long it is held."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.sponsor.domain.escalation.characteristics import Figures, Outcomes, figures_of, standard_error
from services.sponsor.domain.escalation.event_course import Accrual, EventBatch, EventOutcomes
from services.sponsor.domain.escalation.level_courses import LevelArrays
from services.sponsor.domain.escalation.level_design import LevelDesign

BATCH = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Days from opening to the last decision, days on hold, people waiting; or their standard errors."""

    mean_days: float
    mean_days_on_hold: float
    mean_waiting: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOperating:
    """Means over simulated trials and their standard errors."""

    figures: Figures
    errors: Figures
    durations: Durations
    duration_errors: Durations
    trials: int
    seed: int


def played(
    design: LevelDesign, truth: Sequence[float], accrual: Accrual, trials: int, seed: int, batch: int = BATCH
) -> EventOutcomes:
    """Trials played to their last decision.

    Args:
        design: 3+3 or a rolling six.
        truth: true probability of a DLT by level.
        accrual: how participants come.
        trials: 1 or more.
        seed: 0 to MOST_SEED of `simulated_course`.
        batch: trials held at once.
    """
    arrays = LevelArrays(design, one_by_one=True)
    parts = [
        EventBatch(arrays, np.asarray(truth), accrual, seed, first, min(batch, trials - first)).run()
        for first in range(0, trials, batch)
    ]
    return EventOutcomes(
        treated=np.concatenate([part.treated for part in parts]),
        dlts=np.concatenate([part.dlts for part in parts]),
        doses=np.concatenate([part.doses for part in parts]),
        days=np.concatenate([part.days for part in parts]),
        days_on_hold=np.concatenate([part.days_on_hold for part in parts]),
        waiting=np.concatenate([part.waiting for part in parts]),
    )


def operating_in_time(
    design: LevelDesign, truth: Sequence[float], accrual: Accrual, trials: int, seed: int
) -> TimedOperating:
    """Operating characteristics with durations; arguments as for `played`."""
    found = played(design, truth, accrual, trials, seed)
    figures, errors = figures_of(Outcomes(treated=found.treated, dlts=found.dlts, doses=found.doses))
    times = (found.days, found.days_on_hold, found.waiting)
    return TimedOperating(
        figures=figures,
        errors=errors,
        durations=_durations([float(values.mean()) for values in times]),
        duration_errors=_durations([standard_error(values) for values in times]),
        trials=trials,
        seed=seed,
    )


def _durations(values: Sequence[float]) -> Durations:
    days, on_hold, waiting = values
    return Durations(mean_days=days, mean_days_on_hold=on_hold, mean_waiting=waiting)
