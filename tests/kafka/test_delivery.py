"""Outbox to projection over a real broker: clean runs, foreign bytes, lost topics."""

from collections import defaultdict
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from faststream.kafka.annotations import KafkaMessage

from shared.broker import WrongPartitionCount, build_broker, check_partitions
from shared.clock import server_now
from shared.database import Sql, Tx, instant_parameter
from shared.envelope import read_envelope
from shared.partitions import partition_of
from shared.signing import sealing, signature_check
from shared.testing.kafka_server import KafkaServer
from shared.testing.records import RecordMaker, with_header
from shared.testing.stores import wait_until
from tests.kafka.conftest import Line


async def test_events_arrive_in_order_and_every_partition_agrees(line: Line) -> None:
    await line.start_feed()
    await line.start_relay()

    for number in range(60):
        await line.move(f"c{number % 7}")
    await line.arrived()
    await line.in_state("ok")

    events = [raw for raw in await line.log() if b"watermark" not in dict(raw.headers)["ce_type"]]
    last: dict[str, int] = defaultdict(int)
    for raw in events:
        envelope = read_envelope(raw.headers)
        assert raw.key == envelope.partition_key.encode()
        assert raw.partition == partition_of(envelope.partition_key)
        assert envelope.sequence == last[envelope.subject] + 1
        last[envelope.subject] = envelope.sequence
    assert sum(last.values()) == 60


# -- foreign bytes ------------------------------------------------------------------------------------------


def foreign(line: Line) -> list[dict[str, Any]]:
    """What anybody with access to the topic could write into it."""
    good = RecordMaker(line.producer, line.topic).event("forged", 1, event_type=line.event_type)
    headers = list(good.headers)
    return [
        {"value": b"{}", "headers": [("ce_type", b"\xff")]},
        {"value": b"\xff{", "headers": []},
        {"value": b"", "headers": headers[:3]},
        {"value": None, "key": b"tombstone"},
        {"value": b"1"},
        {"value": b"{}", "headers": [("ce_id", None)]},
        {"value": b"x" * 900_000},
        {"value": good.value, "headers": list(with_header(good, "ce_source", b"/services/mallory").headers)},
        {"value": good.value, "headers": list(with_header(good, "ce_blinding", b"unblinded").headers)},
        {"value": good.value, "headers": list(with_header(good, "ce_subject", b"a\x00b").headers)},
        {"value": good.value, "headers": list(with_header(good, "ce_id", b"x" * 5000).headers)},
        {"value": b"[" * 50_000, "headers": [("ce_type", f"{line.producer}.watermark.v1".encode())]},
    ]


async def test_foreign_bytes_between_good_records_harm_nothing_and_are_kept(line: Line) -> None:
    await line.start_relay()
    await line.move("c", 5, scope="scope-1")
    partition = partition_of("scope-1")
    await wait_until(lambda: _published(line, 5), what="publication")
    strange = foreign(line)
    await line.send_raw([record | {"partition": partition} for record in strange])
    await line.move("c", 5, scope="scope-1")

    await line.start_feed()
    await line.arrived()

    quarantined = await _ever_quarantined(line)
    assert len(quarantined) == len(strange)
    assert {"unreadable", "wrong_producer", "unblinded_on_main_topic"} == {row[0] for row in quarantined}
    await line.in_state("ok")
    assert await line.waiting() == []  # the digest agrees: they were not this producer's


async def test_foreign_bytes_alone_and_one_by_one_harm_nothing(line: Line) -> None:
    await line.start_feed()
    await line.start_relay()
    await line.move("c", scope="scope-1")
    await line.arrived()

    for record in foreign(line):
        await line.send_raw([record | {"partition": partition_of("scope-1")}])
        await line.move("c", scope="scope-1")
        await line.arrived()

    await line.in_state("ok")


async def test_foreign_bytes_reach_a_handler_of_single_records_untouched(line: Line) -> None:
    """The parser guards both modes of the library."""
    seen: list[Any] = []
    broker = build_broker(line.kafka.connection())

    @broker.subscriber(line.topic, group_id="single", auto_offset_reset="earliest")
    async def take(message: KafkaMessage) -> None:
        seen.append(message.raw_message)

    strange = foreign(line)
    await line.send_raw([record | {"partition": 0} for record in strange])
    await broker.start()
    await wait_until(lambda: len(seen) == len(strange), what="all records")
    await broker.stop()

    assert [raw.value for raw in seen] == [record["value"] for record in strange]
    assert seen[0].headers == (("ce_type", b"\xff"),)


