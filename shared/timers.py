"""Due work, found in the store: no timer lives in memory, so a restart changes nothing.

Each service has a few `Timer`s. A turn asks each for its due work, in transactions of their own, until none has
any left. One process leads per service; every transaction of a turn names the leader's epoch, so a leader that
was paused and woke up after another took over writes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from shared.act import Act
from shared.clock import server_now
from shared.database import Database, Sql, StoreError, Tx, instant_parameter, read_optional_instant
from shared.domain_clock import DomainClock
from shared.ids import IdSource
from shared.leadership import LeadershipLost, leading

log = structlog.get_logger(__name__)

DoDue = Callable[[Tx, Act], Awaitable[int]]
"""Do a bounded amount of due work in this transaction; return how much was done, 0 when none is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    name: str
    do_due: DoDue


class TimerLoop:
    """Runs one service's timers, as their leader."""

    def __init__(
        self,
        *,
        service: str,
        timers: Sequence[Timer],
        database: Database,
        domain_clock: DomainClock,
        new_id: IdSource,
        holder: str,
        period_seconds: float = 1.0,
    ) -> None:
        self._service = service
        self._timers = timers
        self._database = database
        self._domain_clock = domain_clock
        self._new_id = new_id
        self._holder = holder
        self._period = period_seconds
        self._wakeup = asyncio.Event()
        self._epoch = 0

    @property
    def name(self) -> str:
        return f"timers:{self._service}"

    def wake(self) -> None:
        """Look for due work now (the domain clock was moved)."""
        self._wakeup.set()

    async def run(self) -> None:
        """Lead and run turns; when anything fails begin again; returns only when cancelled."""
        while True:
            try:
                async with leading(self._database, self.name) as lost:
                    self._epoch = await self._database.write(self._take_over)
                    while not lost.is_set():
                        self._wakeup.clear()
                        await self.turn()
                        await self._wait()
            except Exception as error:
                log.error("timers_interrupted", service=self._service, error=type(error).__name__)
            await asyncio.sleep(self._period)

    async def _wait(self) -> None:
        # Not `wait_for`: before Python 3.12 it loses a cancellation that meets the wake-up.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._period):
                await self._wakeup.wait()

    async def lead_once(self) -> None:
        """Take the lead without a lock, for tests and tools that run turns by hand."""
        self._epoch = await self._database.write(self._take_over)

    async def leads_still(self) -> bool:
        """Whether this process is, by the store, the one whose turns count."""
        rows = await self._database.read(lambda tx: tx.fetch(_HOLDER, self.name))
        return bool(rows) and rows[0][0] == self._holder

    async def turn(self) -> None:
        """Do everything that is due now, and note up to which domain time that was.

        A timer that fails does not hold up the others; nothing is noted then, and the next turn tries again.
        """
        until = await self._database.read(self._domain_clock.now)
        busy, failed = list(self._timers), False
        while busy:  # a round each, so that one with much to do does not keep the rest waiting
            for timer in list(busy):
                try:
                    if await self._database.write(partial(self._fenced, timer.do_due)):
                        continue
                except (StoreError, LeadershipLost):
                    raise
                except Exception as error:
                    log.error(
                        "timer_failed", service=self._service, timer=timer.name, error=type(error).__name__
                    )
                    failed = True
                busy.remove(timer)
        if not failed:
            await self._database.write(lambda tx: self._note(tx, until))

    async def _fenced(self, do_due: DoDue, tx: Tx) -> int:
        await self._renew(tx)
        return await do_due(tx, await self._act(tx))

    async def _renew(self, tx: Tx) -> None:
        now = instant_parameter(tx, server_now())
        if not await tx.fetch(_RENEW, self.name, self._epoch, now):
            raise LeadershipLost(self.name)

    async def _note(self, tx: Tx, until: datetime) -> None:
        await tx.fetch(_NOTE, self.name, self._epoch, instant_parameter(tx, until))

    async def _take_over(self, tx: Tx) -> int:
        rows = await tx.fetch(_TAKE_OVER, self.name, self._holder, instant_parameter(tx, server_now()))
        return int(rows[0][0])

    async def _act(self, tx: Tx) -> Act:
        return Act(
            actor=f"service:{self._service}",
            actor_role="timer",
            now=await self._domain_clock.now(tx),
            received_at=server_now(),
            correlation_id=self._new_id(),
            new_id=self._new_id,
            demonstration=self._domain_clock.demonstration,
        )


async def ran_until(tx: Tx, service: str) -> datetime | None:
    """Domain time up to which everything due has been done; None before the first turn."""
    rows = await tx.fetch(_RAN_UNTIL, f"timers:{service}")
    return read_optional_instant(rows[0][0]) if rows else None


_TAKE_OVER = Sql(
    "INSERT INTO work_leader (name, epoch, holder, renewed_at) VALUES ($1, 1, $2, $3) ON CONFLICT (name)"
    " DO UPDATE SET epoch = work_leader.epoch + 1, holder = excluded.holder, renewed_at = excluded.renewed_at"
    " RETURNING epoch"
)
_RENEW = Sql("UPDATE work_leader SET renewed_at = $3 WHERE name = $1 AND epoch = $2 RETURNING epoch")
_NOTE = Sql("UPDATE work_leader SET ran_until = $3 WHERE name = $1 AND epoch = $2")
_RAN_UNTIL = Sql("SELECT ran_until FROM work_leader WHERE name = $1")
_HOLDER = Sql("SELECT holder FROM work_leader WHERE name = $1")
