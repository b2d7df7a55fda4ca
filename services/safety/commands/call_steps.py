"""Taking the steps of alerts that are due: whoever is on duty now is called, by every channel there is."""

from services.safety.domain.alert import AlertState
from services.safety.domain.channels import Channel, OutsideChannels, PlannedSend, plan_sends
from services.safety.domain.escalation import people_called
from services.safety.domain.ids import PersonId
from services.safety.domain.rota import DutyPeriod
from services.safety.events.published import AlertEscalatedV1
from services.safety.store.alert_sends import add_sends
from services.safety.store.alerts import (
    StoredAlert,
    StoredStep,
    due_alerts,
    load_alert,
    mark_called,
    steps_of,
)
from services.safety.store.channels import gone_channels
from services.safety.store.duty_periods import rota_of
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx
from shared.outbox import NewEvent, put


async def call_due_steps(tx: Tx, act: Act, channels: OutsideChannels, *, limit: int = 50) -> int:
    """Take every step that is due; return how many alerts were looked at.

    Steps are due at the times planned when the alert was raised. After a downtime all that are overdue are
    taken together: nobody is skipped, and nobody is called twice.
    """
    due = await due_alerts(tx, act.now, limit)
    for alert_id in due:
        alert = await load_alert(tx, alert_id, lock=True)
        if alert is not None and alert.state is AlertState.RAISED:
            await _climb(tx, act, alert, channels)
    return len(due)


async def _climb(tx: Tx, act: Act, alert: StoredAlert, channels: OutsideChannels) -> None:
    rota = await rota_of(tx, alert.trial_key, act.now)
    nobody_called = False
    for step in await steps_of(tx, alert.id):
        if step.done_at is not None:
            continue
        if step.due_at > act.now and not nobody_called:
            return
        called = await _call(tx, act, alert, step, rota, channels)
        nobody_called = not called


async def _call(
    tx: Tx,
    act: Act,
    alert: StoredAlert,
    step: StoredStep,
    rota: list[DutyPeriod],
    channels: OutsideChannels,
) -> tuple[PersonId, ...]:
    entries = [period.as_entry() for period in rota]
    called = people_called(step.duties, entries, act.now, last=step.last)
    gone = {Channel(name) for name in await gone_channels(tx)} if channels.names() else set()
    sends = plan_sends(alert.as_alert().priority, called, rota, channels, gone=gone)
    await mark_called(tx, step, called, act.now)
    await audit(
        tx,
        act,
        alert.id,
        "alert.step-taken",
        {"number": step.number, "called": list(called), "outside": _by_person(sends)},
    )
    if step.number > 1:
        await put(tx, act, _escalated(alert, step, called, act))
    ids = [act.new_id() for _ in sends]
    await add_sends(tx, alert, step, sends, ids=ids, domain=channels.domain, now=act.received_at)
    return called


def _by_person(sends: tuple[PlannedSend, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for send in sends:
        found.setdefault(send.person, []).append(send.channel.value)
    return found


def _escalated(alert: StoredAlert, step: StoredStep, called: tuple[PersonId, ...], act: Act) -> NewEvent:
    body = AlertEscalatedV1(
        trial_id=alert.trial_id,
        alert_id=alert.id,
        kind=alert.kind.value,
        priority=alert.as_alert().priority.value,
        step=step.number,
        called=len(called),
        escalated_at=act.now,
    )
    return NewEvent(aggregate_id=alert.id, scope=alert.scope, body=body)
