"""Taking the steps of alerts that are due: whoever is on duty now is called, by every channel there is."""

from dataclasses import dataclass

from services.safety.domain.alert import AlertState
from services.safety.domain.escalation import people_called
from services.safety.domain.ids import PersonId
from services.safety.domain.rota import DutyPeriod
from services.safety.store.alert_sends import add_sends
from services.safety.store.alerts import (
    StoredAlert,
    StoredStep,
    due_alerts,
    load_alert,
    mark_called,
    steps_of,
)
from services.safety.store.duty_periods import rota_of
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideChannel:
    """The mail channel; `domain` is the sender's, for message ids. None in its place: the inbox only."""

    domain: str


async def call_due_steps(tx: Tx, act: Act, channel: OutsideChannel | None, *, limit: int = 50) -> int:
    """Take every step that is due; return how many alerts were looked at.

    Steps are due at the times planned when the alert was raised. After a downtime all that are overdue are
    taken together: nobody is skipped, and nobody is called twice.
    """
    due = await due_alerts(tx, act.now, limit)
    for alert_id in due:
        alert = await load_alert(tx, alert_id, lock=True)
        if alert is not None and alert.state is AlertState.RAISED:
            await _climb(tx, act, alert, channel)
    return len(due)


async def _climb(tx: Tx, act: Act, alert: StoredAlert, channel: OutsideChannel | None) -> None:
    rota = await rota_of(tx, alert.trial_key, act.now)
    nobody_called = False
    for step in await steps_of(tx, alert.id):
        if step.done_at is not None:
            continue
        if step.due_at > act.now and not nobody_called:
            return
        called = await _call(tx, act, alert, step, rota, channel)
        nobody_called = not called


async def _call(
    tx: Tx,
    act: Act,
    alert: StoredAlert,
    step: StoredStep,
    rota: list[DutyPeriod],
    channel: OutsideChannel | None,
) -> tuple[PersonId, ...]:
    entries = [period.as_entry() for period in rota]
    called = people_called(step.duties, entries, act.now, last=step.last)
    reached = _reachable(called, rota) if channel is not None else []
    await mark_called(tx, step, called, act.now)
    await audit(
        tx,
        act,
        alert.id,
        "alert.step-taken",
        {"number": step.number, "called": list(called), "outside": [period.person for period in reached]},
    )
    if channel is not None:
        ids = [act.new_id() for _ in reached]
        await add_sends(tx, alert, step, reached, ids=ids, domain=channel.domain, now=act.received_at)
    return called


def _reachable(called: tuple[PersonId, ...], rota: list[DutyPeriod]) -> list[DutyPeriod]:
    """One period with an address for each person called, the trial's own before the network's."""
    found: dict[PersonId, DutyPeriod] = {}
    for period in rota:
        if period.person in called and period.address:
            found.setdefault(period.person, period)
    return list(found.values())
