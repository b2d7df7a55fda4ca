"""Resolving an alert that was acknowledged: what it was about has been dealt with."""

from dataclasses import dataclass

from services.safety.commands.open_alert import open_alert
from services.safety.domain.alert import decide_resolution
from services.safety.domain.roles import RESOLVING_ALERTS
from services.safety.store.alerts import add_note, save_resolved
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx


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
    await audit(tx, act, alert.id, "alert.resolved", {})
