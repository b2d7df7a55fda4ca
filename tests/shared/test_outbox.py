"""Putting events: versions, size, order, and the audit row beside each."""

import asyncio
from collections import defaultdict
from functools import partial
from random import Random
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from shared.act import Act
from shared.audit import record
from shared.audit_verify import verify
from shared.database import Database, Sql, Tx
from shared.ids import is_id
from shared.outbox import EventTooLarge, NewEvent, put, put_all, schema_of, topic_of
from shared.partitions import partition_of
from shared.tables import MAX_PAYLOAD_BYTES
from shared.testing.toy import TOPIC, CounterMovedV1, toy_act

_ROWS = Sql(
    "SELECT o.seq, o.aggregate_id, o.aggregate_version, o.event_id, o.payload, a.n, a.action, o.audit_hash, a.hash"
    " FROM outbox o JOIN audit a ON a.event_id = o.event_id ORDER BY o.seq"
)
_COUNTS = Sql("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM audit)")


class Refused(Exception):
    """A domain refusal."""


class TextV1(BaseModel):
    event_type: ClassVar[str] = "alpha.text.written.v1"

    text: str


def moved(counter_id: str, step: int = 1) -> NewEvent:
    return NewEvent(aggregate_id=counter_id, scope="scope-1", body=CounterMovedV1(step=step))


async def rows(database: Database) -> list[Any]:
    return list(await database.read(lambda tx: tx.fetch(_ROWS)))


async def counts(database: Database) -> tuple[int, int]:
    found = await database.read(lambda tx: tx.fetch(_COUNTS))
    return found[0][0], found[0][1]


async def test_an_event_is_stored_whole_with_its_circumstances(producer_store: Database) -> None:
    act = toy_act(correlation_id="story", causation_id="cause")

    event_id = await producer_store.write(lambda tx: put(tx, act, moved("c", 5)))

    columns = (
        "event_id, topic, type, dataschema, aggregate_id, aggregate_version, partition_key, partition, blinding,"
        " causation_id, correlation_id, payload, sent_at, pub_seq, attempts"
    )
    (stored,) = await producer_store.read(lambda tx: tx.fetch(Sql(f"SELECT {columns} FROM outbox")))
    assert is_id(event_id)
    assert [bytes(v) if isinstance(v, memoryview) else v for v in stored] == [
        event_id,
        TOPIC,
        "alpha.counter.moved.v1",
        schema_of("alpha.counter.moved.v1"),
        "c",
        1,
        "scope-1",
        partition_of("scope-1"),
        "blinded",
        "cause",
        "story",
        b'{"step":5}',
        None,
        None,
        0,
    ]


async def test_versions_are_gapless_from_one_per_aggregate_under_concurrency(
    producer_store: Database,
) -> None:
    rng = Random(7)

    async def command(counter_id: str, fails: bool, stall: float, tx: Tx) -> None:
        await put(tx, toy_act(), moved(counter_id))
        if stall and tx.dialect == "postgresql":
            await asyncio.sleep(stall)
        if fails:
            raise Refused

    commands = [
        partial(command, f"c{rng.randrange(5)}", rng.random() < 0.3, rng.choice([0, 0, 0.003]))
        for _ in range(150)
    ]
    answers = await asyncio.gather(*map(producer_store.write, commands), return_exceptions=True)

    stored = await rows(producer_store)
    versions: dict[str, list[int]] = defaultdict(list)
    for row in stored:
        versions[row[1]].append(row[2])
    assert {type(answer) for answer in answers} == {type(None), Refused}
    assert len(stored) == sum(answer is None for answer in answers)
    for numbers in versions.values():
        assert numbers == list(range(1, len(numbers) + 1))  # in the order of seq


async def test_each_event_has_exactly_one_audit_row_in_its_own_transaction(producer_store: Database) -> None:
    for number in range(3):
        await producer_store.write(lambda tx: put(tx, toy_act(), moved("c")))
        assert await counts(producer_store) == (number + 1, number + 1)

    stored = await rows(producer_store)
    assert [(row[5], row[6]) for row in stored] == [(n, "alpha.counter.moved.v1") for n in (1, 2, 3)]
    assert all(bytes(row[7]) == bytes(row[8]) for row in stored)


async def test_a_rollback_leaves_neither_event_nor_audit_row(producer_store: Database) -> None:
    await producer_store.write(lambda tx: put(tx, toy_act(), moved("c")))

    async def refused(tx: Tx) -> None:
        await put(tx, toy_act(), moved("c"))
        await record(tx, toy_act(), "c", "noted", {"x": 1})
        raise Refused

    with pytest.raises(Refused):
        await producer_store.write(refused)

    assert await counts(producer_store) == (1, 1)
    await producer_store.write(lambda tx: put(tx, toy_act(), moved("c")))
    assert [row[2] for row in await rows(producer_store)] == [1, 2]


