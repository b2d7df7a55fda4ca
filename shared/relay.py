"""The relay: publishes a service's outbox in order, marks what was acknowledged, and states closed time.

One relay is active per database and topic. Each turn:

1. *look*, in one transaction whose clock was read before its snapshot: am I still the leader, which rows are
   unsent (in `seq` order), what has each partition published so far;
2. *publish* them all through the transport;
3. *mark* the acknowledged prefix of each aggregate, fenced by the leader's epoch, with consecutive `pub_seq`,
   and advance each partition's count and digest and the audit anchor;
4. *watermark*, if nothing was left behind.

A crash between 2 and 3 repeats records and loses none.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from shared.audit import anchor_hash
from shared.clock import monotonic, server_now
from shared.database import Database, Row, Sql, Tx, instant_parameter, listed, read_instant
from shared.failpoints import failpoint
from shared.leadership import LeadershipLost, leading
from shared.metrics import Metrics
from shared.outbox_log import PUBLISHED, ROW, outgoing, published
from shared.partitions import PARTITIONS
from shared.transport import BATCH, OutgoingRecord, Transport
from shared.watermarks import Watermark, event_digest

log = structlog.get_logger(__name__)

WATERMARK_SECONDS_BUSY = 1.0
WATERMARK_SECONDS_IDLE = 5.0
POLL_SECONDS = 1.0
BATCHES_PER_TURN = 16
REPLAY_AGAIN_SECONDS = 0.5
REPLAY_LONGEST_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What one look saw."""

    closed_at: datetime
    pub_seq: int
    anchor: bytes
    partitions: dict[int, tuple[int, int]]
    rows: list["_Unsent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsent:
    outgoing: OutgoingRecord
    digest: int
    audit_hash: bytes


class Relay:
    """Publishes one topic of one service's database; unwoken it looks for rows every `poll_seconds`."""

    def __init__(
        self,
        *,
        service: str,
        topic: str,
        database: Database,
        transport: Transport,
        holder: str,
        metrics: Metrics,
        busy_seconds: float = WATERMARK_SECONDS_BUSY,
        idle_seconds: float = WATERMARK_SECONDS_IDLE,
        batches_per_turn: int = BATCHES_PER_TURN,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._service = service
        self._topic = topic
        self._database = database
        self._transport = transport
        self._holder = holder
        self._metrics = metrics
        self._busy_seconds = busy_seconds
        self._idle_seconds = idle_seconds
        self._batches_per_turn = batches_per_turn
        self._poll_seconds = poll_seconds
        self._wakeup = asyncio.Event()
        self._epoch = 0
        self._last_watermark = -1e9
        self._sent_since_watermark = True
        self._replay_pause = 0.0
        self._replay_after = {True: 0.0, False: 0.0}  # while busy, and while idle
        self.leads = False

    def wake(self) -> None:
        """There are new rows; called after a commit."""
        self._wakeup.set()

    async def run(self) -> None:
        """Lead, relay, and when anything fails begin again; returns only when cancelled."""
        pause = 0.1
        while True:
            try:
                async with leading(self._database, f"relay:{self._topic}") as lost:
                    self._epoch = await self._database.write(self._take_over)
                    self._metrics.relay_epoch.labels(self._topic).set(self._epoch)
                    self.leads, pause = True, 0.1
                    await self._lead(lost)
            except Exception as error:
                # Whatever it was: a relay that ends would stop this service's voice, and with it every
                # act that waits for it, until somebody looked.
                log.warning("relay_interrupted", topic=self._topic, error=type(error).__name__)
            finally:
                self.leads = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _lead(self, lost: asyncio.Event) -> None:
        pause = 0.0
        while not lost.is_set():
            self._wakeup.clear()
            more, clean = await self.turn()
            if clean:
                pause = 0.0
            else:
                pause = min(max(pause * 2, 0.1), 5.0)
                await asyncio.sleep(pause)
            if not more and clean:
                await self._wait()
        raise LeadershipLost(self._topic)

    async def _wait(self) -> None:
        left = self._last_watermark + self._watermark_period - monotonic()
        # Not `wait_for`: before Python 3.12 it loses a cancellation that meets the wake-up.
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(left, self._poll_seconds))):
                await self._wakeup.wait()

    @property
    def _watermark_period(self) -> float:
        return self._busy_seconds if self._sent_since_watermark else self._idle_seconds

    async def lead_once(self) -> None:
        """Take the lead without a lock, for tests and tools that run turns by hand."""
        self._epoch = await self._database.write(self._take_over)

    async def turn(self) -> tuple[bool, bool]:
        """One round of look, publish, mark and watermark.

        Returns:
            Whether more rows may be waiting, and whether everything handed over was acknowledged.
        """
        view = await self._look()
        busy = bool(view.rows)
        for _ in range(self._batches_per_turn):
            if not view.rows:
                break
            view, failed = await self._publish(view)
            if failed:
                await self._note_failures(failed)
                return True, False
        if view.rows:
            return True, True
        await self._watermark(view)  # before the replay: a long one must not make everybody's news old
        return await self._replay_once(busy=busy), True

    async def _publish(self, view: _View) -> tuple[_View, list[tuple[_Unsent, BaseException]]]:
        """Send what was seen and mark what was acknowledged; return what comes next, and what failed."""
        failpoint("relay_before_send")
        started = monotonic()
        answers = await self._transport.publish([row.outgoing for row in view.rows])
        self._metrics.relay_publish_seconds.observe(monotonic() - started)
        failpoint("relay_after_send")
        sent, failed = _acknowledged_prefix(view.rows, answers)
        if failed or len(view.rows) < BATCH:
            view = replace(await self._mark(view, sent), rows=[]) if sent else view
        else:
            view = await self._mark_and_look(view, sent)
        if sent:
            self._sent_since_watermark = True
            self._transport.marked(self._topic)
        return view, failed

    async def _mark_and_look(self, view: _View, sent: list[_Unsent]) -> _View:
        """Mark a full batch while the next one is fetched: the database works beside this process.

        What is being marked is left out by name, not by its place: a row may come to light before it, and must
        not be overtaken by a later one of its aggregate.
        """
        ahead = asyncio.create_task(self._look(without=[row.outgoing.seq for row in sent]))
        try:
            marked = await self._mark(view, sent)
            seen = await ahead
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
        # The counts are the mark's: whether the look saw it is chance.
        return replace(marked, closed_at=seen.closed_at, rows=seen.rows)

    # -- look ---------------------------------------------------------------------------------------

    async def _look(self, *, without: Sequence[int] = ()) -> _View:
        # The clock is read before the snapshot: whatever was acknowledged before it is then visible.
        host_clock = server_now()

        async def look(tx: Tx) -> _View:
            leader = await tx.fetch(_LEADER, self._topic)
            if not leader or leader[0][0] != self._epoch:
                raise LeadershipLost(self._topic)
            unmarked = listed(without) if tx.dialect == "postgresql" else json.dumps(list(without))
            rows = await tx.fetch(_UNSENT, self._topic, BATCH, unmarked)
            state = await tx.fetch(_STATE, self._topic)
            return _View(
                closed_at=read_instant(leader[0][3]) if tx.dialect == "postgresql" else host_clock,
                pub_seq=leader[0][1],
                anchor=bytes(leader[0][2]),
                partitions={row[0]: (row[1], row[2]) for row in state},
                rows=[_unsent(self._topic, row) for row in rows],
            )

        # As a write: on SQLite the one writer connection always sees its own commits, while a reader's
        # snapshot may be pinned by a cursor that somebody left unfinished.
        return await self._database.write(look)

    # -- mark ---------------------------------------------------------------------------------------

    async def _mark(self, view: _View, sent: list[_Unsent]) -> _View:
        partitions = dict(view.partitions)
        anchor = view.anchor
        for row in sent:
            n, h = partitions.get(row.outgoing.record.partition, (0, 0))
            partitions[row.outgoing.record.partition] = (n + 1, h ^ row.digest)
            anchor = anchor_hash(anchor, row.audit_hash)

        async def mark(tx: Tx) -> None:
            fenced = await tx.fetch(_ADVANCE, self._topic, self._epoch, len(sent), anchor)
            if not fenced:
                raise LeadershipLost(self._topic)
            first = fenced[0][0] - len(sent) + 1
            now = instant_parameter(tx, server_now())
            seqs = [row.outgoing.seq for row in sent]
            if tx.dialect == "postgresql":
                await tx.fetch(_MARK_POSTGRESQL, listed(seqs), first, now)
            else:
                await tx.fetch_each(_MARK_SQLITE, [(seq, first + i, now) for i, seq in enumerate(seqs)])
            changed = sorted({row.outgoing.record.partition for row in sent})
            if tx.dialect == "postgresql":
                counts = [list(column) for column in zip(*(partitions[p] for p in changed), strict=True)]
                await tx.fetch(_SAVE_STATES_POSTGRESQL, self._topic, changed, *counts)
            else:
                await tx.fetch_each(_SAVE_STATE, [(self._topic, p, *partitions[p]) for p in changed])

        await self._database.write(mark)
        return replace(view, pub_seq=view.pub_seq + len(sent), anchor=anchor, partitions=partitions)

    async def _note_failures(self, failed: list[tuple[_Unsent, BaseException]]) -> None:
        log.error("publish_failed", topic=self._topic, rows=len(failed), error=type(failed[0][1]).__name__)
        notes = [(row.outgoing.seq, type(error).__name__) for row, error in failed]
        await self._database.write(lambda tx: tx.fetch_each(_NOTE_FAILURE, notes))

    # -- watermark ----------------------------------------------------------------------------------

    async def _watermark(self, view: _View) -> None:
        if monotonic() - self._last_watermark < self._watermark_period:
            return
        marks = [
            Watermark(
                topic=self._topic,
                partition=partition,
                closed_at=view.closed_at,
                pub_seq=view.pub_seq,
                epoch=self._epoch,
                n=view.partitions.get(partition, (0, 0))[0],
                h=view.partitions.get(partition, (0, 0))[1],
            )
            for partition in range(PARTITIONS)
        ]
        await self._transport.watermark(self._service, marks)
        self._last_watermark = monotonic()
        self._sent_since_watermark = False

    # -- replay -------------------------------------------------------------------------------------

    async def _replay_once(self, *, busy: bool) -> bool:
        """Hand one batch of an open replay request over again; false when there is none, or it must wait."""
        if monotonic() < self._replay_after[busy]:
            return False
        # New rows come first, but a steady stream of them must not starve a replay.
        self._replay_after[True] = monotonic() + REPLAY_AGAIN_SECONDS
        requests = await self._database.read(lambda tx: tx.fetch(_OPEN_REPLAY, self._topic))
        if not requests:
            return False
        request_id, consumer, partition, scope, after, until = requests[0]
        rows = await self._database.read(
            lambda tx: tx.fetch(PUBLISHED, self._topic, after, until, partition, scope, BATCH)
        )
        if rows:
            batch = [published(self._topic, row) for row in rows]
            try:
                await self._transport.republish(batch, consumer)
            except Exception as error:
                # Whoever cannot take old events must not keep the new ones from everybody else.
                log.warning("replay_waits", topic=self._topic, error=type(error).__name__)
                pause = min(max(self._replay_pause * 2, REPLAY_AGAIN_SECONDS), REPLAY_LONGEST_SECONDS)
                self._replay_pause = pause
                self._replay_after = dict.fromkeys((True, False), monotonic() + pause)
                return False
            self._replay_pause = 0.0
        finished = len(rows) < BATCH
        reached = until if finished else rows[-1][1]

        async def advance(tx: Tx) -> None:
            now = instant_parameter(tx, server_now()) if finished else None
            await tx.fetch(_ADVANCE_REPLAY, request_id, reached, now)

        await self._database.write(advance)
        return True

    async def _take_over(self, tx: Tx) -> int:
        return int((await tx.fetch(_TAKE_OVER, self._topic, self._holder, b""))[0][0])


