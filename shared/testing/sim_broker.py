"""A broker in memory that behaves as badly as a real one: partitions, groups, offsets, repeats and loss.

It is a `Transport` on the producer's side. On the consumer's side a member takes a batch, feeds its inbox and
only then commits its offset, so a crash in between delivers again, as Kafka would.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from shared.envelope import Record
from shared.transport import DirectTarget, OutgoingRecord
from shared.watermarks import Watermark, to_record


class SendFailed(Exception):
    """The broker did not acknowledge; the record may be in the log all the same."""


@dataclass
class SimBroker:
    """Faults are drawn from `rng`, so that a seed replays a run.

    `refuse_rate`: not stored, not acknowledged, and neither is the rest of its partition in that batch, as an
    idempotent producer keeps it. `lose_ack_rate`: stored, not acknowledged.
    """

    rng: Random
    refuse_rate: float = 0.0
    lose_ack_rate: float = 0.0
    logs: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    offsets: dict[tuple[str, str, int], int] = field(default_factory=dict)

    async def publish(self, batch: Sequence[OutgoingRecord]) -> list[BaseException | None]:
        answers: list[BaseException | None] = []
        refused: set[int] = set()
        for outgoing in batch:
            partition = outgoing.record.partition
            if partition in refused or self.rng.random() < self.refuse_rate:
                refused.add(partition)
                answers.append(SendFailed())
                continue
            self.append(outgoing.record)
            answers.append(SendFailed() if self.rng.random() < self.lose_ack_rate else None)
        return answers

    def marked(self, topic: str) -> None:
        """Delivery does not wait for the mark."""

    async def watermark(self, service: str, marks: Sequence[Watermark]) -> None:
        for mark in marks:
            self.append(to_record(service, mark))

    async def republish(self, batch: Sequence[OutgoingRecord], consumer: str | None) -> None:
        for outgoing in batch:
            self.append(outgoing.record)

    async def close(self) -> None:
        """Nothing is held open."""

    def append(self, record: Record) -> None:
        log = self.logs.setdefault((record.topic, record.partition), [])
        log.append(replace(record, position=len(log)))

    def wipe(self) -> None:
        """All data and all offsets are lost; topics exist again, empty."""
        self.logs.clear()
        self.offsets.clear()

    def everything(self, topic: str) -> list[Record]:
        return [record for key, log in sorted(self.logs.items()) if key[0] == topic for record in log]

    async def deliver(
        self, group: str, inbox: DirectTarget, topic: str, *, limit: int = 500, commit: bool = True
    ) -> int:
        """Give a group's next records to its inbox; without `commit` the same come again next time."""
        batch: list[Record] = []
        moved: dict[tuple[str, str, int], int] = {}
        for (name, partition), log in sorted(self.logs.items()):
            if name != topic:
                continue
            offset = self.offsets.get((group, topic, partition), 0)
            taken = log[offset : offset + limit - len(batch)]
            batch.extend(taken)
            moved[group, topic, partition] = offset + len(taken)
        if batch:
            await inbox.receive(batch)
        if commit:
            self.offsets.update(moved)
        return len(batch)

    async def deliver_all(self, group: str, inbox: DirectTarget, topic: str) -> None:
        while await self.deliver(group, inbox, topic):
            pass
