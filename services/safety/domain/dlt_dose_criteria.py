"""Criteria on doses delayed or missed for toxicity; a cause that nobody stated counts, provisionally."""

from services.safety.domain.dlt_definition import (
    DltDefinition,
    DoseDelayCriterion,
    MissedDosesCriterion,
    MissingAttribution,
)
from services.safety.domain.dlt_facts import (
    Cause,
    CriterionFinding,
    DoseDelay,
    Doses,
    Open,
    RunningDelay,
    strongest,
)
from services.safety.domain.dlt_timeline import AsOf, Strength


def evaluate_delays(
    criterion: DoseDelayCriterion,
    definition: DltDefinition,
    doses: Doses,
    as_of: AsOf,
    stopped_on: int | None,
) -> CriterionFinding:
    """State of a delay criterion; a dose not yet given is late by the days since it was due.

    Args:
        criterion: the limit that a delay must exceed.
        definition: decides whether a cause that was not stated counts.
        doses: every delay of the window.
        as_of: the day of judging.
        stopped_on: day on which the participant left, from which no dose was due any more.
    """
    found = [_delay(criterion, definition, delay, as_of, stopped_on) for delay in doses.delays]
    return strongest(criterion.id, found)


def _delay(
    criterion: DoseDelayCriterion,
    definition: DltDefinition,
    delay: DoseDelay | RunningDelay,
    as_of: AsOf,
    stopped_on: int | None,
) -> CriterionFinding:
    firmness = _firmness(delay.cause, definition)
    since_day = true_from = None
    runs_on = False
    if isinstance(delay, RunningDelay):
        since_day, true_from = delay.since_day, delay.since_day + criterion.more_than_days + 1
        days = (as_of.day if stopped_on is None else min(as_of.day, stopped_on)) - delay.since_day
        runs_on = stopped_on is None
    else:
        days = delay.days
    long_enough = days > criterion.more_than_days
    if firmness is Strength.NO or not (long_enough or runs_on):
        return CriterionFinding(id=criterion.id, strength=Strength.NO)
    questions = {Open.CAUSE_NOT_STATED} if firmness < Strength.CERTAIN else set()
    if not long_enough:
        questions.add(Open.DURATION_RUNNING)
    return CriterionFinding(
        id=criterion.id,
        strength=firmness if long_enough else Strength.POSSIBLE,
        since_day=since_day,
        true_from_day=true_from if long_enough else None,
        next_day=None if long_enough or firmness is Strength.POSSIBLE else true_from,
        open=frozenset(questions),
    )


def evaluate_missed(
    criterion: MissedDosesCriterion, definition: DltDefinition, doses: Doses
) -> CriterionFinding:
    """State of a missed-doses criterion: certain on stated causes alone, else as the unstated allow."""
    stated = sum(missed.count for missed in doses.missed if missed.cause is Cause.TOXICITY)
    unstated = sum(missed.count for missed in doses.missed if missed.cause is Cause.NOT_STATED)
    if _exceeds(criterion, doses, stated):
        return CriterionFinding(id=criterion.id, strength=Strength.CERTAIN)
    if _exceeds(criterion, doses, stated + unstated):
        return CriterionFinding(
            id=criterion.id,
            strength=_firmness(Cause.NOT_STATED, definition),
            open=frozenset({Open.CAUSE_NOT_STATED}),
        )
    if _exceeds(criterion, doses, stated + unstated + doses.unaccounted):
        return CriterionFinding(
            id=criterion.id, strength=Strength.POSSIBLE, open=frozenset({Open.DOSES_NOT_KNOWN})
        )
    return CriterionFinding(id=criterion.id, strength=Strength.NO)


def _exceeds(criterion: MissedDosesCriterion, doses: Doses, missed: int) -> bool:
    if criterion.more_than_count is not None:
        return missed > criterion.more_than_count
    return missed * 100 > (criterion.more_than_percent or 0) * doses.planned


def _firmness(cause: Cause, definition: DltDefinition) -> Strength:
    if cause is Cause.TOXICITY:
        return Strength.CERTAIN
    if cause is Cause.OTHER:
        return Strength.NO
    counts = definition.attribution.missing is MissingAttribution.COUNTS
    return Strength.PROVISIONAL if counts else Strength.POSSIBLE
