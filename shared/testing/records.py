"""Records of the toy's producer made by hand, for consumers: events, watermarks, and what is wrong with them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from shared.envelope import Envelope, Record, read_envelope, source_of, to_headers
from shared.ids import new_id
from shared.partitions import PARTITIONS, partition_of
from shared.testing.toy import PRODUCER, TOPIC
from shared.watermarks import Watermark, event_digest, to_record


class RecordMaker:
    """A producer in miniature: it knows what it has published, and states it."""

    def __init__(self, producer: str = PRODUCER, topic: str = TOPIC) -> None:
        self._producer = producer
        self._topic = topic
        self._position = 0
        self._counts = {partition: (0, 0) for partition in range(PARTITIONS)}
        self.pub_seq = 0
        self.epoch = 1

    def event(
        self,
        aggregate_id: str,
        sequence: int,
        *,
        scope: str = "scope-1",
        step: int = 1,
        event_type: str = "alpha.counter.moved.v1",
        value: bytes | None = None,
        event_id: str | None = None,
    ) -> Record:
        """One event of an aggregate; `count` says that it was published."""
        envelope = Envelope(
            id=event_id or new_id(),
            source=source_of(self._producer),
            type=event_type,
            time=datetime.now(UTC),
            subject=aggregate_id,
            dataschema=f"urn:trialops:event-schema:{event_type}",
            partition_key=scope,
            sequence=sequence,
            correlation_id="story",
            causation_id=None,
            blinding="blinded",
            traceparent=None,
        )
        self._position += 1
        return Record(
            topic=self._topic,
            partition=partition_of(scope),
            position=self._position,
            headers=to_headers(envelope),
            value=json.dumps({"step": step}).encode() if value is None else value,
        )

    def run(self, aggregate_id: str, count: int, *, scope: str = "scope-1") -> list[Record]:
        """Events 1, 2, 3 ... of one aggregate, published; each moves by its own number."""
        records = [self.event(aggregate_id, n, scope=scope, step=n) for n in range(1, count + 1)]
        for record in records:
            self.count(record)
        return records

    def count(self, record: Record) -> None:
        """This event has been published, whether or not anybody gets it."""
        n, h = self._counts[record.partition]
        digest = event_digest(read_envelope(record.headers).id, record.value or b"")
        self._counts[record.partition] = (n + 1, h ^ digest)
        self.pub_seq += 1

    def rewind(self) -> None:
        """The producer's store was restored from a time before it had published anything."""
        self._counts = {partition: (0, 0) for partition in range(PARTITIONS)}
        self.pub_seq = 0

    def watermarks(self, closed_at: datetime) -> Sequence[Record]:
        """A statement for every partition about all that was counted so far."""
        return [
            to_record(
                self._producer,
                Watermark(
                    topic=self._topic,
                    partition=partition,
                    closed_at=closed_at,
                    pub_seq=self.pub_seq,
                    epoch=self.epoch,
                    n=n,
                    h=h,
                ),
            )
            for partition, (n, h) in self._counts.items()
        ]


def with_header(record: Record, name: str, value: bytes | None) -> Record:
    """The record with one header replaced, added, or left out."""
    kept = [(known, old) for known, old in record.headers if known != name]
    return Record(
        topic=record.topic,
        partition=record.partition,
        position=record.position,
        headers=kept if value is None else [*kept, (name, value)],
        value=record.value,
    )
