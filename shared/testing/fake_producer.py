"""Another service as its consumer sees it: numbered events in partitions, and watermarks that add up."""

from datetime import UTC, datetime

from shared.clock import server_now
from shared.envelope import Envelope, Record, source_of, to_headers
from shared.ids import new_id
from shared.inbox import Inbox
from shared.outbox import Published, schema_of, topic_of
from shared.partitions import PARTITIONS, partition_of
from shared.watermarks import Watermark, event_digest, to_record


class FakeProducer:
    """Makes the records that a producing service would make, without its store.

    `watermarks()` states everything made so far; deliver it after the events it speaks of.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.topic = f"{service}.events.v1"
        self.epoch = 1
        self._versions: dict[str, int] = {}
        self._state = [(0, 0)] * PARTITIONS
        self._pub_seq = 0

    def event(
        self,
        body: Published,
        *,
        aggregate_id: str,
        scope: str,
        event_id: str | None = None,
        occurred_at: datetime | None = None,
        causation_id: str | None = None,
    ) -> Record:
        """The aggregate's next event."""
        version = self._versions.get(aggregate_id, 0) + 1
        self._versions[aggregate_id] = version
        partition = partition_of(scope)
        event_type = body.event_type
        assert topic_of(event_type) == self.topic
        envelope = Envelope(
            id=event_id or new_id(),
            source=source_of(self.service),
            type=event_type,
            time=occurred_at or datetime.now(UTC),
            subject=aggregate_id,
            dataschema=schema_of(event_type),
            partition_key=scope,
            sequence=version,
            correlation_id="story",
            causation_id=causation_id,
            blinding="blinded",
            traceparent=None,
        )
        value = body.model_dump_json().encode()
        self._pub_seq += 1
        n, h = self._state[partition]
        self._state[partition] = (n + 1, h ^ event_digest(envelope.id, value))
        return Record(
            topic=self.topic,
            partition=partition,
            position=self._pub_seq,
            headers=to_headers(envelope),
            value=value,
        )

    def watermarks(self, *, closed_at: datetime | None = None) -> list[Record]:
        """One watermark per partition, true for everything made so far."""
        at = closed_at or server_now()
        return [
            to_record(
                self.service,
                Watermark(
                    topic=self.topic,
                    partition=partition,
                    closed_at=at,
                    pub_seq=self._pub_seq,
                    epoch=self.epoch,
                    n=self._state[partition][0],
                    h=self._state[partition][1],
                ),
            )
            for partition in range(PARTITIONS)
        ]

    async def deliver(self, inbox: Inbox, *records: Record) -> None:
        """Give records to a consumer, followed by watermarks that make it fresh."""
        await inbox.receive([*records, *self.watermarks()])