def _unsent(topic: str, row: Row) -> _Unsent:
    return _Unsent(
        outgoing=outgoing(topic, row, position=-1),
        digest=event_digest(row[2], bytes(row[13])),
        audit_hash=bytes(row[14]),
    )


def _acknowledged_prefix(
    rows: Sequence[_Unsent], answers: Sequence[BaseException | None]
) -> tuple[list[_Unsent], list[tuple[_Unsent, BaseException]]]:
    """After a failed row the later rows of its aggregate stay unsent, so that order holds."""
    stopped: set[str] = set()
    sent: list[_Unsent] = []
    failed: list[tuple[_Unsent, BaseException]] = []
    for row, error in zip(rows, answers, strict=True):
        if error is not None:
            stopped.add(row.outgoing.aggregate_id)
            failed.append((row, error))
        elif row.outgoing.aggregate_id not in stopped:
            sent.append(row)
    return sent, failed


def wake_all(relays: Sequence[Relay]) -> Callable[[], None]:
    """One callback that wakes several relays."""

    def wake() -> None:
        for relay in relays:
            relay.wake()

    return wake


# The server's clock at BEGIN, which is before the snapshot of any statement; SQLite has the host's alone.
_LEADER = Sql(
    "SELECT epoch, pub_seq, anchor_hash, now() FROM relay_leader WHERE topic = $1",
    "SELECT epoch, pub_seq, anchor_hash, NULL FROM relay_leader WHERE topic = $1",
)
_UNSENT = Sql(
    f"SELECT {ROW} FROM outbox WHERE topic = $1 AND sent_at IS NULL AND seq NOT IN"
    " (SELECT unnest(string_to_array($3, ',')::bigint[])) ORDER BY seq LIMIT $2",
    f"SELECT {ROW} FROM outbox WHERE topic = $1 AND sent_at IS NULL"
    " AND seq NOT IN (SELECT value FROM json_each($3)) ORDER BY seq LIMIT $2",
)
_STATE = Sql("SELECT partition, n, h FROM relay_state WHERE topic = $1")
_TAKE_OVER = Sql(
    "INSERT INTO relay_leader (topic, epoch, pub_seq, holder, anchor_hash) VALUES ($1, 1, 0, $2, $3)"
    " ON CONFLICT (topic) DO UPDATE SET epoch = relay_leader.epoch + 1, holder = excluded.holder RETURNING epoch"
)
_ADVANCE = Sql(
    "UPDATE relay_leader SET pub_seq = pub_seq + $3, anchor_hash = $4 WHERE topic = $1 AND epoch = $2"
    " RETURNING pub_seq"
)
_MARK_POSTGRESQL = Sql(
    "UPDATE outbox SET sent_at = $3, pub_seq = $2::bigint + u.place - 1"
    " FROM unnest(string_to_array($1, ',')::bigint[]) WITH ORDINALITY AS u(seq, place) WHERE outbox.seq = u.seq"
)
_MARK_SQLITE = Sql("UPDATE outbox SET pub_seq = $2, sent_at = $3 WHERE seq = $1")
_SAVE_STATE = Sql(
    "INSERT INTO relay_state (topic, partition, n, h) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (topic, partition) DO UPDATE SET n = excluded.n, h = excluded.h"
)
_SAVE_STATES_POSTGRESQL = Sql(
    "INSERT INTO relay_state (topic, partition, n, h)"
    " SELECT $1, u.partition, u.n, u.h FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS u(partition, n, h)"
    " ON CONFLICT (topic, partition) DO UPDATE SET n = excluded.n, h = excluded.h"
)
_NOTE_FAILURE = Sql("UPDATE outbox SET attempts = attempts + 1, last_error = $2 WHERE seq = $1")
_OPEN_REPLAY = Sql(
    "SELECT id, consumer, partition, partition_key, after_pub_seq, until_pub_seq FROM replay_request"
    " WHERE topic = $1 AND finished_at IS NULL ORDER BY id LIMIT 1"
)
_ADVANCE_REPLAY = Sql("UPDATE replay_request SET after_pub_seq = $2, finished_at = $3 WHERE id = $1")