async def _published(line: Line, count: int) -> bool:
    rows = await line.producer_store.read(
        lambda tx: tx.fetch(Sql("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"))
    )
    return bool(rows[0][0] == count)


async def _ever_quarantined(line: Line) -> list[Any]:
    return list(
        await line.consumer_store.read(
            lambda tx: tx.fetch(Sql("SELECT reason FROM parked_event WHERE event_id IS NULL"))
        )
    )


async def test_signed_records_survive_the_broker_and_unsigned_ones_are_kept_out(line: Line) -> None:
    key = Ed25519PrivateKey.generate()
    line.transport._seal = sealing("k1", key)
    inbox = line.inbox()
    inbox._reader._signature_check = signature_check({"k1": key.public_key()})
    await line.start_feed(inbox)
    await line.start_relay()
    await line.move("c", 3, scope="scope-1")
    await line.arrived()

    forged = RecordMaker(line.producer, line.topic).event("c", 4, event_type=line.event_type)
    await line.send_raw(
        [{"value": forged.value, "headers": list(forged.headers), "partition": forged.partition}]
    )
    await line.move("c", scope="scope-1")
    await line.arrived()

    assert {row[0] for row in await _ever_quarantined(line)} == {"bad_signature"}
    await line.in_state("ok")


# -- topics -------------------------------------------------------------------------------------------------


async def test_a_topic_with_another_number_of_partitions_refuses_the_start(
    kafka: KafkaServer, line: Line
) -> None:
    await kafka.create_topics([f"narrow.{line.topic}"], partitions=3)

    await check_partitions(kafka.connection(), [line.topic])
    with pytest.raises(WrongPartitionCount, match="narrow"):
        await check_partitions(kafka.connection(), [line.topic, f"narrow.{line.topic}"])
    with pytest.raises(WrongPartitionCount, match="absent"):
        await check_partitions(kafka.connection(), ["absent.events.v1"])


async def test_a_topic_that_was_lost_comes_again_from_the_outbox(kafka: KafkaServer, line: Line) -> None:
    """Wiped while the consumer was away: it finds out, asks, gets everything, and applies nothing twice."""
    await line.move("c", 10)
    await line.relay.lead_once()
    await line.relay.turn()
    await kafka.delete_topics([line.topic])
    await kafka.create_topics([line.topic])
    await line.transport.close()

    await line.start_feed()
    await line.start_relay()
    await line.in_state("incomplete", "ok")

    await line.producer_store.write(lambda tx: ask_replay(tx, line.topic))
    line.relay.wake()
    await line.arrived()
    await line.in_state("ok")
    await line.move("c", 3)
    await line.arrived()


async def test_a_replay_of_everything_applies_nothing_twice(line: Line) -> None:
    await line.start_feed()
    await line.start_relay()
    for number in range(30):
        await line.move(f"c{number % 4}")
    await line.arrived()
    before = await line.copied()

    await line.producer_store.write(lambda tx: ask_replay(tx, line.topic))
    line.relay.wake()
    await wait_until(lambda: _finished(line), what="the replay")
    await line.move("c0")
    await line.arrived()

    assert {name: total for name, (total, _) in (await line.copied()).items()} == {
        name: total + (name == "c0") for name, (total, _) in before.items()
    }
    await line.in_state("ok")


async def ask_replay(tx: Tx, topic: str) -> None:
    await tx.fetch(
        Sql(
            "INSERT INTO replay_request (topic, after_pub_seq, until_pub_seq, requested_at, requested_by)"
            " VALUES ($1, 0, 1000000, $2, 'test')"
        ),
        topic,
        instant_parameter(tx, server_now()),
    )


async def _finished(line: Line) -> bool:
    rows = await line.producer_store.read(
        lambda tx: tx.fetch(Sql("SELECT count(*) FROM replay_request WHERE finished_at IS NULL"))
    )
    return bool(rows[0][0] == 0)
