"""Acknowledging an alert: by somebody on the duty list it ends the escalation, by anybody else it is noted."""

from dataclasses import dataclass

from services.safety.commands.open_alert import open_alert
from services.safety.domain.alert import AcknowledgementEffect, decide_acknowledgement
from services.safety.domain.ids import PersonId
from services.safety.domain.roles import ACKNOWLEDGING
from services.safety.events.published import AlertAcknowledgedV1
from services.safety.store.alert_sends import drop_waiting
from services.safety.store.alerts import StoredAlert, add_note, save_acknowledged, steps_of
from services.safety.store.duty_periods import rota_of
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlert:
    alert_id: str
    note: str


async def acknowledge_alert(tx: Tx, command: AcknowledgeAlert, act: Act) -> AcknowledgementEffect:
    """Keep the acknowledgement; say what it did.

    Raises:
        Refused: `alert_already_acknowledged`.
    """
    alert, act = await open_alert(tx, act, command.alert_id, ACKNOWLEDGING)
    notified = frozenset(person for step in await steps_of(tx, alert.id) for person in step.called)
    rota = [period.as_entry() for period in await rota_of(tx, alert.trial_key, act.now)]
    acknowledgement = decide_acknowledgement(
        alert.as_alert(notified), by=PersonId(act.actor), note=command.note, rota=rota, now=act.now
    )
    await add_note(
        tx,
        act.new_id(),
        alert.id,
        person=act.actor,
        what=acknowledgement.effect.value,
        note=acknowledgement.note,
        noted_at=act.now,
    )
    if acknowledgement.effect is AcknowledgementEffect.NOTED_ONLY:
        await audit(tx, act, alert.id, "alert.noted", {})
        return acknowledgement.effect
    await save_acknowledged(tx, alert.id, act.actor, act.now)
    await drop_waiting(tx, alert.id)
    await put(tx, act, _acknowledged(alert, act))
    return acknowledgement.effect


def _acknowledged(alert: StoredAlert, act: Act) -> NewEvent:
    body = AlertAcknowledgedV1(
        trial_id=alert.trial_id, alert_id=alert.id, by=act.actor, acknowledged_at=act.now
    )
    return NewEvent(aggregate_id=alert.id, scope=alert.scope, body=body)
