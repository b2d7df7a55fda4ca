"""Effects: a batch at once where everything is in order, one by one where it is not.

An aggregate whose events are readable, gapless and next takes the fast path. Whatever does not fit is walked
event by event: applied, parked behind a hole or a failure, or refused because its number is taken.
"""

from dataclasses import dataclass, field
from itertools import groupby

import structlog

from shared import ordering, parked
from shared.act import Act
from shared.clock import server_now
from shared.consumer import Consumer, Parked, Projections
from shared.database import Sql, StoreError, Tx
from shared.envelope import Envelope
from shared.metrics import Metrics
from shared.record_reading import Reading, RecordReader

log = structlog.get_logger(__name__)

ATTEMPTS = 3


@dataclass(slots=True, kw_only=True)
class Batch:
    """What one transaction knows while it works."""

    tx: Tx
    act: Act
    rebuilding: bool
    uncounted: set[str] = field(default_factory=set)
    failed: int = 0


class Applying:
    """What one consumer does with the events of one producer, inside a transaction of its inbox."""

    def __init__(
        self, consumer: Consumer, projections: Projections, reader: RecordReader, metrics: Metrics
    ) -> None:
        self._spec = consumer
        self._consumer = consumer.consumer
        self._projections = projections
        self._reader = reader
        self._metrics = metrics

    async def by_halves(self, batch: Batch, events: list[Reading]) -> None:
        """Apply a batch that failed once: halves under savepoints, until what fails stands alone and parks."""
        if not events:
            return
        for _ in range(ATTEMPTS if len(events) == 1 else 1):
            before = set(batch.uncounted), batch.failed
            try:
                async with batch.tx.savepoint():
                    await self.at_once(batch, events)
                return
            except StoreError:
                raise
            except Exception as error:
                batch.uncounted, batch.failed = before
                failure = error
        if len(events) == 1:
            events[0].problem, events[0].error = "handler_failed", type(failure).__name__
            await self.at_once(batch, events)
            return
        middle = len(events) // 2
        await self.by_halves(batch, events[:middle])
        await self.by_halves(batch, events[middle:])

    async def at_once(self, batch: Batch, events: list[Reading]) -> None:
        """Apply a batch, aggregates that are in order together and first."""
        by_aggregate: dict[str, list[Reading]] = {}
        for reading in events:
            by_aggregate.setdefault(reading.event.subject, []).append(reading)
        in_order = await ordering.advance_in_order(
            batch.tx, self._consumer, self._spec.producer, by_aggregate
        )
        await self._run_effects(batch, [reading for reading in events if reading.event.subject in in_order])
        for aggregate_id, readings in by_aggregate.items():
            if aggregate_id not in in_order:
                await self._walk(batch, aggregate_id, sorted(readings, key=lambda one: one.event.sequence))

    async def _run_effects(self, batch: Batch, events: list[Reading]) -> None:
        """Effects in batch order; neighbours of one type go to their projection together."""
        for _, run in groupby(events, key=lambda reading: id(reading.effect)):
            readings = list(run)
            effect = readings[0].effect
            if effect is None:
                continue
            received = [reading.received for reading in readings if reading.received is not None]
            if effect.project is not None:
                await effect.project(batch.tx, received)
            if effect.react is not None and not batch.rebuilding:
                for one in received:
                    await effect.react(batch.tx, _caused(batch.act, one.envelope), one)

    async def _walk(self, batch: Batch, aggregate_id: str, readings: list[Reading]) -> None:
        """The slow path of an aggregate with a hole, a parked event or a repeated number: one by one."""
        place = await ordering.lock_place(batch.tx, self._consumer, self._spec.producer, aggregate_id)
        for reading in readings:
            sequence = reading.event.sequence
            if sequence <= place.last:
                await self._refuse_reused(batch, reading)
            elif place.parked_since or (place.gap_since and sequence > place.last + 1):
                await self._park(batch, reading, "follower")
            elif sequence > place.last + 1:
                place.gap_since = server_now()
                await self._park(batch, reading, "gap")
            elif await self._apply_one(batch, place, reading):
                await self.release_waiting(batch, place)
        await ordering.save_place(batch.tx, place)

    async def _apply_one(self, batch: Batch, place: ordering.Place, reading: Reading) -> bool:
        """Apply the next event of an aggregate, or park it and say so."""
        problem, error = await self._try(batch, reading)
        if problem is None:
            place.last += 1
            return True
        place.parked_since = server_now()
        await self._park(batch, reading, problem, error)
        return False

    async def release_waiting(self, batch: Batch, place: ordering.Place, *, by: str = "order") -> None:
        """Apply what waited behind the event just applied, as far as it goes without a hole or a failure."""
        while waiting := await parked.next_waiting(
            batch.tx, self._consumer, place.producer, place.aggregate_id, place.last + 1
        ):
            parked_id, record = waiting
            reading = self._reader.read(record)
            problem, error = await self._try(batch, reading)
            if problem is not None:
                place.parked_since = place.parked_since or server_now()
                await parked.note_failure(batch.tx, parked_id, reason=problem, error=error)
                if by == "order" and reading.envelope is not None:  # nobody has asked, so nobody looks
                    await self._raise_alarm(batch, reading.envelope, problem)
                return
            place.last += 1
            await parked.resolve(batch.tx, parked_id, by=by)
        remaining = await parked.count_waiting(batch.tx, self._consumer, place.producer, place.aggregate_id)
        place.gap_since = (place.gap_since or server_now()) if remaining else None

    async def _try(self, batch: Batch, reading: Reading) -> tuple[str | None, str | None]:
        if reading.problem is not None or reading.envelope is None:
            return reading.problem or reading.quarantine or "unreadable", reading.error
        try:
            async with batch.tx.savepoint():
                await self._run_effects(batch, [reading])
        except StoreError:
            raise
        except Exception as error:
            log.warning(
                "event_failed", consumer=self._consumer, type=reading.event.type, error=type(error).__name__
            )
            return "handler_failed", type(error).__name__
        return None, None

    async def _park(self, batch: Batch, reading: Reading, reason: str, error: str | None = None) -> None:
        if not await parked.park(
            batch.tx,
            self._consumer,
            reading.record,
            reading.event,
            reason=reason,
            error=error or reading.error,
        ):
            await self._refuse_reused(batch, reading)
            return
        batch.failed += reason == "handler_failed"
        if reason == "follower":
            self._alarm_after(batch.tx, reason)
        else:
            await self._raise_alarm(batch, reading.event, reason)

    async def _raise_alarm(self, batch: Batch, event: Envelope, reason: str) -> None:
        self._alarm_after(batch.tx, reason)
        told = Parked(
            producer=event.producer,
            event_type=event.type,
            event_id=event.id,
            partition_key=event.partition_key,
            reason=reason,
        )
        await self._projections.on_parked(batch.tx, _caused(batch.act, event), told)

    async def _refuse_reused(self, batch: Batch, reading: Reading) -> None:
        """Another event already has this number: this one is not its producer's, and must occupy no id."""
        await batch.tx.fetch(_FORGET, self._consumer, reading.event.id)
        batch.uncounted.add(reading.event.id)
        await self.quarantine(batch, reading, "sequence_reused")

    async def quarantine(self, batch: Batch, reading: Reading, reason: str) -> None:
        if not await parked.quarantine(
            batch.tx, self._consumer, self._spec.producer, reading.record, reason=reason
        ):
            return
        self._alarm_after(batch.tx, reason)
        told = Parked(
            producer=self._spec.producer, event_type=None, event_id=None, partition_key=None, reason=reason
        )
        await self._projections.on_parked(batch.tx, batch.act, told)

    def _alarm_after(self, tx: Tx, reason: str) -> None:
        def alarm() -> None:
            self._metrics.parked_events.labels(self._consumer, reason).inc()
            if reason == "gap":
                self._metrics.inbox_gap_total.labels(self._consumer).inc()
            log.error("event_parked", consumer=self._consumer, producer=self._spec.producer, reason=reason)

        tx.after_commit(alarm)


def _caused(act: Act, envelope: Envelope) -> Act:
    return Act(
        actor=act.actor,
        actor_role=act.actor_role,
        now=act.now,
        received_at=act.received_at,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.id,
        traceparent=envelope.traceparent,
        new_id=act.new_id,
        demonstration=act.demonstration,
    )


_FORGET = Sql("DELETE FROM inbox WHERE consumer = $1 AND event_id = $2")
