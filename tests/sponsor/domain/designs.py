"""Designs and data cuts as papers write them, for the tests of dose finding."""

from fractions import Fraction
from typing import Any

from services.sponsor.domain.escalation.design import Answer, DoseDesign, Guards, PartialCohort, Terms
from services.sponsor.domain.escalation.interval_design import Closing, IntervalDesign
from services.sponsor.domain.escalation.interval_parameters import AROUND_TARGET
from services.sponsor.domain.escalation.interval_rules import BoinRule
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.level_table import QueueTable, RollingSixTable, ThreePlusThree
from services.sponsor.domain.escalation.observations import Observations, Participant, observed
from services.sponsor.domain.escalation.recommend import recommend
from services.sponsor.store.designs import shipped_table

_ANSWERS = {"N": False, "T": True, "P": None}


def terms(levels: int, **more: Any) -> Terms:
    return Terms(levels=levels, **more)


def boin(
    target: str = "0.3", levels: int = 5, *, cohort_size: int | None = 3, keep: bool = False, **more: Any
) -> IntervalDesign:
    """BOIN with its default alternatives, 0.6 and 1.4 times the target."""
    phi = Fraction(target)
    rule = BoinRule(target=phi, p1=phi * Fraction(6, 10), p2=phi * Fraction(14, 10))
    partial = PartialCohort.KEEP_LEVEL if keep else PartialCohort.WAIT
    own = terms(levels, cohort_size=cohort_size, partial_cohort=partial, guards=more.pop("guards", Guards()))
    return IntervalDesign(name="boin", terms=own, target=phi, rule=rule, **more)


def around_target(name: str, target: str = "0.3", levels: int = 5, **more: Any) -> IntervalDesign:
    """A design with an interval of 0.05 on both sides of the target."""
    phi, half = Fraction(target), Fraction("0.05")
    rule = AROUND_TARGET[name](phi - half, phi + half)
    return IntervalDesign(name=name, terms=terms(levels, cohort_size=3), target=phi, rule=rule, **more)


def extra_safe(target: str) -> IntervalDesign:
    return boin(target, closing=Closing(offset=Fraction("0.05")))


def three_plus_three(
    levels: int = 5, *, allow_deescalate: bool = True, mtd_needs_six: bool = False, keep: bool = False
) -> LevelDesign:
    partial = PartialCohort.KEEP_LEVEL if keep else PartialCohort.WAIT
    return LevelDesign(
        name="three_plus_three",
        terms=terms(levels, cohort_size=3, partial_cohort=partial),
        table=ThreePlusThree(allow_deescalate=allow_deescalate, mtd_needs_six=mtd_needs_six),
    )


def rolling_six(levels: int = 5) -> LevelDesign:
    table = RollingSixTable(table=shipped_table("rolling_six", "2008.1"))
    return LevelDesign(name="rolling_six", terms=terms(levels), table=table)


def iq_rolling_six(levels: int = 5) -> LevelDesign:
    table = QueueTable(table=shipped_table("iq_rolling_six", "2020.1"))
    return LevelDesign(name="iq_rolling_six", terms=terms(levels), table=table)


def seen(outcomes: str, levels: int = 5, closed_from: int | None = None) -> Observations:
    """A data cut from cohorts such as `1NNT`."""
    people = [
        Participant(level=int(group[0]), dlt=_ANSWERS[one], cohort=cohort)
        for cohort, group in enumerate(outcomes.split())
        for one in group[1:]
    ]
    return observed(levels, people, closed_from)


def counted(
    n: tuple[int, ...],
    dlts: tuple[int, ...],
    pending: tuple[int, ...] | None = None,
    current: int | None = None,
    closed_from: int | None = None,
) -> Observations:
    data = Observations(
        evaluated=n, dlts=dlts, pending=pending or (0,) * len(n), current=current, closed_from=closed_from
    )
    if current is None:
        return counted(n, dlts, pending, data.highest_tried or 1, closed_from)
    return data


def says(design: DoseDesign, outcomes: str, levels: int = 5) -> tuple[str, int | None]:
    """Kind and level that a design recommends after some cohorts."""
    answer = recommend(design, seen(outcomes, levels))
    return answer.kind.value, answer.level


def said(answer: Answer) -> tuple[str, int | None, list[str], list[int]]:
    """Kind, level, reasons and closed levels."""
    reasons = [reason.value for reason in answer.reasons]
    return answer.kind.value, answer.level, reasons, list(answer.closed_levels)
