"""A topic from its beginning, read beside every consumer group: for checking a rebuild."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.broker import to_record
from shared.envelope import Record
from shared.kafka_transport import KafkaConnection
from shared.partitions import PARTITIONS
from shared.rebuild import History
from shared.transport import BATCH
from shared.watermarks import watermark_type


def topic_history(connection: KafkaConnection) -> History:
    """Each event of a topic once, watermarks and repeats left out, up to the end as of now."""

    async def read(topic: str) -> AsyncIterator[Sequence[Record]]:
        consumer = AIOKafkaConsumer(**connection.arguments(), auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            ends = await asyncio.wait_for(consumer.end_offsets(partitions), timeout=10)
            await consumer.seek_to_beginning(*partitions)
            seen: set[bytes] = set()
            left = {partition for partition in partitions if ends[partition] > 0}
            while left:
                got = await consumer.getmany(*left, timeout_ms=1000, max_records=BATCH)
                yield [record for raw in got.values() for record in _new_events(raw, seen)]
                for partition in list(left):
                    if await consumer.position(partition) >= ends[partition]:
                        left.discard(partition)
        finally:
            await consumer.stop()

    return read


def _new_events(raw: Sequence[object], seen: set[bytes]) -> list[Record]:
    records = []
    for record in map(to_record, raw):
        headers = dict(record.headers)
        event_id = headers.get("ce_id", b"")
        if (
            headers.get("ce_type") == watermark_type(record.topic.partition(".")[0]).encode()
            or event_id in seen
        ):
            continue
        seen.add(event_id)
        records.append(record)
    return records
