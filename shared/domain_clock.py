"""Domain time: what windows, expiries, ages and deadlines count from.

In development and production it is the server's clock. In a demonstration it may be moved forward, by an
authenticated act, so that a 28-day window can be lived through in a minute; it never goes back, and timers run
as they would. The shift is kept in the store, because several processes of one service must agree on it.
"""

from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import server_now
from shared.database import Sql, Tx


class ClockCannotGoBack(Exception):
    """Domain time moves forward only."""


class DomainClock(Protocol):
    @property
    def demonstration(self) -> bool:
        """Whether records made on this clock must be marked as demonstration time."""
        ...

    async def now(self, tx: Tx) -> datetime:
        """The present instant for the domain, aware UTC."""
        ...


class RealDomainClock:
    """Domain time is server time."""

    @property
    def demonstration(self) -> bool:
        return False

    async def now(self, tx: Tx) -> datetime:
        return server_now()


class DemonstrationClock:
    """Server time plus a shift that only grows."""

    @property
    def demonstration(self) -> bool:
        return True

    async def now(self, tx: Tx) -> datetime:
        return server_now() + await self._shift(tx)

    async def move_to(self, tx: Tx, instant: datetime) -> datetime:
        """Let it be `instant` now; return it.

        Raises:
            ClockCannotGoBack: domain time is later than that already.
        """
        shift = instant - server_now()
        microseconds = round(shift / timedelta(microseconds=1))
        if microseconds < 0 or not await tx.fetch(_SAVE_SHIFT, str(microseconds)):
            raise ClockCannotGoBack
        return instant

    async def _shift(self, tx: Tx) -> timedelta:
        rows = await tx.fetch(_SHIFT)
        return timedelta(microseconds=int(rows[0][0])) if rows else timedelta()


_SHIFT = Sql("SELECT value FROM store_profile WHERE name = 'domain_shift_microseconds'")
_SAVE_SHIFT = Sql(
    "INSERT INTO store_profile (name, value) VALUES ('domain_shift_microseconds', $1)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    " WHERE CAST(store_profile.value AS bigint) <= CAST(excluded.value AS bigint) RETURNING name"
)
