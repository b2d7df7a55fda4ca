"""Counting participants under stopping rules, in the transaction of the fact that changed one of them."""

from collections.abc import Iterable

from services.safety.commands.raise_alert import RaisedAlert, raise_alerts
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.place import TrialRef
from services.safety.domain.stopping_outcome import RuleOutcome
from services.safety.domain.stopping_path import Crossing, Outcome, PathFinding, evaluate_path
from services.safety.domain.stopping_rule_definition import StoppingRule
from services.safety.events.published import StoppingRuleCrossedV1
from services.safety.store.stopping_crossings import StoredCrossing, add_crossing, crossings_of_rule
from services.safety.store.stopping_rules import (
    Held,
    lock_counts,
    outcomes_held,
    outcomes_under,
    save_counts,
    save_outcome,
)
from services.safety.store.window_facts import Registration
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put

MANY_AT_ONCE = frozenset({"protocol", "rebuild", "take_over"})
"""Causes that change many participants one after the other: whoever acts on one of them counts once they are all
kept (`watch_rules`), or a part of them would be taken for the whole path.
"""
_OUT = Held(outcome=Outcome.NOT_EVALUABLE, provisional=False, evaluable_at=None)


async def count_outcomes(
    tx: Tx, act: Act, registration: Registration, outcomes: Iterable[RuleOutcome], trial: TrialRef, cause: str
) -> list[RaisedAlert]:
    """Keep what a participant now is to each rule, and count anew under those where that has changed.

    Args:
        tx: the transaction of what happened to the participant.
        act: circumstances.
        registration: the participant's.
        outcomes: under each rule that covers the participant; under every other the participant counts nowhere.
        trial: the participant's.
        cause: what happened.

    Returns:
        The alerts of rules that are crossed by it.
    """
    held = await outcomes_held(tx, registration.participant_id)
    now = {one.rule_id: _held(one) for one in outcomes}
    wanted = {rule_id: _OUT for rule_id in held} | now
    changed = sorted(rule_id for rule_id, one in wanted.items() if held.get(rule_id) != one)
    for rule_id in changed:
        await save_outcome(
            tx,
            registration.trial_id,
            rule_id,
            registration.participant_id,
            wanted[rule_id],
            registration.course.registered_at or act.now,
        )
    if cause in MANY_AT_ONCE:
        return []
    rules = {rule.id: rule for rule in registration.stopping_rules}
    raised = []
    for rule_id in changed:
        if rule_id in rules:
            raised += await count_rule(tx, act, rules[rule_id], trial, cause)
    return raised


def _held(one: RuleOutcome) -> Held:
    return Held(outcome=one.outcome, provisional=one.provisional, evaluable_at=one.evaluable_at)


async def count_rule(tx: Tx, act: Act, rule: StoppingRule, trial: TrialRef, cause: str) -> list[RaisedAlert]:
    """Compare the whole path of a rule with its boundary; a crossing is kept, told and wakes somebody.

    While a crossing waits for people's decision there is nothing more to say; after it, only events that they did
    not know of can cross the rule again.
    """
    assert trial.id is not None
    await lock_counts(tx, trial.id, rule, act.now)
    earlier = await crossings_of_rule(tx, trial.id, rule.id)
    known = [max(one.events, one.decided_events or 0) for one in earlier if one.rule_version == rule.version]
    found = evaluate_path(
        rule, await outcomes_under(tx, trial.id, rule.id), beyond_events=max(known, default=-1)
    )
    await save_counts(tx, trial, rule, found, act.now)
    waits = any(one.decided_at is None for one in earlier)
    if found.crossing is None or waits:
        return []
    return await _cross(tx, act, rule, trial, found, found.crossing, cause)


async def _cross(
    tx: Tx,
    act: Act,
    rule: StoppingRule,
    trial: TrialRef,
    found: PathFinding,
    crossing: Crossing,
    cause: str,
) -> list[RaisedAlert]:
    stored = StoredCrossing(
        id=act.new_id(),
        trial_id=trial.id or "",
        trial_key=trial.code,
        rule_id=rule.id,
        rule_version=rule.version,
        part=rule.part,
        level=rule.level,
        n=crossing.n,
        events=crossing.events,
        stops_at=crossing.stops_at,
        path=crossing.path,
        pending=found.pending,
        action=rule.action,
        cause=cause,
        crossed_at=act.now,
    )
    if not await add_crossing(tx, stored):
        return []
    await put(tx, act, NewEvent(aggregate_id=stored.id, scope=trial.scope, body=_said(stored)))
    request = AlertRequest(kind=AlertKind.STOPPING_RULE_CROSSED, cause=stored.id)
    return await raise_alerts(tx, act, [request], trial)


def _said(crossing: StoredCrossing) -> StoppingRuleCrossedV1:
    return StoppingRuleCrossedV1(
        trial_id=crossing.trial_id,
        crossing_id=crossing.id,
        rule_id=crossing.rule_id,
        rule_version=crossing.rule_version,
        part=crossing.part,
        level=crossing.level,
        n=crossing.n,
        events=crossing.events,
        stops_at=crossing.stops_at,
        pending=len(crossing.pending),
        action=crossing.action,
        crossed_at=crossing.crossed_at,
    )
