"""Kept records: whole, once, and listed."""

from dataclasses import replace

from shared import parked
from shared.database import Database, Tx
from shared.envelope import Envelope, Record, read_envelope
from shared.testing.records import RecordMaker


def made(sequence: int = 1, **changes: str) -> tuple[Record, Envelope]:
    record = RecordMaker().event("a", sequence, **changes)  # type: ignore[arg-type]
    return record, read_envelope(record.headers)


async def park(database: Database, record: Record, envelope: Envelope, reason: str = "gap") -> bool:
    return await database.write(
        lambda tx: parked.park(tx, "beta", record, envelope, reason=reason, error="because")
    )


async def rows(database: Database, **paging: int) -> list[parked.ParkedRow]:
    return await database.read(lambda tx: parked.list_parked(tx, "beta", **paging))


async def test_a_parked_event_comes_back_as_the_record_it_was(consumer_store: Database) -> None:
    record, envelope = made(3)
    record = replace(record, value=b"\x00\xff", headers=[*record.headers, ("signature", b"\xfe")])
    assert await park(consumer_store, record, envelope)

    waiting = await consumer_store.read(lambda tx: parked.next_waiting(tx, "beta", "alpha", "a", 3))

    assert waiting is not None
    assert replace(waiting[1], headers=list(waiting[1].headers)) == replace(
        record, headers=list(record.headers)
    )
    assert await consumer_store.read(lambda tx: parked.next_waiting(tx, "beta", "alpha", "a", 4)) is None
    assert await consumer_store.read(lambda tx: parked.next_waiting(tx, "gamma", "alpha", "a", 3)) is None


async def test_a_list_shows_what_a_person_needs_and_no_payload(consumer_store: Database) -> None:
    record, envelope = made(3)
    await park(consumer_store, record, envelope)

    (row,) = await rows(consumer_store)

    assert (row.producer, row.aggregate_id, row.sequence, row.event_id) == ("alpha", "a", 3, envelope.id)
    assert (row.reason, row.error, row.attempts, row.state) == ("gap", "because", 1, "parked")
    assert (row.partition_key, row.topic, row.resolved_by) == ("scope-1", "alpha.events.v1", None)
    assert not hasattr(row, "payload")


async def test_lists_are_paged(consumer_store: Database) -> None:
    for sequence in range(1, 8):
        await park(consumer_store, *made(sequence))

    first = await rows(consumer_store, limit=3)
    second = await rows(consumer_store, after=first[-1].id, limit=3)

    assert [row.sequence for row in [*first, *second]] == [1, 2, 3, 4, 5, 6]


async def test_a_second_event_under_a_waiting_number_is_not_kept(consumer_store: Database) -> None:
    assert await park(consumer_store, *made(3))
    assert not await park(consumer_store, *made(3))

    assert len(await rows(consumer_store)) == 1


async def test_an_event_that_had_been_settled_waits_again(consumer_store: Database) -> None:
    record, envelope = made(3)
    await park(consumer_store, record, envelope)
    (row,) = await rows(consumer_store)
    await consumer_store.write(lambda tx: parked.resolve(tx, row.id, by="order"))
    assert await rows(consumer_store) == []

    assert await park(consumer_store, record, envelope, reason="handler_failed")

    (again,) = await rows(consumer_store)
    assert (again.id, again.reason, again.attempts, again.resolved_by) == (row.id, "handler_failed", 2, None)


async def test_a_quarantined_record_is_kept_once_and_resolved_with_its_partition(
    consumer_store: Database,
) -> None:
    record = Record(topic="alpha.events.v1", partition=2, position=5, headers=[("x", b"\xff")], value=None)

    async def keep(tx: Tx, record: Record) -> bool:
        return await parked.quarantine(tx, "beta", "alpha", record, reason="unreadable")

    assert await consumer_store.write(lambda tx: keep(tx, record))
    assert not await consumer_store.write(lambda tx: keep(tx, record))
    assert await consumer_store.write(lambda tx: keep(tx, replace(record, position=6)))
    assert await consumer_store.write(lambda tx: keep(tx, replace(record, value=b""))) is False
    assert await consumer_store.write(lambda tx: keep(tx, replace(record, value=b"other")))

    await consumer_store.write(lambda tx: parked.resolve_quarantine(tx, "beta", "alpha.events.v1", 1))
    assert len(await rows(consumer_store)) == 3
    await consumer_store.write(lambda tx: parked.resolve_quarantine(tx, "beta", "alpha.events.v1", 2))
    assert await rows(consumer_store) == []


async def test_aggregates_are_found_by_the_reason_of_their_parking(consumer_store: Database) -> None:
    await park(consumer_store, *made(3), reason="unknown_type")
    await park(consumer_store, *made(4), reason="follower")

    def found(*reasons: str) -> object:
        return consumer_store.read(lambda tx: parked.waiting_aggregates(tx, "beta", reasons))

    assert await found("unknown_type", "bad_body") == [("alpha", "a")]  # type: ignore[misc]
    assert await found("bad_body") == []  # type: ignore[misc]


async def test_nothing_is_found_under_a_number_that_does_not_exist(consumer_store: Database) -> None:
    assert await consumer_store.read(lambda tx: parked.find_parked(tx, "beta", 77)) is None
