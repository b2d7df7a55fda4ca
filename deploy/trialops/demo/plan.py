"""Who comes when, drawn from a fixed seed: the same seed tells the same story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from deploy.trialops.demo.published import COHORTS, Cohort, Fate, Toxicity

SEED = 42
SITES = ("001", "002", "003", "004", "005")
PLANNED_DOSES = 21
ENOUGH_DOSES = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One invented child: nothing about anyone real.

    `waits_days`: days after the child before came. `doses`: how many of the 21 are given. `event_day`: day of
    treatment on which what ended it was seen (0 when nothing did).
    """

    number: int
    site: str
    age_years: int
    birth_month: int
    waits_days: int
    fate: Fate
    doses: int
    event_day: int = 0
    toxicity: Toxicity | None = None
    mild: bool = False


@dataclass(frozen=True, slots=True)
class CohortPlan:
    cohort: Cohort
    children: Sequence[Child] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """A child of an invented trial; `states` is what the investigator states of each factor."""

    site: str
    age_years: int
    birth_month: int
    waits_days: int
    states: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What the children of an invented trial are drawn from; bounds are included.

    `levels`: for each factor what may be stated, one as likely as the other.
    """

    story: str
    sites: Sequence[str]
    children: int
    ages: tuple[int, int]
    days_between: tuple[int, int]
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)


def draw_invented(seed: int, crowd: Crowd) -> list[Invented]:
    """The children in the order in which they come, those of one story whatever the others draw."""
    rng = Random(f"{crowd.story} {seed}")
    return [
        Invented(
            site=rng.choice(crowd.sites),
            age_years=rng.randint(*crowd.ages),
            birth_month=rng.randint(1, 12),
            waits_days=rng.randint(*crowd.days_between),
            states={factor: rng.choice(levels) for factor, levels in crowd.levels.items()},
        )
        for _ in range(crowd.children)
    ]


def draw(seed: int = SEED) -> list[CohortPlan]:
    """The whole story's children, cohort by cohort."""
    rng = Random(seed)
    plans, number = [], 0
    for cohort in COHORTS:
        fates = list(cohort.fates)
        if cohort.shuffled:
            rng.shuffle(fates)
        toxicities = list(cohort.toxicities)
        children = []
        for fate in fates:
            number += 1
            toxicity = toxicities.pop(0) if fate is Fate.DLT else None
            children.append(_child(rng, number, cohort, fate, toxicity))
        plans.append(CohortPlan(cohort, tuple(children)))
    return plans


def _child(rng: Random, number: int, cohort: Cohort, fate: Fate, toxicity: Toxicity | None) -> Child:
    day = {
        Fate.CLEAR: 0,
        Fate.DLT: rng.randint(17, 20),
        Fate.PROGRESSED: rng.randint(8, 12),
        Fate.WITHDREW: rng.randint(5, 9),
        Fate.NEVER_TREATED: 0,
    }[fate]
    doses = {Fate.CLEAR: rng.choice((PLANNED_DOSES, PLANNED_DOSES, 20, 19)), Fate.NEVER_TREATED: 0}.get(
        fate, day - 1
    )
    return Child(
        number=number,
        site=rng.choice(SITES),
        age_years=rng.randint(4, 21),
        birth_month=rng.randint(1, 12),
        waits_days=rng.randint(*cohort.days_between),
        fate=fate,
        doses=doses,
        event_day=day,
        toxicity=toxicity,
        mild=rng.random() < 0.4,
    )
