"""The duty officer's inbox, and one alert with everything that was done about it."""

from dataclasses import dataclass
from datetime import datetime

from services.safety.domain.alert import AlertState
from services.safety.domain.roles import READING_ALERTS
from services.safety.queries.visibility import visible_trials
from services.safety.store.alert_sends import StoredSend, sends_of
from services.safety.store.alerts import (
    StoredAlert,
    StoredNote,
    StoredStep,
    list_alerts,
    load_alert,
    notes_of,
    steps_of,
)
from services.safety.store.channels import Receipt, receipts_of
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    """An alert with its calls, its messages and what people said."""

    alert: StoredAlert
    steps: list[StoredStep]
    sends: list[StoredSend]
    receipts: list[Receipt]
    notes: list[StoredNote]


async def list_inbox(
    tx: Tx, principal: Principal, *, trial_key: str | None, state: AlertState | None, after: str, limit: int
) -> list[tuple[StoredAlert, datetime | None]]:
    """Alerts of the trials that the person may see, and those of no trial."""
    trials = visible_trials(principal, READING_ALERTS, trial_key)
    return await list_alerts(tx, trial_keys=trials, state=state, after=after, limit=limit)


async def show_alert(tx: Tx, principal: Principal, alert_id: str) -> ShownAlert:
    """One alert; 404 when there is none, or none that this person may see."""
    if not principal.has_role(*READING_ALERTS):
        permit(principal, READING_ALERTS, scope=ANY, unit=ANY)
    alert = await load_alert(tx, alert_id)
    if alert is None:
        raise Problem("not_found")
    if alert.trial_key:
        visible_trials(principal, READING_ALERTS, alert.trial_key)
    return ShownAlert(
        alert=alert,
        steps=await steps_of(tx, alert_id),
        sends=await sends_of(tx, alert_id),
        receipts=await receipts_of(tx, alert_id),
        notes=await notes_of(tx, alert_id),
    )
