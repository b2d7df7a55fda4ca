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
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import structlog
from pydantic import ValidationError

from shared import ordering, parked, watermarks
from shared.act import Act
from shared.clock import server_now
from shared.consumer import Consumer, Effect, Parked, Projections, Received
from shared.database import Database, GuardTooOld, Sql, StoreError, StoreUnavailable, Tx, instant_parameter
from shared.domain_clock import DomainClock
from shared.envelope import Envelope, Record, Unreadable, read_envelope, read_headers
from shared.failpoints import failpoint
from shared.ids import IdSource
from shared.metrics import Metrics
from shared.partitions import PARTITIONS
from shared.signing import SignatureCheck, accept_unsigned

log = structlog.get_logger(__name__)

ATTEMPTS = 3
RETRY_SECONDS = 120.0
RETRY_FIRST_SECONDS = 0.1
RETRY_LONGEST_SECONDS = 5.0
FAULT_IS_OURS_FROM = 10


class FaultIsOurs(Exception):
    """More than half of a batch failed: not the events are bad but this process; nothing was kept."""


@dataclass(slots=True, kw_only=True)
class Reading:
    """One record as read outside the transaction: an event, a watermark, or something for quarantine."""

    record: Record
    envelope: Envelope | None = None
    mark: watermarks.Watermark | None = None
    effect: Effect | None = None
    received: Received[Any] | None = None
    digest: int = 0
    quarantine: str | None = None
    problem: str | None = None
    """Why a readable event cannot be applied: unknown_type or bad_body; it is parked with its aggregate."""
    error: str | None = None

    @property
    def event(self) -> Envelope:
        assert self.envelope is not None
        return self.envelope


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What one transaction knows while it works."""

    tx: Tx
    act: Act
    rebuilding: bool
    careful: bool
    uncounted: set[str] = field(default_factory=set)
    parked: int = 0
    applied: int = 0


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
        self._signature_check = signature_check
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
        readings = [self._read(record) for record in records]
        try:
            await self._commit(readings, delivered, careful=False)
        except StoreError:
            raise
        except Exception as error:
            self._metrics.inbox_bisect_total.labels(self.consumer).inc()
            log.warning("batch_failed", consumer=self.consumer, error=type(error).__name__)
            await self._commit(readings, delivered, careful=True)
        failpoint("inbox_after_commit")

    async def _commit(self, readings: list[Reading], delivered: int | None, *, careful: bool) -> None:
        pause, waited = RETRY_FIRST_SECONDS, 0.0
        while True:
            try:
                await self._database.write(lambda tx: self._take(tx, readings, delivered, careful=careful))
                return
            except (StoreUnavailable, GuardTooOld):
                if waited >= self._retry_seconds:
                    raise
                await asyncio.sleep(pause)
                waited += pause
                pause = min(pause * 2, RETRY_LONGEST_SECONDS)

    async def _take(self, tx: Tx, readings: list[Reading], delivered: int | None, *, careful: bool) -> None:
        positions = await watermarks.lock_positions(tx, self.consumer, self.topic)
        batch = _Batch(
            tx=tx,
            act=await self._act(tx),
            rebuilding=any(position.state == "rebuilding" for position in positions.values()),
            careful=careful,
        )
        for reading in readings:
            if reading.quarantine is not None:
                await self._quarantine(batch, reading, reading.quarantine)
        fresh = await self._remember(tx, [reading for reading in readings if reading.envelope is not None])
        if careful:
            await self._apply_by_halves(batch, fresh)
            if len(fresh) >= FAULT_IS_OURS_FROM and batch.parked * 2 > len(fresh):
                raise FaultIsOurs(f"{batch.parked} of {len(fresh)} events failed")
        else:
            await self._apply(batch, fresh)
        counted = {id(reading) for reading in fresh if reading.event.id not in batch.uncounted}
        await self._advance(batch, positions, readings, counted)
        if delivered is not None:
            await tx.fetch(_MOVE_DELIVERY, self.consumer, self.topic, delivered)
        events = sum(reading.envelope is not None for reading in readings)
        repeats = events - len(fresh)
        tx.after_commit(lambda: self._metrics.inbox_repeats_total.labels(self.consumer).inc(repeats))

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
                [unique[i].record.partition for i in ids],
                [unique[i].record.position for i in ids],
                now,
            )
        else:
            listed = [[i, unique[i].record.partition, unique[i].record.position] for i in ids]
            rows = await tx.fetch(_REMEMBER, self.consumer, json.dumps(listed), self.topic, None, None, now)
        taken = {row[0] for row in rows}
        return [reading for event_id, reading in unique.items() if event_id in taken]

    # -- applying -----------------------------------------------------------------------------------

    async def _apply_by_halves(self, batch: _Batch, events: list[Reading]) -> None:
        if not events:
            return
        for _ in range(ATTEMPTS if len(events) == 1 else 1):
            before = set(batch.uncounted), batch.parked
            try:
                async with batch.tx.savepoint():
                    await self._apply(batch, events)
                return
            except StoreError:
                raise
            except Exception as error:
                batch.uncounted, batch.parked = before
                failure = error
        if len(events) == 1:
            events[0].problem, events[0].error = "handler_failed", type(failure).__name__
            await self._apply(batch, events)
            return
        middle = len(events) // 2
        await self._apply_by_halves(batch, events[:middle])
        await self._apply_by_halves(batch, events[middle:])

    async def _apply(self, batch: _Batch, events: list[Reading]) -> None:
        by_aggregate: dict[str, list[Reading]] = {}
        for reading in events:
            by_aggregate.setdefault(reading.event.subject, []).append(reading)
        in_order = await ordering.advance_in_order(batch.tx, self.consumer, self._spec.producer, by_aggregate)
        await self._run_effects(batch, [reading for reading in events if reading.event.subject in in_order])
        for aggregate_id, readings in by_aggregate.items():
            if aggregate_id not in in_order:
                await self._walk(batch, aggregate_id, readings)

    async def _run_effects(self, batch: _Batch, events: list[Reading]) -> None:
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
                    await effect.react(batch.tx, self._caused(batch.act, one.envelope), one)
        batch.applied += len(events)

    async def _walk(self, batch: _Batch, aggregate_id: str, readings: list[Reading]) -> None:
        """The slow path of an aggregate with a hole, a parked event or a repeated number: one by one."""
        place = await ordering.lock_place(batch.tx, self.consumer, self._spec.producer, aggregate_id)
        for reading in readings:
            sequence = reading.event.sequence
            if sequence <= place.last or (place.parked_since and sequence == place.last + 1):
                await self._refuse_reused(batch, reading)
            elif place.parked_since:
                await self._park(batch, reading, "follower")
            elif sequence > place.last + 1:
                place.gap_since = place.gap_since or server_now()
                await self._park(batch, reading, "gap")
            elif await self._apply_one(batch, place, reading):
                await self._release_waiting(batch, place)
        await ordering.save_place(batch.tx, place)

    async def _apply_one(self, batch: _Batch, place: ordering.Place, reading: Reading) -> bool:
        """Apply the next event of an aggregate, or park it and say so."""
        problem, error = await self._try(batch, reading)
        if problem is None:
            place.last += 1
            return True
        place.parked_since = server_now()
        await self._park(batch, reading, problem, error)
        return False

    async def _release_waiting(self, batch: _Batch, place: ordering.Place, *, by: str = "order") -> None:
        """Apply what waited behind the event just applied, as far as it goes without a hole or a failure."""
        while waiting := await parked.next_waiting(
            batch.tx, self.consumer, place.producer, place.aggregate_id, place.last + 1
        ):
            parked_id, record = waiting
            problem, error = await self._try(batch, self._read(record))
            if problem is not None:
                place.parked_since = place.parked_since or server_now()
                await parked.note_failure(batch.tx, parked_id, reason=problem, error=error)
                return
            place.last += 1
            await parked.resolve(batch.tx, parked_id, by=by)
        remaining = await parked.count_waiting(batch.tx, self.consumer, place.producer, place.aggregate_id)
        place.gap_since = (place.gap_since or server_now()) if remaining else None

    async def _try(self, batch: _Batch, reading: Reading) -> tuple[str | None, str | None]:
        if reading.problem is not None or reading.envelope is None:
            return reading.problem or reading.quarantine or "unreadable", reading.error
        try:
            async with batch.tx.savepoint():
                await self._run_effects(batch, [reading])
        except StoreError:
            raise
        except Exception as error:
            log.warning(
                "event_failed", consumer=self.consumer, type=reading.event.type, error=type(error).__name__
            )
            return "handler_failed", type(error).__name__
        return None, None

    async def _park(self, batch: _Batch, reading: Reading, reason: str, error: str | None = None) -> None:
        await parked.park(
            batch.tx,
            self.consumer,
            reading.record,
            reading.event,
            reason=reason,
            error=error or reading.error,
        )
        if reason not in ("follower", "gap"):
            batch.parked += 1
        self._alarm_after(batch.tx, reason)
        if reason != "follower":
            event = reading.event
            told = Parked(
                producer=event.producer,
                event_type=event.type,
                event_id=event.id,
                partition_key=event.partition_key,
                reason=reason,
            )
            await self._projections.on_parked(batch.tx, self._caused(batch.act, event), told)

    async def _refuse_reused(self, batch: _Batch, reading: Reading) -> None:
        """Another event already has this number: this one is not its producer's, and must occupy no id."""
        await batch.tx.fetch(_FORGET, self.consumer, reading.event.id)
        batch.uncounted.add(reading.event.id)
        await self._quarantine(batch, reading, "sequence_reused")

    async def _quarantine(self, batch: _Batch, reading: Reading, reason: str) -> None:
        if not await parked.quarantine(
            batch.tx, self.consumer, self._spec.producer, reading.record, reason=reason
        ):
            return
        self._alarm_after(batch.tx, reason)
        told = Parked(
            producer=self._spec.producer, event_type=None, event_id=None, partition_key=None, reason=reason
        )
        await self._projections.on_parked(batch.tx, batch.act, told)

    def _alarm_after(self, tx: Tx, reason: str) -> None:
        def alarm() -> None:
            self._metrics.parked_events.labels(self.consumer, reason).inc()
            log.error("event_parked", consumer=self.consumer, producer=self._spec.producer, reason=reason)

        tx.after_commit(alarm)

    # -- positions ----------------------------------------------------------------------------------

    async def _advance(
        self,
        batch: _Batch,
        positions: dict[int, watermarks.Position],
        readings: list[Reading],
        counted: set[int],
    ) -> None:
        """Count the new events and apply the watermarks, in the order of each partition."""
        before = dict(positions)
        now: datetime | None = None
        for reading in readings:
            place = positions.get(reading.record.partition)
            if place is None:
                continue
            if reading.mark is not None:
                now = now or await watermarks.database_clock(batch.tx)
                positions[place.partition] = watermarks.apply_watermark(place, reading.mark, now=now)
            elif id(reading) in counted:
                positions[place.partition] = place.counted(reading.digest)
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

    async def _finish_rebuild(self, batch: _Batch) -> None:
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

    async def _release(self, tx: Tx, aggregate_id: str, *, by: str, past: int | None = None) -> int:
        await watermarks.lock_positions(tx, self.consumer, self.topic)
        batch = _Batch(tx=tx, act=await self._act(tx), rebuilding=False, careful=True)
        place = await ordering.lock_place(tx, self.consumer, self._spec.producer, aggregate_id)
        if past is not None:
            place.last = max(place.last, past)
        first = place.last
        place.parked_since = None
        await self._release_waiting(batch, place, by=by)
        await ordering.save_place(tx, place)
        return place.last - first

    async def discard(self, tx: Tx, row: parked.ParkedRow, *, approved_by: str) -> None:
        """Give one parked event up: its aggregate's position moves past it and its followers are applied."""
        await parked.discard(tx, row.id, approved_by=approved_by)
        if row.aggregate_id is not None and row.sequence is not None:
            await self._release(tx, row.aggregate_id, by=approved_by, past=row.sequence)

    # -- reading ------------------------------------------------------------------------------------

    def _read(self, record: Record) -> Reading:
        try:
            texts = read_headers(record.headers)
            if texts.get("ce_type") == watermarks.watermark_type(self._spec.producer):
                return self._read_watermark(record, texts)
            envelope = read_envelope(record.headers)
        except Unreadable as error:
            return Reading(record=record, quarantine="unreadable", error=str(error))
        reason = self._why_not_genuine(record, envelope)
        if reason is not None:
            return Reading(record=record, quarantine=reason)
        reading = Reading(
            record=record, envelope=envelope, digest=watermarks.event_digest(envelope.id, record.value or b"")
        )
        self._read_body(reading, envelope, record.value)
        return reading

    def _read_watermark(self, record: Record, texts: dict[str, str]) -> Reading:
        if not self._signature_check(record, texts):
            return Reading(record=record, quarantine="bad_signature")
        return Reading(record=record, mark=watermarks.from_record(record))

    def _why_not_genuine(self, record: Record, envelope: Envelope) -> str | None:
        if envelope.producer != self._spec.producer or not envelope.type.startswith(f"{envelope.producer}."):
            return "wrong_producer"
        if envelope.partition != record.partition:
            return "wrong_partition"
        if envelope.blinding != "blinded":
            return "unblinded_on_main_topic"
        if not self._signature_check(record, read_headers(record.headers)):
            return "bad_signature"
        return None

    def _read_body(self, reading: Reading, envelope: Envelope, value: bytes | None) -> None:
        effect = self._spec.effects.get(envelope.type)
        if effect is None:
            if envelope.type not in self._spec.ignored:
                reading.problem = "unknown_type"
            return
        try:
            body = effect.model.model_validate_json(value or b"")
        except ValidationError as error:
            reading.problem, reading.error = "bad_body", f"{error.error_count()} errors"
            return
        reading.effect, reading.received = effect, Received(body=body, envelope=envelope)

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

    def _caused(self, act: Act, envelope: Envelope) -> Act:
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


_REMEMBER = Sql(
    "INSERT INTO inbox (consumer, event_id, topic, partition, position, received_at)"
    " SELECT $1, u.id, $3, u.partition, u.position, $6::timestamptz"
    " FROM unnest($2::text[], $4::int[], $5::bigint[]) AS u(id, partition, position)"
    " ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id",
    "INSERT INTO inbox (consumer, event_id, topic, partition, position, received_at)"
    " SELECT $1, json_extract(value, '$[0]'), $3, json_extract(value, '$[1]'),"
    "  json_extract(value, '$[2]'), $6 FROM json_each($2) WHERE true"
    " ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id",
)
_FORGET = Sql("DELETE FROM inbox WHERE consumer = $1 AND event_id = $2")
_DELIVERY_POSITION = Sql("SELECT pub_seq FROM delivery_position WHERE consumer = $1 AND topic = $2")
_MOVE_DELIVERY = Sql(
    "INSERT INTO delivery_position (consumer, topic, pub_seq) VALUES ($1, $2, $3)"
    " ON CONFLICT (consumer, topic) DO UPDATE SET pub_seq = excluded.pub_seq"
)
