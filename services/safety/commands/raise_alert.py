"""Raising an alert in the transaction of its cause: the row, its ladder of steps, and the event."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.safety.domain.alert import Alert, AlertKind, AlertRequest, AlertState
from services.safety.domain.escalation import PlannedStep, plan_steps, weekday_hours
from services.safety.domain.ids import AlertId
from services.safety.domain.place import NO_TRIAL, TrialRef
from services.safety.events.published import AlertRaisedV1
from services.safety.store.alerts import StoredAlert, add_alert, add_steps
from services.safety.store.duty_periods import rota_of
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedAlert:
    """A new alert; `kind` and `cause` are its identity."""

    id: AlertId
    kind: AlertKind
    priority: str


async def raise_alerts(
    tx: Tx, act: Act, requests: Iterable[AlertRequest], trial: TrialRef
) -> list[RaisedAlert]:
    """Raise what has not been raised before for the same cause and kind; return what is new.

    The first step is due at once and is taken by the timer that takes every step, so that a restart between
    this commit and the call loses nothing.
    """
    wanted = list(requests)
    if not wanted:
        return []
    rota = [period.as_entry() for period in await rota_of(tx, trial.code, act.now)]
    raised = []
    for request in wanted:
        alert = Alert(kind=request.kind, trial_code=trial.code or NO_TRIAL, raised_at=act.now)
        steps = plan_steps(alert, rota, act.now, hours=weekday_hours(trial.zone))
        stored = _stored(request, trial, act)
        if await add_alert(tx, stored):
            await add_steps(tx, stored.id, steps)
            await put(tx, act, _raised(stored, steps))
            raised.append(RaisedAlert(id=stored.id, kind=request.kind, priority=stored.priority))
    return raised


def _stored(request: AlertRequest, trial: TrialRef, act: Act) -> StoredAlert:
    return StoredAlert(
        id=AlertId(act.new_id()),
        scope=trial.scope,
        trial_id=trial.id,
        trial_key=trial.code,
        zone=trial.zone.key,
        kind=request.kind,
        priority=request.priority.value,
        cause_id=request.cause,
        state=AlertState.RAISED,
        raised_at=act.now,
        acknowledged_by=None,
        acknowledged_at=None,
        resolved_by=None,
        resolved_at=None,
    )


def _raised(alert: StoredAlert, steps: tuple[PlannedStep, ...]) -> NewEvent:
    body = AlertRaisedV1(
        trial_id=alert.trial_id,
        alert_id=alert.id,
        kind=alert.kind.value,
        priority=alert.as_alert().priority.value,
        cause_id=alert.cause_id,
        raised_at=alert.raised_at,
        acknowledge_by=steps[0].acknowledge_by if steps else None,
    )
    return NewEvent(aggregate_id=alert.id, scope=alert.scope, body=body)