async def test_a_savepoint_that_fails_takes_its_event_back(producer_store: Database) -> None:
    async def inner(tx: Tx) -> None:
        async with tx.savepoint():
            await put(tx, toy_act(), moved("c"))
            raise Refused

    async def command(tx: Tx) -> None:
        await put(tx, toy_act(), moved("c"))
        with pytest.raises(Refused):
            await inner(tx)
        await put(tx, toy_act(), moved("c"))

    await producer_store.write(command)

    assert [row[2] for row in await rows(producer_store)] == [1, 2]
    assert (await producer_store.read(lambda tx: verify(tx, TOPIC))).ok


async def test_a_value_that_every_broker_takes_is_taken_and_one_byte_more_is_not(
    producer_store: Database,
) -> None:
    frame = len(TextV1(text="").model_dump_json())

    def text_of(size: int) -> NewEvent:
        return NewEvent(aggregate_id="t", scope="s", body=TextV1(text="x" * (size - frame)))

    await producer_store.write(lambda tx: put(tx, toy_act(), text_of(MAX_PAYLOAD_BYTES)))
    with pytest.raises(EventTooLarge):
        await producer_store.write(lambda tx: put(tx, toy_act(), text_of(MAX_PAYLOAD_BYTES + 1)))

    assert await counts(producer_store) == (1, 1)


async def test_the_size_counts_in_bytes_and_not_in_characters(producer_store: Database) -> None:
    event = NewEvent(aggregate_id="t", scope="s", body=TextV1(text="ü" * (MAX_PAYLOAD_BYTES // 2)))

    with pytest.raises(EventTooLarge):
        await producer_store.write(lambda tx: put(tx, toy_act(), event))


async def test_several_events_go_in_aggregate_order_and_keep_their_own(producer_store: Database) -> None:
    events = [moved("b", 1), moved("a", 2), moved("b", 3), moved("a", 4)]

    await producer_store.write(lambda tx: put_all(tx, toy_act(), events))

    stored = await rows(producer_store)
    assert [(row[1], row[2], bytes(row[4])) for row in stored] == [
        ("a", 1, b'{"step":2}'),
        ("a", 2, b'{"step":4}'),
        ("b", 1, b'{"step":1}'),
        ("b", 2, b'{"step":3}'),
    ]


async def test_commands_that_speak_for_the_same_aggregates_do_not_deadlock(producer_store: Database) -> None:
    rng = Random(3)
    names = [f"c{n}" for n in range(6)]
    runs = 0

    async def command(chosen: list[str], tx: Tx) -> None:
        nonlocal runs
        runs += 1
        await put_all(tx, toy_act(), [moved(name) for name in chosen])

    commands = [partial(command, rng.sample(names, k=4)) for _ in range(40)]
    await asyncio.gather(*map(producer_store.write, commands))

    assert runs == 40  # nothing was tried again
    assert await counts(producer_store) == (160, 160)


async def test_events_and_audit_only_rows_share_one_chain(producer_store: Database) -> None:
    async def command(tx: Tx) -> None:
        act = toy_act()
        await record(tx, act, "c", "opened", {"by": "hand"})
        await put(tx, act, moved("c"))
        await record(tx, act, "c", "noted", {}, reason="second thoughts")
        await put(tx, act, moved("c"))

    await producer_store.write(command)

    assert [(row[2], row[5]) for row in await rows(producer_store)] == [(1, 2), (2, 4)]
    report = await producer_store.read(lambda tx: verify(tx, TOPIC))
    assert (report.ok, report.rows) == (True, 4)


async def test_an_announced_event_wakes_the_relay(producer_store: Database) -> None:
    woken: list[int] = []
    producer_store.on_announced = lambda: woken.append(1)

    await producer_store.write(lambda tx: put(tx, toy_act(), moved("c")))

    assert woken == [1]


async def test_a_text_with_every_kind_of_character_is_stored_as_its_exact_bytes(
    producer_store: Database,
) -> None:
    body = TextV1(text="naïve \U0001f9ea \\ \" ' ; -- \u2028 \x1f")

    await producer_store.write(
        lambda tx: put(
            tx, toy_act(), NewEvent(aggregate_id="t", scope="s", body=body, reason="because \u00fc")
        )
    )

    (row,) = await rows(producer_store)
    assert bytes(row[4]) == body.model_dump_json().encode()
    assert (await producer_store.read(lambda tx: verify(tx, TOPIC))).ok


def test_the_topic_and_the_schema_follow_from_the_type() -> None:
    assert topic_of("alpha.counter.moved.v1") == "alpha.events.v1"
    assert schema_of("alpha.counter.moved.v1").endswith(":alpha.counter.moved.v1")


def test_an_act_knows_its_cause_and_its_role() -> None:
    act: Act = toy_act()

    assert act.caused_by("event").causation_id == "event"
    assert act.as_role("operations").actor_role == "operations"
    assert act.causation_id is None
