"""Registration guards 15 to 21: target and caps, level, decision, cohort, slot and stagger."""

from datetime import datetime

from services.enrolment.domain.cohort_rule import RuleOutput, evaluate_cohort_rule
from services.enrolment.domain.guards import GuardResult, check, guard
from services.enrolment.domain.levels import DecisionStanding, DoseLevel, LevelState
from services.enrolment.domain.protocol_terms import NoTerms
from services.enrolment.domain.registration_facts import Guards, RegistrationFacts
from services.enrolment.domain.slots import slot_obstacle
from services.enrolment.domain.stagger import EnforceAt, evaluate_stagger

ENDED = (DecisionStanding.FOLLOWED, DecisionStanding.SUPERSEDED, DecisionStanding.WITHDRAWN)


def _level_of(facts: RegistrationFacts) -> DoseLevel:
    if facts.at.level is None:
        raise LookupError("a guard on dose levels was asked about a part without any")
    return facts.at.level


def _level(facts: RegistrationFacts, now: datetime) -> GuardResult:
    level = _level_of(facts)
    return check(
        level.place == facts.place and level.state is LevelState.OPEN,
        16,
        "level",
        "dose_level_closed",
        f"Level {facts.place} is {level.state.value}.",
        level=str(level.place),
        state=level.state.value,
    )


def _target_and_caps(facts: RegistrationFacts, now: datetime) -> GuardResult:
    at, terms = facts.at, facts.terms(now)
    part = None if isinstance(terms, NoTerms) else terms.parts.get(facts.place.part)
    target = None if part is None else part.target
    full = [cap.name for cap in at.caps if cap.registered >= cap.limit]
    met = target is not None and at.registered_in_part >= target
    inputs: dict[str, object] = {
        "target": target,
        "registered": at.registered_in_part,
        "at_target": at.target_policy.at_target.value,
        "caps_reached": full,
    }
    if met and not at.target_policy.admits(facts.today(now)):
        return guard(15, "target", "target_reached", "The target of this part is reached.", **inputs)
    return check(not full, 15, "target", "cap_reached", f"Cap reached: {', '.join(full)}.", **inputs)


def _decision(facts: RegistrationFacts, now: datetime) -> GuardResult:
    decision, opened_by = facts.at.decision, _level_of(facts).opened_by
    if decision is None or decision.id != opened_by or decision.place != facts.place:
        detail = "No decision in force opens this level."
        return guard(17, "decision", "no_signed_decision", detail, decision=opened_by)
    inputs: dict[str, object] = {
        "decision": decision.id,
        "standing": decision.standing.value,
        "quorate": decision.quorate,
        "signed_at": decision.signed_at.isoformat(),
    }
    if decision.standing in ENDED:
        detail = f"Decision {decision.id} is {decision.standing.value}."
        return guard(17, "decision", "decision_superseded", detail, **inputs)
    holds = decision.acts and decision.signed_at < now
    detail = f"Decision {decision.id} is not signed, quorate and in force."
    return check(holds, 17, "decision", "no_signed_decision", detail, **inputs)


def _circulation(facts: RegistrationFacts, now: datetime) -> GuardResult:
    circulation = facts.at.circulation
    return check(
        circulation.received or not circulation.required,
        18,
        "circulation",
        "decision_not_received_at_site",
        "The site has not acknowledged the decision.",
        required=circulation.required,
        received=circulation.received,
    )


def _cohort(facts: RegistrationFacts, now: datetime) -> GuardResult:
    counts, held_by = facts.at.counts, sorted(_level_of(facts).held_by)
    inputs: dict[str, object] = {
        "n": counts.n,
        "dlt": counts.dlt,
        "pending": counts.pending,
        "provisional": counts.provisional,
        "unmatched": counts.unmatched,
        "held_by": held_by,
    }
    if facts.at.decision is None:
        return guard(19, "cohort", "cohort_hold", "Without a decision there is no cohort rule.", **inputs)
    rule = facts.at.decision.rule
    evaluation = evaluate_cohort_rule(rule, counts)
    cell = evaluation.cell
    inputs |= {
        "rule": dict(rule.source),
        "output": evaluation.output.value,
        "cell": [cell.n, cell.dlt, cell.pending],
        "because": evaluation.because,
    }
    if held_by:
        return guard(19, "cohort", "cohort_hold", f"Held by {', '.join(held_by)}.", **inputs)
    detail = f"The rule says {evaluation.output.value}: {evaluation.because}."
    return check(evaluation.output is RuleOutput.SAME, 19, "cohort", "cohort_hold", detail, **inputs)


def _slot(facts: RegistrationFacts, now: datetime) -> GuardResult:
    slot = facts.at.slot
    if slot is None or slot.place != facts.place:
        detail = "No slot at this level is reserved for this screening number."
        return guard(20, "slot", "slot_required", detail, slot=None)
    state = type(slot.state).__name__.lower()
    obstacle = slot_obstacle(slot, facts.holder, now)
    if obstacle is None:
        return guard(20, "slot", "", "", slot=slot.id, state=state)
    return guard(20, "slot", obstacle.code, obstacle.detail, slot=slot.id, state=state)


def _stagger(facts: RegistrationFacts, now: datetime) -> GuardResult:
    at = facts.at
    stagger = evaluate_stagger(at.stagger, at.candidate, at.others_at_level, now)
    earliest = None if stagger.earliest_at is None else stagger.earliest_at.isoformat()
    enforced = at.stagger.enforce_at is EnforceAt.REGISTRATION
    return check(
        not (enforced and stagger.code),
        21,
        "stagger",
        stagger.code,
        f"Earliest first dose: {earliest or 'no date yet'}.",
        enforce_at=at.stagger.enforce_at.value,
        earliest_dosing=earliest,
        status=stagger.status.value,
    )


PLACE_GUARDS: Guards = {
    "target": _target_and_caps,
    "level": _level,
    "decision": _decision,
    "circulation": _circulation,
    "cohort": _cohort,
    "slot": _slot,
    "stagger": _stagger,
}
