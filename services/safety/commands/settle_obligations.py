"""Comparing what a case owes with the obligations held for it, and keeping and telling the difference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.safety.commands.announce_obligation import breached, met, opened, superseded
from services.safety.domain.case_history import Owed
from services.safety.domain.case_record import CaseRecord, SentReport, history_of
from services.safety.domain.case_timeline import PROTOCOL_PREFIX, follow
from services.safety.domain.event_class import Worst
from services.safety.domain.obligation import (
    INVESTIGATORS,
    Change,
    Comparison,
    Meets,
    Obligation,
    ObligationState,
    Opens,
    Reopens,
    Sent,
    compare,
    recipients_of,
    told,
)
from services.safety.domain.report_record import Kept
from services.safety.domain.reporting_regime import Regime, TriggerKind
from services.safety.store.obligations import (
    REJECTED,
    StoredObligation,
    Submission,
    add_obligations,
    end_obligation,
    save_obligation,
)
from services.safety.store.regimes import shipped_regimes
from shared.act import Act
from shared.database import Tx
from shared.deadlines import day_begins, day_zero
from shared.outbox import NewEvent, put_all

SPONSOR = "sponsor"
EARLIER = "the same report is due earlier"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseToSettle:
    """A case, what is held for it, and its class now."""

    act: Act
    kept: Kept
    record: CaseRecord
    held: Sequence[StoredObligation]
    submissions: Sequence[Submission]
    worst: Worst


async def settle_obligations(tx: Tx, case: CaseToSettle) -> None:
    """Open, meet, reopen and replace obligations until they are what the case owes."""
    for name in case.record.terms.regimes:
        regime = shipped_regimes()[name]
        for recipient in recipients_of(regime):
            for change in list(_changes(case, regime, recipient)):
                await _apply(tx, case, regime, recipient, change)


def _changes(case: CaseToSettle, regime: Regime, recipient: str) -> Iterator[Change]:
    named = _named(case, recipient)
    sent = [
        submission.as_sent()
        for submission in case.submissions
        if named in submission.recipients and submission.state != REJECTED
    ]
    owed, owed_now = _owed(case, regime, recipient, sent)
    held = [
        stored.obligation
        for stored in case.held
        if (stored.obligation.regime, stored.obligation.recipient) == (regime.name, named)
    ]
    zone = case.record.zone
    by = Comparison(
        once=frozenset(one.rule for one in owed if _is_once(regime, one.rule)),
        after_report=frozenset(rule.rule for rule in regime.triggered_by(TriggerKind.REPORT_SENT)),
        owed_now=owed_now,
        today=day_zero(case.act.now, zone),
        zone=zone,
    )
    return compare(held, owed, sent, by)


def _named(case: CaseToSettle, recipient: str) -> str:
    """The recipient by name: of a hosted trial the sponsor whose trial it is."""
    return case.record.terms.sponsor or SPONSOR if recipient == SPONSOR else recipient


def _is_once(regime: Regime, rule: str) -> bool:
    return rule.startswith(PROTOCOL_PREFIX) or regime.rules[rule].trigger is TriggerKind.CASE


def _owed(
    case: CaseToSettle, regime: Regime, recipient: str, sent: Sequence[Sent]
) -> tuple[list[Owed], frozenset[str]]:
    """What the event owes one recipient, of several products that which is due first; and what it owes now."""
    reports = [SentReport(sent_at=one.sent_at, complete=one.complete) for one in sent]
    earliest: dict[tuple[str, object], Owed] = {}
    owed_now: set[str] = set()
    for product in case.record.terms.products:
        outcome = follow(history_of(case.record, product, reports), regime)
        owed_now |= outcome.owed_now
        for one in outcome.owed:
            if not told(one, recipient):
                continue
            key = (one.rule, None if _is_once(regime, one.rule) else one.deadline.day_0)
            held = earliest.get(key)
            if held is None or one.deadline.due_at < held.deadline.due_at:
                earliest[key] = one
    return list(earliest.values()), frozenset(owed_now)


async def _apply(tx: Tx, case: CaseToSettle, regime: Regime, recipient: str, change: Change) -> None:
    match change:
        case Opens():
            await _open(tx, case, regime, _named(case, recipient), change)
        case Meets():
            await _meet(tx, case, change)
        case Reopens():
            await _reopen(tx, case, change)


async def _open(tx: Tx, case: CaseToSettle, regime: Regime, recipient: str, change: Opens) -> None:
    act, record = case.act, case.kept.record
    stored = StoredObligation(
        obligation=_obligation(case, regime, recipient, change.owed),
        report_id=record.event.id,
        scope=case.kept.trial.scope,
        trial_id=record.trial_id,
        trial_key=record.trial_key,
        opened_at=act.now,
        ended_at=None,
        ended_by=None,
        ended_reason="",
        replaced_by=None,
        proof=_proof(case, regime, change.owed),
    )
    await add_obligations(tx, [stored])
    events = [opened(stored, case.worst, at=act.now)]
    if change.replaces is not None:
        before = _stored(case, change.replaces)
        await end_obligation(
            tx,
            before,
            ObligationState.SUPERSEDED,
            at=act.now,
            by=act.actor,
            reason=EARLIER,
            replaced_by=stored.obligation.id,
        )
        events.append(superseded(before, at=act.now, replaced_by=stored.obligation.id))
    await put_all(tx, act, events)


def _obligation(case: CaseToSettle, regime: Regime, recipient: str, owed: Owed) -> Obligation:
    due = owed.deadline
    zone, aware = case.record.zone, min(case.record.aware)
    begun = case.act.now if due.day_0 is None else day_begins(due.day_0, zone)
    counted_from = aware if due.day_0 in (None, day_zero(aware, zone)) else begun
    return Obligation(
        id=case.act.new_id(),
        regime=regime.name,
        rule=owed.rule,
        rule_version=owed.rule_version,
        recipient=recipient,
        deadline=due,
        counted_from=counted_from,
        opened_on=owed.opened_on,
    )


async def _meet(tx: Tx, case: CaseToSettle, change: Meets) -> None:
    act, before = case.act, change.obligation
    stored = _stored(case, before)
    late = not change.in_time and before.breached_at is None
    after = replace(
        before,
        state=ObligationState.MET,
        met_at=change.sent.sent_at,
        in_time=change.in_time,
        submission_id=change.sent.submission_id,
        breached_at=before.deadline.due_at if late else before.breached_at,
    )
    await save_obligation(tx, after)
    told_now = replace(stored, obligation=after)
    events: list[NewEvent] = [breached(told_now)] if late else []
    await put_all(tx, act, [*events, met(told_now)])


async def _reopen(tx: Tx, case: CaseToSettle, change: Reopens) -> None:
    before = change.obligation
    state = ObligationState.OPEN if before.breached_at is None else ObligationState.BREACHED
    after = replace(before, state=state, met_at=None, in_time=None, submission_id=None)
    await save_obligation(tx, after)
    told_now = replace(_stored(case, before), obligation=after)
    await put_all(tx, case.act, [opened(told_now, case.worst, at=case.act.now)])


def _stored(case: CaseToSettle, obligation: Obligation) -> StoredObligation:
    return next(one for one in case.held if one.obligation.id == obligation.id)


def _proof(case: CaseToSettle, regime: Regime, owed: Owed) -> dict[str, object]:
    """The arithmetic and its inputs, so that anybody can do it again."""
    due = owed.deadline
    rule = regime.rules.get(owed.rule)
    investigators = [INVESTIGATORS] if owed.inform_investigators else []
    return {
        "inputs": {product: case.record.inputs_of(product) for product in case.record.terms.products},
        "event_class": case.worst.event_class.value,
        "provisional": case.worst.provisional,
        "zone": case.record.zone.key,
        "told": [*owed.recipients, *investigators],
        "cite": rule.cite if rule else "the protocol's own period",
        "status": rule.status if rule else "confirmed",
        "route": rule.route if rule else "",
        "sentence": (
            f"{owed.rule}: due at {due.due_at.isoformat()}."
            if due.day_0 is None or due.due_date is None
            else f"{owed.rule}: day 0 {due.day_0} + {(due.due_date - due.day_0).days} days = {due.due_date}."
        ),
    }
