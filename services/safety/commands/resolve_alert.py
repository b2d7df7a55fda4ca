"""Resolving an alert that was acknowledged: what it was about has been dealt with."""

from dataclasses import dataclass

from services.safety.commands.open_alert import open_alert
from services.safety.domain.alert import decide_resolution
from services.safety.domain.roles import RESOLVING_ALERTS
from services.safety.events.published import AlertResolvedV1
from services.safety.store.alerts import add_note, save_resolved
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveAlert:
    alert_id: str
    note: str


async def resolve_alert(tx: Tx, command: ResolveAlert, act: Act) -> None:
    """Close the alert; nothing closes by itself.

    Raises:
        Refused: `alert_not_acknowledged`, `alert_already_resolved`.
    """
    alert, act = await open_alert(tx, act, command.alert_id, RESOLVING_ALERTS)
    decide_resolution(alert.as_alert())
    await save_resolved(tx, alert.id, act.actor, act.now)
    await add_note(
        tx,
        act.new_id(),
        alert.id,
        person=act.actor,
        what="resolved",
        note=command.note.strip(),
        noted_at=act.now,
    )
    body = AlertResolvedV1(trial_id=alert.trial_id, alert_id=alert.id, by=act.actor, resolved_at=act.now)
    await put(tx, act, NewEvent(aggregate_id=alert.id, scope=alert.scope, body=body))
