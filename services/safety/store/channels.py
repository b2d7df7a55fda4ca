"""How the channels of alerts are, in server time, and the receipts of what they carried."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from services.safety.store.channel_tables import AlertChannelRow, AlertReceiptRow
from shared.database import Sql, Tx, instant_parameter, read_instant, read_optional_instant
from shared.rows import insert_once, insert_row, table_of

_CHANNELS = table_of(AlertChannelRow)
_RECEIPTS = table_of(AlertReceiptRow)

EVALUATOR = "evaluator"
OK, FAILING, GONE = "ok", "failing", "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """A channel, or the evaluator, as it is; `failures` counts tries in a row that failed."""

    name: str
    beat_at: datetime
    state: str
    failures: int
    failing_since: datetime | None
    last_error: str | None
    last_delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Trouble of one channel; its id names it until the next delivery."""

    id: str
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of one try: `delivered`, `failed` or `gone`."""

    alert_id: str
    send_id: str
    step: int
    person: str
    channel: str
    attempt: int
    outcome: str
    error: str | None
    tried_at: datetime


async def beat(tx: Tx, name: str, at: datetime) -> None:
    """It has done its round."""
    if not (await tx.fetch(_BEAT, name, instant_parameter(tx, at))):
        await insert_once(tx, _CHANNELS, _new(name, at))


async def channel_states(tx: Tx) -> list[ChannelState]:
    return [_state(row) for row in await tx.execute(select(_CHANNELS).order_by(_CHANNELS.c.name))]


async def gone_channels(tx: Tx) -> frozenset[str]:
    return frozenset(row[0] for row in await tx.fetch(_GONE))


async def note_delivered(tx: Tx, name: str, at: datetime) -> None:
    """It works: whatever trouble it was in is over."""
    await insert_once(tx, _CHANNELS, _new(name, at))
    values = {"state": OK, "failures": 0, "outage": None, "failing_since": None, "last_error": None}
    statement = update(_CHANNELS).where(_CHANNELS.c.name == name)
    await tx.execute(statement.values(**values, last_delivered_at=at))


async def note_failed(
    tx: Tx, name: str, at: datetime, *, error: str, outage: str, gone: bool = False
) -> Outage:
    """One try more has failed; `outage` is the id of the trouble if it begins with this."""
    await insert_once(tx, _CHANNELS, _new(name, at))
    state = GONE if gone else FAILING
    rows = await tx.fetch(_FAILED, name, state, outage, instant_parameter(tx, at), error)
    return Outage(id=str(rows[0][0]), failures=int(rows[0][1]))


async def open_again(tx: Tx, name: str) -> None:
    """A channel that was shut is tried anew."""
    statement = update(_CHANNELS).where(_CHANNELS.c.name == name, _CHANNELS.c.state == GONE)
    await tx.execute(statement.values(state=OK, failures=0, outage=None, failing_since=None))


async def take_test_of(tx: Tx, name: str, day: str, at: datetime) -> bool:
    """Whether the day's test of this channel is still to be made; it is taken with this."""
    await insert_once(tx, _CHANNELS, _new(name, at))
    return bool(await tx.fetch(_TEST, name, day))


async def add_receipt(tx: Tx, receipt_id: str, receipt: Receipt) -> None:
    await insert_row(
        tx,
        _RECEIPTS,
        {
            "id": receipt_id,
            "alert_id": receipt.alert_id,
            "send_id": receipt.send_id,
            "step": receipt.step,
            "person": receipt.person,
            "channel": receipt.channel,
            "attempt": receipt.attempt,
            "outcome": receipt.outcome,
            "error": receipt.error,
            "tried_at": receipt.tried_at,
        },
    )


async def receipts_of(tx: Tx, alert_id: str) -> list[Receipt]:
    statement = select(_RECEIPTS).where(_RECEIPTS.c.alert_id == alert_id)
    return [
        Receipt(
            alert_id=row.alert_id,
            send_id=row.send_id,
            step=row.step,
            person=row.person,
            channel=row.channel,
            attempt=row.attempt,
            outcome=row.outcome,
            error=row.error,
            tried_at=read_instant(row.tried_at),
        )
        for row in await tx.execute(statement.order_by(_RECEIPTS.c.id))
    ]


def _new(name: str, at: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "beat_at": at,
        "state": OK,
        "failures": 0,
        "outage": None,
        "failing_since": None,
        "last_error": None,
        "last_delivered_at": None,
        "last_test_on": "",
    }


def _state(row: Any) -> ChannelState:
    return ChannelState(
        name=row.name,
        beat_at=read_instant(row.beat_at),
        state=row.state,
        failures=row.failures,
        failing_since=read_optional_instant(row.failing_since),
        last_error=row.last_error,
        last_delivered_at=read_optional_instant(row.last_delivered_at),
    )


_BEAT = Sql("UPDATE alert_channel SET beat_at = $2 WHERE name = $1 RETURNING name")
_GONE = Sql("SELECT name FROM alert_channel WHERE state = 'gone'")
_FAILED = Sql(
    "UPDATE alert_channel SET state = $2, failures = failures + 1, outage = coalesce(outage, $3),"
    " failing_since = coalesce(failing_since, $4), last_error = $5 WHERE name = $1 RETURNING outage, failures"
)
_TEST = Sql("UPDATE alert_channel SET last_test_on = $2 WHERE name = $1 AND last_test_on < $2 RETURNING name")
