from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, MetaData, Table, Text, select

from shared.database import Database, Sql, Tx
from shared.tables import (
    MAX_PAYLOAD_BYTES,
    Instant,
    JsonText,
    add_delivery_tables,
    canonical_json,
)
from shared.testing.stores import from_metadata
from shared.testing.toy import toy_metadata

_METADATA = MetaData()
_NOTES = Table(
    "note", _METADATA, Column("id", Text, primary_key=True), Column("at", Instant), Column("facts", JsonText)
)
INSTANT = datetime(2026, 11, 21, 13, 0, 0, 1, tzinfo=timezone(timedelta(hours=2)))


async def make_notes(tx: Tx) -> None:
    instant = "timestamptz" if tx.dialect == "postgresql" else "text"
    await tx.fetch(Sql(f"CREATE TABLE note (id text PRIMARY KEY, at {instant}, facts text)"))


async def test_an_instant_comes_back_as_the_same_instant_in_utc(producer_store: Database) -> None:
    async def work(tx: Tx) -> list[datetime | None]:
        await make_notes(tx)
        await tx.execute(_NOTES.insert(), [{"id": "a", "at": INSTANT}, {"id": "b", "at": None}])
        return list((await tx.execute(select(_NOTES.c.at).order_by(_NOTES.c.id))).scalars())

    kept = await producer_store.write(work)

    assert kept == [INSTANT, None]
    assert kept[0] is not None
    assert kept[0].utcoffset() == timedelta()


async def test_instants_are_compared_as_times(producer_store: Database) -> None:
    later = INSTANT.astimezone(UTC) + timedelta(microseconds=1)

    async def work(tx: Tx) -> list[str]:
        await make_notes(tx)
        await tx.execute(_NOTES.insert(), [{"id": "a", "at": INSTANT}, {"id": "b", "at": later}])
        return list((await tx.execute(select(_NOTES.c.id).where(_NOTES.c.at > INSTANT))).scalars())

    assert await producer_store.write(work) == ["b"]


async def test_equal_values_are_equal_bytes(producer_store: Database) -> None:
    async def work(tx: Tx) -> tuple[object, object]:
        await make_notes(tx)
        await tx.execute(
            _NOTES.insert(),
            [{"id": "a", "facts": {"b": [1, "ü"], "a": None}}, {"id": "b", "facts": None}],
        )
        stored = (await tx.fetch(Sql("SELECT facts FROM note WHERE id = 'a'")))[0][0]
        read = (await tx.execute(select(_NOTES.c.facts).order_by(_NOTES.c.id))).scalars().all()
        return stored, list(read)

    stored, read = await producer_store.write(work)

    assert stored == '{"a":null,"b":[1,"ü"]}'
    assert read == [{"a": None, "b": [1, "ü"]}, None]


def test_a_number_that_is_none_has_no_text() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"dose": float("nan")})


async def test_the_store_itself_refuses_an_outbox_row_that_no_broker_takes(producer_store: Database) -> None:
    outbox = toy_metadata().tables["outbox"]
    row = {
        name: "x"
        for name in (
            *("event_id", "topic", "type", "dataschema", "aggregate_id", "partition_key", "blinding"),
            "correlation_id",
        )
    }
    now = datetime.now(UTC)
    numbers = {
        "aggregate_version": 1,
        "partition": 0,
        "occurred_at": now,
        "created_at": now,
        "audit_hash": b"",
    }

    async def put(tx: Tx, size: int) -> None:
        await tx.execute(outbox.insert(), row | numbers | {"event_id": f"{size}", "payload": b"x" * size})

    await producer_store.write(lambda tx: put(tx, MAX_PAYLOAD_BYTES))
    with pytest.raises(Exception, match="outbox_payload_size"):
        await producer_store.write(lambda tx: put(tx, MAX_PAYLOAD_BYTES + 1))


def test_two_services_may_carry_the_same_tables_in_one_process() -> None:
    one, other = MetaData(), MetaData()

    add_delivery_tables(one)
    add_delivery_tables(other)

    assert set(one.tables) == set(other.tables)
    assert callable(from_metadata(one))
