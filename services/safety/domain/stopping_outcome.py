"""What a participant is to each stopping rule, from the same facts and by the same engine as the DLT verdict."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.safety.domain.dlt import Provisional, Verdict
from services.safety.domain.dlt_window import DltWindow
from services.safety.domain.stopping_path import Outcome
from services.safety.domain.stopping_rule_definition import StoppingRule
from services.safety.domain.window_judgement import Judgement, WindowFacts, judge_window

_OUTCOMES = {
    Verdict.DLT: Outcome.EVENT,
    Verdict.NO_DLT: Outcome.NO_EVENT,
    Verdict.PENDING: Outcome.PENDING,
    Verdict.NOT_EVALUABLE: Outcome.NOT_EVALUABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """A participant under one rule; `next_check_at` is when time alone may change it, by the rule's own event."""

    rule_id: str
    outcome: Outcome
    provisional: bool
    evaluable_at: datetime | None
    next_check_at: datetime | None


def outcomes_of(
    rules: Iterable[StoppingRule], facts: WindowFacts, judgement: Judgement, *, now: datetime
) -> tuple[RuleOutcome, ...]:
    """A participant under each of the rules that cover the participant.

    Args:
        rules: that cover part and level.
        facts: what the DLT verdict was made of.
        judgement: that verdict.
        now: domain time, aware UTC.
    """
    found = []
    for rule in rules:
        own = facts if rule.event is None else replace(facts, definition=rule.event)
        judged = judgement if rule.event is None else judge_window(own, now=now)
        found.append(
            RuleOutcome(
                rule_id=rule.id,
                outcome=_OUTCOMES[judged.verdict],
                provisional=judged.provisional is Provisional.DLT,
                evaluable_at=_evaluable_at(own, judged),
                next_check_at=None if rule.event is None else judged.next_check_at,
            )
        )
    return tuple(found)


def _evaluable_at(facts: WindowFacts, judged: Judgement) -> datetime | None:
    """When an event was complete, or the window of somebody without one ended.

    An event without a date counts from the window's first day: the earliest stops soonest.
    """
    if judged.verdict is Verdict.NO_DLT:
        return judged.closes_at
    if judged.verdict is not Verdict.DLT or facts.definition is None:
        return None
    started_at = facts.course.started_at(facts.definition.starts)
    if started_at is None:
        return judged.closes_at
    window = DltWindow(started_at=started_at, zone=facts.zone, days=facts.definition.window_days)
    met = [finding for finding in judged.findings if finding.met]
    days = [finding.true_from_day for finding in met if finding.true_from_day is not None]
    return window.day_begins_at(min(days, default=1))
