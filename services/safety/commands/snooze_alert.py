"""Making an alert's ladder wait, with a reason; for what may be a death, a SUSAR or a DLT there is no such thing."""

from dataclasses import dataclass
from datetime import datetime

from services.safety.commands.open_alert import open_alert
from services.safety.domain.channels import Snooze, decide_snooze
from services.safety.domain.ids import PersonId
from services.safety.domain.roles import ACKNOWLEDGING
from services.safety.store.alerts import add_note, postpone_steps, steps_of
from services.safety.store.duty_periods import rota_of
from shared.act import Act
from shared.audit import record as audit
from shared.clock import format_instant
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeAlert:
    alert_id: str
    until: datetime
    reason: str


async def snooze_alert(tx: Tx, command: SnoozeAlert, act: Act) -> Snooze:
    """Postpone what is still to come of the ladder; every step is taken later, none is left out.

    Raises:
        Refused: `alert_never_silenced`, `alert_already_acknowledged`, `not_on_duty`, `reason_required`,
            `snooze_too_long`.
    """
    alert, act = await open_alert(tx, act, command.alert_id, ACKNOWLEDGING)
    steps = await steps_of(tx, alert.id)
    notified = frozenset(person for step in steps for person in step.called)
    rota = [period.as_entry() for period in await rota_of(tx, alert.trial_key, act.now)]
    snooze = decide_snooze(
        alert.as_alert(notified),
        by=PersonId(act.actor),
        until=command.until,
        reason=command.reason,
        rota=rota,
        now=act.now,
    )
    waiting = [step for step in steps if step.done_at is None]
    if waiting and waiting[0].due_at < snooze.until:
        await postpone_steps(tx, waiting, by=snooze.until - waiting[0].due_at)
    note = f"until {format_instant(snooze.until)}: {snooze.reason}"
    await add_note(tx, act.new_id(), alert.id, person=act.actor, what="snoozed", note=note, noted_at=act.now)
    await audit(tx, act, alert.id, "alert.snoozed", {"until": format_instant(snooze.until)})
    return snooze
