"""One message on its way out: claimed in a transaction, sent outside of any, marked in another.

A crash between sending and marking sends it again under the same message id: at least once, and the receiver
can tell that it is the same.
"""

from dataclasses import dataclass
from datetime import timedelta

from services.safety.domain.alert import AlertMessage, alert_message
from services.safety.store.alert_sends import (
    StoredSend,
    Waiting,
    claim_due,
    save_failed,
    save_sent,
    waiting_sends,
)
from services.safety.store.alerts import StoredAlert, load_alert
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMessage:
    """What the channel needs; `claim` proves that this process still holds it."""

    send_id: str
    alert_id: str
    claim: str
    message_id: str
    address: str
    attempts: int
    message: AlertMessage


async def claim_message(tx: Tx, act: Act, *, link_to_alerts: str) -> ClaimedMessage | None:
    """Take the next message that is due.

    Args:
        tx: the transaction.
        act: circumstances; its server time decides what is due.
        link_to_alerts: address under which an alert is found by its id.
    """
    claim = act.new_id()
    send = await claim_due(tx, claim, act.received_at)
    if send is None:
        return None
    alert = await load_alert(tx, send.alert_id)
    assert alert is not None
    return _claimed(send, alert, claim, link_to_alerts)


def _claimed(send: StoredSend, alert: StoredAlert, claim: str, link_to_alerts: str) -> ClaimedMessage:
    return ClaimedMessage(
        send_id=send.id,
        alert_id=send.alert_id,
        claim=claim,
        message_id=send.message_id,
        address=send.address,
        attempts=send.attempts,
        message=alert_message(
            alert.as_alert(),
            due_at=send.acknowledge_by,
            link=f"{link_to_alerts}/{alert.id}",
            zone=alert.trial.zone,
        ),
    )


async def mark_sent(tx: Tx, message: ClaimedMessage, act: Act) -> None:
    if await save_sent(tx, message.send_id, message.claim, act.received_at):
        await audit(tx, act, message.alert_id, "alert.message-sent", _attempt(message))


async def mark_failed(tx: Tx, message: ClaimedMessage, act: Act, *, error: str) -> None:
    """Keep the message for a later try; pauses double from 15 seconds to 10 minutes."""
    next_try_at = act.received_at + pause_after(message.attempts)
    if await save_failed(tx, message.send_id, message.claim, error=error, next_try_at=next_try_at):
        details = _attempt(message) | {"error": error}
        await audit(tx, act, message.alert_id, "alert.message-failed", details)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts."""
    doublings = min(attempts - 1, 10)
    return min(FIRST_PAUSE * int(2**doublings), LONGEST_PAUSE)


async def count_waiting(tx: Tx) -> Waiting:
    return await waiting_sends(tx)


def _attempt(message: ClaimedMessage) -> dict[str, object]:
    return {"send_id": message.send_id, "attempt": message.attempts}
