"""One message on its way out: claimed in a transaction, sent outside of any, marked in another.

A crash between sending and marking sends it again under the same message id: at least once, and the receiver
can tell that it is the same. Every try leaves a receipt.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.safety.commands.raise_alert import raise_alerts
from services.safety.domain.alert import AlertKind, AlertMessage, AlertRequest, alert_message
from services.safety.domain.channels import Channel
from services.safety.domain.place import TrialRef
from services.safety.store.alert_sends import (
    StoredSend,
    Waiting,
    call_standby,
    call_standbys_of,
    claim_due,
    save_failed,
    save_sent,
    waiting_sends,
)
from services.safety.store.alerts import StoredAlert, load_alert
from services.safety.store.channels import Receipt, add_receipt, note_delivered, note_failed
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=10)
FAILURES_THAT_ALARM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMessage:
    """What a channel needs; `claim` proves that this process still holds it.

    `message_id` is constant over all tries of this message, and so is `send_id`, the bare id in it.
    """

    send_id: str
    alert_id: str
    claim: str
    channel: Channel
    step: int
    message_id: str
    person: str
    address: str
    attempts: int
    message: AlertMessage
    trial: TrialRef
    kind: str
    priority: str
    acknowledge_by: datetime
    link: str


async def claim_message(
    tx: Tx, act: Act, *, link_to_alerts: str, channel: Channel = Channel.MAIL
) -> ClaimedMessage | None:
    """Take the next message of a channel that is due.

    Args:
        tx: the transaction.
        act: circumstances; its server time decides what is due.
        link_to_alerts: address under which an alert is found by its id.
        channel: whose messages.
    """
    claim = act.new_id()
    send = await claim_due(tx, claim, act.received_at, channel)
    if send is None:
        return None
    alert = await load_alert(tx, send.alert_id)
    assert alert is not None
    return _claimed(send, alert, claim, link_to_alerts)


def _claimed(send: StoredSend, alert: StoredAlert, claim: str, link_to_alerts: str) -> ClaimedMessage:
    link = f"{link_to_alerts}/{alert.id}"
    return ClaimedMessage(
        send_id=send.id,
        alert_id=send.alert_id,
        claim=claim,
        channel=Channel(send.channel),
        step=send.step,
        message_id=send.message_id,
        person=send.person,
        address=send.address,
        attempts=send.attempts,
        message=alert_message(alert.as_alert(), due_at=send.acknowledge_by, link=link, zone=alert.trial.zone),
        trial=alert.trial,
        kind=alert.kind.value,
        priority=alert.priority,
        acknowledge_by=send.acknowledge_by,
        link=link,
    )


async def mark_sent(tx: Tx, message: ClaimedMessage, act: Act) -> None:
    if await save_sent(tx, message.send_id, message.claim, act.received_at):
        await note_delivered(tx, message.channel, act.received_at)
        await add_receipt(tx, act.new_id(), _receipt(message, act, "delivered"))
        await audit(tx, act, message.alert_id, "alert.message-sent", _attempt(message))


async def mark_failed(tx: Tx, message: ClaimedMessage, act: Act, *, error: str) -> None:
    """Keep the message for a later try, and send it at once by the channel that stands by.

    Pauses double from 15 seconds to 10 minutes. The second failure in a row raises "channel down", once per
    outage and trial: it goes out by the channels that work.
    """
    next_try_at = act.received_at + pause_after(message.attempts)
    if not await save_failed(tx, message.send_id, message.claim, error=error, next_try_at=next_try_at):
        return
    await call_standby(tx, message.alert_id, message.step, message.person, act.received_at)
    await add_receipt(tx, act.new_id(), _receipt(message, act, "failed", error))
    await audit(tx, act, message.alert_id, "alert.message-failed", _attempt(message) | {"error": error})
    outage = await note_failed(tx, message.channel, act.received_at, error=error, outage=act.new_id())
    if outage.failures >= FAILURES_THAT_ALARM:
        await _alarm(tx, act, message, outage.id)


async def mark_gone(tx: Tx, message: ClaimedMessage, act: Act, *, error: str) -> None:
    """The receiver says that it takes nothing any more: the channel is shut, what waits goes another way."""
    if not await save_failed(tx, message.send_id, message.claim, error=error, next_try_at=act.received_at):
        return
    await call_standbys_of(tx, message.channel, act.received_at)
    await add_receipt(tx, act.new_id(), _receipt(message, act, "gone", error))
    await audit(tx, act, message.alert_id, "alert.channel-gone", _attempt(message) | {"error": error})
    outage = await note_failed(
        tx, message.channel, act.received_at, error=error, outage=act.new_id(), gone=True
    )
    await _alarm(tx, act, message, outage.id)


async def _alarm(tx: Tx, act: Act, message: ClaimedMessage, outage: str) -> None:
    cause = f"channel:{message.channel}:{outage}:{message.trial.code}"
    await raise_alerts(tx, act, [AlertRequest(kind=AlertKind.CHANNEL_DOWN, cause=cause)], message.trial)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts."""
    doublings = min(attempts - 1, 10)
    return min(FIRST_PAUSE * int(2**doublings), LONGEST_PAUSE)


async def count_waiting(tx: Tx, channel: Channel = Channel.MAIL) -> Waiting:
    return await waiting_sends(tx, channel)


def _attempt(message: ClaimedMessage) -> dict[str, object]:
    return {"send_id": message.send_id, "attempt": message.attempts, "channel": message.channel.value}


def _receipt(message: ClaimedMessage, act: Act, outcome: str, error: str | None = None) -> Receipt:
    return Receipt(
        alert_id=message.alert_id,
        send_id=message.send_id,
        step=message.step,
        person=message.person,
        channel=message.channel,
        attempt=message.attempts,
        outcome=outcome,
        error=error,
        tried_at=act.received_at,
    )
