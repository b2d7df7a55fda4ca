"""The inbox: each event takes effect once and in its aggregate's order, whatever the transport delivers.

One transaction per batch holds everything: the ids taken, each aggregate's position, the effects, the events
that they announce, and the partition's counts and watermark. The record's offset is acknowledged only after
its commit. Correctness rests on ids and positions alone; offsets are an optimisation.

A batch that fails for its content is taken again by halves, each under a savepoint, until the one record that
cannot be applied stands alone; that one is parked with its aggregate, everything else flows.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from shared import ordering, parked, watermarks
from shared.act import Act
from shared.applying import Applying, Batch
from shared.clock import monotonic, server_now
from shared.consumer import Consumer, Projections
from shared.database import (
    Database,
    GuardTooOld,
    Sql,
    StoreError,
    StoreUnavailable,
    Tx,
    instant_parameter,
    listed,
)
from shared.domain_clock import DomainClock
from shared.envelope import Record
from shared.failpoints import failpoint
from shared.ids import IdSource
from shared.metrics import Metrics
from shared.partitions import PARTITIONS
from shared.record_reading import Reading, RecordReader
from shared.signing import SignatureCheck, accept_unsigned

log = structlog.get_logger(__name__)

RETRY_SECONDS = 120.0
RETRY_FIRST_SECONDS = 0.1
RETRY_LONGEST_SECONDS = 5.0
FAULT_IS_OURS_FROM = 10


class FaultIsOurs(Exception):
    """More than half of a batch failed: not the events are bad but this process; nothing was kept."""


class Inbox:
    """One consumer's way into its database for one producer's topic."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        projections: Projections,
        database: Database,
        domain_clock: DomainClock,
        new_id: IdSource,
        metrics: Metrics,
        signature_check: SignatureCheck = accept_unsigned,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._spec = consumer
        self._projections = projections
        self._database = database
        self._domain_clock = domain_clock
        self._new_id = new_id
        self._metrics = metrics
        self._reader = RecordReader(consumer, signature_check)
        self._applying = Applying(consumer, projections, self._reader, metrics)
        self._retry_seconds = retry_seconds

    @property
    def consumer(self) -> str:
        return self._spec.consumer

    @property
    def topic(self) -> str:
        return self._spec.topic

    async def prepare(self) -> None:
        """Make the rows that say "nothing heard yet", and try again what an older version did not know."""

        async def prepare(tx: Tx) -> None:
            await watermarks.prepare_positions(tx, self.consumer, self.topic, PARTITIONS)

        await self._database.write(prepare)
        await self.retry_parked(("unknown_type", "bad_body"))

    # -- direct delivery ----------------------------------------------------------------------------

    async def delivery_position(self, topic: str) -> int:
        rows = await self._database.read(lambda tx: tx.fetch(_DELIVERY_POSITION, self.consumer, topic))
        return int(rows[0][0]) if rows else 0

    async def rewind_delivery(self, topic: str) -> None:
        await self._database.write(lambda tx: tx.fetch(_MOVE_DELIVERY, self.consumer, topic, 0))

    # -- receiving ----------------------------------------------------------------------------------

    async def receive(self, records: Sequence[Record], *, delivered: int | None = None) -> None:
        """Take a batch of records of this topic, in the order of each partition.

        Args:
            records: events and watermarks, as delivered.
            delivered: on direct delivery, the `pub_seq` up to which the producer's log has been read.

        Raises:
            StoreUnavailable: the database did not come back in time; nothing was kept, deliver again.
            FaultIsOurs: most of the batch failed; nothing was kept, deliver again after a pause.
        """
        if not records and delivered is None:
            return
        readings = [self._reader.read(record) for record in records]
        try:
            await self._commit(readings, delivered, careful=False)
        except StoreError:
            raise
        except Exception as error:
            self._metrics.inbox_bisect_total.labels(self.consumer).inc()
            log.warning("batch_failed", consumer=self.consumer, error=type(error).__name__)
            await self._take_carefully(readings, delivered)
        failpoint("inbox_after_commit")

    async def _take_carefully(self, readings: list[Reading], delivered: int | None) -> None:
        try:
            await self._commit(readings, delivered, careful=True)
        except FaultIsOurs as fault:
            log.critical(
                "fault_is_ours", consumer=self.consumer, producer=self._spec.producer, what=str(fault)
            )
            raise

    async def _commit(self, readings: list[Reading], delivered: int | None, *, careful: bool) -> None:
        pause, deadline = RETRY_FIRST_SECONDS, monotonic() + self._retry_seconds
        while True:
            try:
                await self._database.write(lambda tx: self._take(tx, readings, delivered, careful=careful))
                return
            except (StoreUnavailable, GuardTooOld):
                if monotonic() >= deadline:
                    raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_LONGEST_SECONDS)

    async def _take(self, tx: Tx, readings: list[Reading], delivered: int | None, *, careful: bool) -> None:
        batch, positions = await self._begin(tx)
        for reading in readings:
            if reading.quarantine is not None:
                await self._applying.quarantine(batch, reading, reading.quarantine)
        fresh = await self._remember(tx, [reading for reading in readings if reading.envelope is not None])
        if careful:
            await self._applying.by_halves(batch, fresh)
            if len(fresh) >= FAULT_IS_OURS_FROM and batch.failed * 2 > len(fresh):
                raise FaultIsOurs(f"{batch.failed} of {len(fresh)} events failed")
        else:
            await self._applying.at_once(batch, fresh)
        counted = {id(reading) for reading in fresh if reading.event.id not in batch.uncounted}
        await self._advance(batch, positions, readings, counted)
        if delivered is not None:
            await tx.fetch(_MOVE_DELIVERY, self.consumer, self.topic, delivered)
        events = sum(reading.envelope is not None for reading in readings)
        repeats = events - len(fresh)
        tx.after_commit(lambda: self._metrics.inbox_repeats_total.labels(self.consumer).inc(repeats))

    async def _begin(self, tx: Tx) -> tuple[Batch, dict[int, watermarks.Position]]:
        """Lock the topic's positions, so that overlapping members take turns, and look at the clocks."""
        locked = await watermarks.lock_positions(tx, self.consumer, self.topic)
        rebuilding = any(position.state == "rebuilding" for position in locked)
        batch = Batch(tx=tx, act=await self._act(tx), rebuilding=rebuilding)
        return batch, {position.partition: position for position in locked if position.topic == self.topic}

    async def _remember(self, tx: Tx, events: list[Reading]) -> list[Reading]:
        """Take the ids; what was taken before, by this batch or an earlier one, is a repeat."""
        unique: dict[str, Reading] = {}
        for reading in events:
            unique.setdefault(reading.event.id, reading)
        if not unique:
            return []
        now = instant_parameter(tx, server_now())
        ids = sorted(unique)
        if tx.dialect == "postgresql":
            rows = await tx.fetch(
                _REMEMBER,
                self.consumer,
                ids,
                self.topic,
                listed(unique[i].record.partition for i in ids),
                listed(unique[i].record.position for i in ids),
                now,
            )
        else:
            places = [[i, unique[i].record.partition, unique[i].record.position] for i in ids]
            rows = await tx.fetch(_REMEMBER, self.consumer, json.dumps(places), self.topic, None, None, now)
        taken = {row[0] for row in rows}
        return [reading for event_id, reading in unique.items() if event_id in taken]

    # -- positions ----------------------------------------------------------------------------------

    async def _advance(
        self,
        batch: Batch,
        positions: dict[int, watermarks.Position],
        readings: list[Reading],
        counted: set[int],
    ) -> None:
        """Keep what the batch has moved, and do what follows from a partition that is now whole."""
        before = dict(positions)
        await self._count(batch.tx, positions, readings, counted)
        changed = [position for key, position in positions.items() if position != before[key]]
        if not changed:
            return
        await watermarks.save_positions(batch.tx, self.consumer, changed)
        for position in changed:
            if position.state == "ok" and position.applied_at != before[position.partition].applied_at:
                await parked.resolve_quarantine(batch.tx, self.consumer, self.topic, position.partition)
        self._observe(batch.tx, changed, before)
        if any(before[p.partition].state == "rebuilding" and p.state == "ok" for p in changed):
            await self._finish_rebuild(batch)

    async def _count(
        self, tx: Tx, positions: dict[int, watermarks.Position], readings: list[Reading], counted: set[int]
    ) -> None:
        """Count the new events and apply the watermarks, in the order of each partition."""
        tally = dict.fromkeys(positions, (0, 0))  # taken since the partition's position was last written down
        now: datetime | None = None
        for reading in readings:
            partition = reading.record.partition
            if partition not in positions:
                continue
            if reading.mark is not None:
                now = now or await watermarks.database_clock(tx)
                self._observe_clock(reading.mark.closed_at - now)
                place = positions[partition].counted(*tally[partition])
                positions[partition] = watermarks.apply_watermark(place, reading.mark, now=now)
                tally[partition] = (0, 0)
            elif id(reading) in counted:
                events, digest = tally[partition]
                tally[partition] = (events + 1, digest ^ reading.digest)
        positions.update({key: place.counted(*tally[key]) for key, place in positions.items()})

    def _observe_clock(self, ahead: timedelta) -> None:
        """A statement closes a time that is past, so whatever it is ahead of our clock is the clocks' difference."""
        skew = max(ahead, timedelta(0)).total_seconds()
        self._metrics.clock_skew_seconds.labels(self._spec.producer).set(skew)

    async def _finish_rebuild(self, batch: Batch) -> None:
        everything = await watermarks.all_positions(batch.tx, self.consumer)
        if not any(position.state == "rebuilding" for position in everything):
            await self._projections.settle(batch.tx, batch.act)

    def _observe(
        self, tx: Tx, changed: list[watermarks.Position], before: dict[int, watermarks.Position]
    ) -> None:
        mismatches = sum(
            p.state == "incomplete" and before[p.partition].state != "incomplete" for p in changed
        )
        if mismatches:
            tx.after_commit(
                lambda: self._metrics.digest_mismatch_total.labels(self.consumer, self._spec.producer).inc(
                    mismatches
                )
            )

    # -- releasing ----------------------------------------------------------------------------------

    async def retry_parked(self, reasons: Sequence[str]) -> None:
        """Try again what was parked for one of these reasons, aggregate by aggregate."""
        found = await self._database.read(lambda tx: parked.waiting_aggregates(tx, self.consumer, reasons))
        for producer, aggregate_id in found:
            if producer == self._spec.producer:
                await self.release(aggregate_id, by="retry")

    async def release(self, aggregate_id: str, *, by: str) -> int:
        """Apply an aggregate's parked events, oldest first, up to the first that still fails.

        Returns:
            How many events were applied.
        """
        return await self._database.write(lambda tx: self._release(tx, aggregate_id, by=by))

    async def release_in(self, tx: Tx, aggregate_id: str, *, by: str) -> int:
        """As `release`, inside a transaction of the caller."""
        return await self._release(tx, aggregate_id, by=by)

    async def _release(self, tx: Tx, aggregate_id: str, *, by: str, past: int = 0) -> int:
        batch, _ = await self._begin(tx)
        place = await ordering.lock_place(tx, self.consumer, self._spec.producer, aggregate_id)
        place.last = first = max(place.last, past)
        place.parked_since = None
        await self._applying.release_waiting(batch, place, by=by)
        await ordering.save_place(tx, place)
        return place.last - first

    async def discard(self, tx: Tx, row: parked.ParkedRow, *, approved_by: str) -> None:
        """Give one parked event up: its aggregate's position moves past it and its followers are applied.

        Raises:
            parked.DiscardRefused: it waits no longer, nobody else has asked for it, or it is not the next of
                its aggregate: to move past an event that is missing would refuse it when it comes.
        """
        await watermarks.lock_positions(tx, self.consumer, self.topic)
        await parked.discard(tx, row, approved_by=approved_by)
        if row.aggregate_id is None or row.sequence is None:
            return
        place = await ordering.lock_place(tx, self.consumer, self._spec.producer, row.aggregate_id)
        if row.sequence != place.last + 1:
            raise parked.DiscardRefused("an earlier event of the aggregate waits or is missing")
        await self._release(tx, row.aggregate_id, by=approved_by, past=row.sequence)

    # -- circumstances ------------------------------------------------------------------------------

    async def _act(self, tx: Tx) -> Act:
        return Act(
            actor=f"service:{self.consumer}",
            actor_role="consumer",
            now=await self._domain_clock.now(tx),
            received_at=server_now(),
            correlation_id="",
            new_id=self._new_id,
            demonstration=self._domain_clock.demonstration,
        )


_REMEMBER = Sql(
    "INSERT INTO inbox (consumer, event_id, topic, partition, position, received_at)"
    " SELECT $1, u.id, $3, u.partition, u.position, $6::timestamptz"
    " FROM unnest($2::text[], string_to_array($4, ',')::int[], string_to_array($5, ',')::bigint[])"
    "  AS u(id, partition, position)"
    " ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id",
    "INSERT INTO inbox (consumer, event_id, topic, partition, position, received_at)"
    " SELECT $1, json_extract(value, '$[0]'), $3, json_extract(value, '$[1]'),"
    "  json_extract(value, '$[2]'), $6 FROM json_each($2) WHERE true"
    " ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id",
)
_DELIVERY_POSITION = Sql("SELECT pub_seq FROM delivery_position WHERE consumer = $1 AND topic = $2")
_MOVE_DELIVERY = Sql(
    "INSERT INTO delivery_position (consumer, topic, pub_seq) VALUES ($1, $2, $3)"
    " ON CONFLICT (consumer, topic) DO UPDATE SET pub_seq = excluded.pub_seq"
)
