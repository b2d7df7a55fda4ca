"""`trialops dose oc`: operating characteristics of a design under a truth."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from deploy.trialops.calculators.calculator import Calculator, Result
from deploy.trialops.calculators.dose_design import MOST_LEVELS, read_design_file, whole_between
from deploy.trialops.calculators.dose_numbers import number_above_zero, number_list, number_within
from deploy.trialops.calculators.dose_shown import show_characteristics
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.sponsor.domain.escalation.design import Coherence, DoseDesign
from services.sponsor.domain.escalation.level_design import LevelDesign

if TYPE_CHECKING:
    from services.sponsor.domain.escalation.characteristics import Figures
    from services.sponsor.domain.escalation.event_course import Accrual
    from services.sponsor.domain.escalation.operating import Operating

MOST_TRIALS = 5_000_000
MOST_TIMED_TRIALS = 1_000_000
MOST_COHORTS = 500
MOST_COHORT = 100
MOST_PARTICIPANTS = 1_000
MOST_DAYS = 3_650.0
MOST_CHANCE = 0.95
LONGEST_QUEUE = 200.0
_COHORTS = re.compile(r"(?:([0-9]{1,4})x)?([0-9]{1,4})")
_ACCRUAL = ("mean_gap", "window", "screening_delay", "screen_failure", "inevaluable", "during_hold")


def _characterised(arguments: Fields) -> Result:
    truth = _truth(arguments)
    design_file = read_design_file(arguments)
    design = design_file.design({"truth": len(truth)})
    if isinstance(design, LevelDesign) and design.terms.guards.coherence is not Coherence.OFF:
        raise InputInvalid(
            "guards.coherence", "not_with_oc", "Operating characteristics of this design know no such guard."
        )
    design_file.reading.check_oc(design)
    cohorts = _cohorts(arguments, design)
    if arguments.has("accrual") and isinstance(design, LevelDesign):
        return _in_time(arguments, design, truth)
    return _shown(_operating(arguments, design, truth, cohorts), design, truth)


def _operating(
    arguments: Fields, design: DoseDesign, truth: Sequence[float], cohorts: Sequence[int] | None
) -> "Operating":
    from services.sponsor.domain.escalation.exact_course import StateBudgetExceeded
    from services.sponsor.domain.escalation.operating import (
        operating,
        operating_by_simulation,
        operating_exactly,
    )

    exact = arguments.flag("exact", default=False)
    if not exact and not arguments.has("trials") and not arguments.has("seed"):
        return operating(design, truth, cohorts)
    trials, seed = _trials_and_seed(arguments, MOST_TRIALS)
    if not exact:
        return operating_by_simulation(design, truth, cohorts, trials, seed)
    if arguments.has("trials") or arguments.has("seed"):
        raise InputInvalid("exact", "one_of_two", "Either exact, or a number of trials with a seed.")
    try:
        return operating_exactly(design, truth, cohorts)
    except StateBudgetExceeded:
        message = "There are too many states; leave this out to simulate."
        raise InputInvalid("exact", "too_many_states", message) from None


def _trials_and_seed(arguments: Fields, most: int) -> tuple[int, int]:
    from services.sponsor.domain.escalation.operating import SEED, TRIALS
    from services.sponsor.domain.escalation.simulated_course import MOST_SEED

    trials = whole_between(arguments, "trials", 1, most, TRIALS)
    return trials, whole_between(arguments, "seed", 0, MOST_SEED, SEED)


def _truth(arguments: Fields) -> tuple[float, ...]:
    """Probabilities by level, from a list or a text with commas."""
    if arguments.is_text("truth"):
        arguments = arguments.extended({"truth": arguments.text("truth").split(",")})
    truth = number_list(arguments, "truth")
    if not 1 <= len(truth) <= MOST_LEVELS:
        raise InputInvalid("truth", "levels_invalid", f"There are 1 to {MOST_LEVELS} levels.")
    for place, chance in enumerate(truth):
        if not 0 <= chance <= 1:
            raise InputInvalid(f"truth.{place}", "out_of_range", "A probability from 0 to 1 is needed.")
    return truth


def _cohorts(arguments: Fields, design: DoseDesign) -> tuple[int, ...] | None:
    """Sizes of the cohorts; None for a design that runs until its rule ends."""
    if isinstance(design, LevelDesign):
        if arguments.has("cohorts"):
            raise InputInvalid("cohorts", "not_for_this_design", "This design runs until its rule ends.")
        return None
    if arguments.has("accrual"):
        raise InputInvalid(
            "accrual", "not_for_this_design", "Only 3+3 and the rolling sixes are played in time."
        )
    sizes = _sizes(arguments.text("cohorts"))
    if len(sizes) > MOST_COHORTS or sum(sizes) > MOST_PARTICIPANTS or max(sizes) > MOST_COHORT:
        raise InputInvalid("cohorts", "too_many", "There are too many cohorts, or participants in them.")
    return sizes


def _sizes(text: str) -> tuple[int, ...]:
    sizes: list[int] = []
    for item in text.split(","):
        found = _COHORTS.fullmatch(item.strip())
        if found is None or len(sizes) > MOST_COHORTS:
            raise InputInvalid("cohorts", "not_cohorts", "Cohorts are written as 10x3 or 3,3,4.")
        many, size = int(found[1] or 1), int(found[2])
        if not many or not size:
            raise InputInvalid("cohorts", "out_of_range", "There is no cohort of nobody.")
        sizes += [size] * many
    return tuple(sizes)


def _in_time(arguments: Fields, design: LevelDesign, truth: Sequence[float]) -> Result:
    from services.sponsor.domain.escalation.event_simulation import operating_in_time

    if arguments.flag("exact", default=False):
        raise InputInvalid("exact", "not_in_time", "Trials in time are simulated.")
    accrual = _accrual(arguments)
    trials, seed = _trials_and_seed(arguments, MOST_TIMED_TRIALS)
    found = operating_in_time(design, truth, accrual, trials, seed)
    times, errors = found.durations, found.duration_errors
    names = ("mean_days", "mean_days_on_hold", "mean_waiting")
    return {
        "method": "event_simulation",
        **_figures(found.figures),
        **{name: getattr(times, name) for name in names},
        "se": _figures(found.errors) | {name: getattr(errors, name) for name in names},
        "trials": trials,
        "seed": seed,
        **_escalations(design, truth),
    }


def _accrual(arguments: Fields) -> "Accrual":
    from services.sponsor.domain.escalation.event_course import Accrual

    stated = arguments.document("accrual", _ACCRUAL)
    window = number_above_zero(stated, "window", MOST_DAYS)
    gap = number_above_zero(stated, "mean_gap", MOST_DAYS)
    queues = stated.choice("during_hold", ("lost", "queued"), "lost") == "queued"
    if queues and window > LONGEST_QUEUE * gap:
        raise InputInvalid(
            stated.path("mean_gap"), "out_of_range", "So many people would wait that this is no accrual."
        )
    return Accrual(
        mean_gap=gap,
        window=window,
        screening_delay=number_within(stated, "screening_delay", 0.0, MOST_DAYS, 0.0),
        screen_failure=number_within(stated, "screen_failure", 0.0, MOST_CHANCE, 0.0),
        inevaluable=number_within(stated, "inevaluable", 0.0, MOST_CHANCE, 0.0),
        queues=queues,
    )


def _shown(found: "Operating", design: DoseDesign, truth: Sequence[float]) -> Result:
    return {
        "method": "exact" if found.errors is None else "simulation",
        **_figures(found.figures),
        "se": None if found.errors is None else _figures(found.errors),
        "trials": found.trials,
        "seed": found.seed,
        **_escalations(design, truth),
    }


def _figures(figures: "Figures") -> dict[str, Any]:
    return {
        "p_select": list(figures.p_select),
        "mean_n": list(figures.mean_n),
        "mean_n_total": figures.mean_n_total,
        "mean_dlt": figures.mean_dlt,
    }


def _escalations(design: DoseDesign, truth: Sequence[float]) -> dict[str, Any]:
    """For 3+3, the chance of escalating from each level: none of three, or one of three and none of three more."""
    if not (isinstance(design, LevelDesign) and design.has_cohorts):
        return {}
    return {"p_escalate": [(1 - p) ** 3 + 3 * p * (1 - p) ** 5 for p in truth]}


OC = Calculator(
    name="oc",
    arguments=frozenset({"design", "truth", "cohorts", "exact", "trials", "seed", "accrual"}),
    answer=_characterised,
    show=show_characteristics,
)
