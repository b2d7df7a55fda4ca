"""Messages to be sent outside: claimed, tried, and kept until they are out or no longer needed.

Their times are server time, not domain time: a demonstration that jumps a month must not retry for a month.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from services.safety.domain.channels import Channel, PlannedSend
from services.safety.store.alerts import StoredAlert, StoredStep
from services.safety.store.tables import AlertSendRow
from shared.database import Sql, Tx, instant_parameter, read_optional_instant
from shared.rows import insert_once, table_of

_SENDS = table_of(AlertSendRow)

CLAIM_LASTS = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSend:
    """One message to one person; `attempts` counts those begun, the present one included."""

    id: str
    alert_id: str
    step: int
    person: str
    channel: str
    address: str
    message_id: str
    acknowledge_by: datetime
    state: str
    attempts: int
    last_error: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many messages wait, and since when the oldest does, in server time."""

    count: int
    oldest_at: datetime | None

    def age_seconds(self, now: datetime) -> float:
        """Age of the oldest, 0 when none waits."""
        return 0.0 if self.oldest_at is None else max((now - self.oldest_at).total_seconds(), 0.0)


async def add_sends(
    tx: Tx,
    alert: StoredAlert,
    step: StoredStep,
    sends: Iterable[PlannedSend],
    *,
    ids: Iterable[str],
    domain: str,
    now: datetime,
) -> None:
    """One message to each person by each channel, waiting or standing by."""
    for send, send_id in zip(sends, ids, strict=True):
        await insert_once(
            tx,
            _SENDS,
            {
                "id": send_id,
                "alert_id": alert.id,
                "step": step.number,
                "person": send.person,
                "channel": send.channel.value,
                "address": send.address,
                "message_id": f"<{send_id}@{domain}>",
                "acknowledge_by": step.acknowledge_by,
                "state": "standby" if send.standby else "waiting",
                "attempts": 0,
                "created_at": now,
                "next_try_at": now,
                "claim": None,
                "last_error": None,
                "sent_at": None,
            },
        )


async def claim_due(tx: Tx, claim: str, now: datetime, channel: Channel) -> StoredSend | None:
    """Take the next message of a channel that is due; nobody else gets it until the claim is over."""
    until = now + CLAIM_LASTS
    rows = await tx.fetch(
        _CLAIM, instant_parameter(tx, now), instant_parameter(tx, until), claim, channel.value
    )
    if not rows:
        return None
    row = (await tx.execute(select(_SENDS).where(_SENDS.c.id == rows[0][0]))).one()
    return _send(row)


async def save_sent(tx: Tx, send_id: str, claim: str, sent_at: datetime) -> bool:
    """Mark the message as sent, if the claim still holds."""
    values = {"state": "sent", "sent_at": sent_at, "claim": None, "last_error": None}
    return await _finish(tx, send_id, claim, values)


async def save_failed(tx: Tx, send_id: str, claim: str, *, error: str, next_try_at: datetime) -> bool:
    """Keep the message for another try, if the claim still holds."""
    values = {"last_error": error, "next_try_at": next_try_at, "claim": None}
    return await _finish(tx, send_id, claim, values)


async def drop_waiting(tx: Tx, alert_id: str) -> None:
    """The alert was taken: whoever has not been told yet need not be; what is on its way keeps its claim."""
    await tx.execute(
        update(_SENDS)
        .where(_SENDS.c.alert_id == alert_id, _SENDS.c.state.in_(["waiting", "standby"]))
        .values(state="not_needed")
    )


async def call_standby(tx: Tx, alert_id: str, step: int, person: str, now: datetime) -> None:
    """Send the next message that stands by for this person and step; nothing when none does."""
    await tx.fetch(_STANDBY, alert_id, step, person, instant_parameter(tx, now))


async def call_standbys_of(tx: Tx, channel: Channel, now: datetime) -> None:
    """Give up what waits for a channel that is shut, and send what stands by for it."""
    rows = await tx.fetch(_GIVEN_UP, channel.value)
    for alert_id, step, person in rows:
        await call_standby(tx, alert_id, step, person, now)


async def sends_of(tx: Tx, alert_id: str) -> list[StoredSend]:
    statement = select(_SENDS).where(_SENDS.c.alert_id == alert_id).order_by(_SENDS.c.step, _SENDS.c.id)
    return [_send(row) for row in await tx.execute(statement)]


async def waiting_sends(tx: Tx, channel: Channel) -> Waiting:
    row = (await tx.fetch(_WAITING, channel.value))[0]
    return Waiting(count=int(row[0]), oldest_at=read_optional_instant(row[1]))


async def _finish(tx: Tx, send_id: str, claim: str, values: dict[str, Any]) -> bool:
    statement = update(_SENDS).where(_SENDS.c.id == send_id, _SENDS.c.claim == claim).values(**values)
    return (await tx.execute(statement)).rowcount == 1


def _send(row: Any) -> StoredSend:
    return StoredSend(
        id=row.id,
        alert_id=row.alert_id,
        step=row.step,
        person=row.person,
        channel=row.channel,
        address=row.address,
        message_id=row.message_id,
        acknowledge_by=row.acknowledge_by,
        state=row.state,
        attempts=row.attempts,
        last_error=row.last_error,
        sent_at=row.sent_at,
    )


_CLAIM = Sql(
    "UPDATE alert_send SET claim = $3, next_try_at = $2, attempts = attempts + 1 WHERE id = ("
    " SELECT id FROM alert_send WHERE state = 'waiting' AND next_try_at <= $1 AND channel = $4"
    " ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"
)
_WAITING = Sql("SELECT count(*), min(created_at) FROM alert_send WHERE state = 'waiting' AND channel = $1")
_STANDBY = Sql(
    "UPDATE alert_send SET state = 'waiting', next_try_at = $4 WHERE id = (SELECT id FROM alert_send"
    " WHERE alert_id = $1 AND step = $2 AND person = $3 AND state = 'standby' ORDER BY id LIMIT 1)"
)
_GIVEN_UP = Sql(
    "UPDATE alert_send SET state = 'failed' WHERE state = 'waiting' AND channel = $1"
    " RETURNING alert_id, step, person"
)
