"""The duty rota in the store."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from services.safety.domain.ids import DutyPeriodId, PersonId
from services.safety.domain.rota import EVERY_TRIAL, Duty, DutyPeriod
from services.safety.store.tables import DutyPeriodRow
from shared.database import Tx
from shared.rows import table_of, upsert_row

_PERIODS = table_of(DutyPeriodRow)

REMEMBERED = timedelta(days=14)


async def save_period(tx: Tx, period: DutyPeriod) -> None:
    await upsert_row(
        tx,
        _PERIODS,
        {
            "id": period.id,
            "trial_key": period.trial_code,
            "person": period.person,
            "name": period.name,
            "address": period.address,
            "duty": period.duty.value,
            "duty_order": period.order,
            "from_at": period.from_at,
            "until_at": period.until_at,
            "ended_at": period.ended_at,
        },
    )


async def load_period(tx: Tx, period_id: str) -> DutyPeriod | None:
    """The period, locked until the transaction ends."""
    statement = select(_PERIODS).where(_PERIODS.c.id == period_id).with_for_update()
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _period(row)


async def rota_of(tx: Tx, trial_key: str, now: datetime) -> list[DutyPeriod]:
    """The rota of a trial: its own periods first, then those of all trials.

    What is over since two weeks is left out, and so is what was ended before its time: a last step that finds
    nobody on duty calls every name, and should not call those who have left.
    """
    statement = select(_PERIODS).where(
        _PERIODS.c.trial_key.in_([EVERY_TRIAL, trial_key]),
        _PERIODS.c.until_at > now - REMEMBERED,
        (_PERIODS.c.ended_at.is_(None)) | (_PERIODS.c.ended_at > now),
    )
    periods = [_period(row) for row in await tx.execute(_ordered(statement))]
    return sorted(periods, key=lambda period: period.trial_code == EVERY_TRIAL)


async def list_periods(
    tx: Tx, *, trial_keys: frozenset[str] | None, after: str, limit: int
) -> list[DutyPeriod]:
    """Periods by id; of these trials and of all trials, or every period."""
    statement = select(_PERIODS).where(_PERIODS.c.id > after).order_by(_PERIODS.c.id).limit(limit)
    if trial_keys is not None:
        statement = statement.where(_PERIODS.c.trial_key.in_(sorted({*trial_keys, EVERY_TRIAL})))
    return [_period(row) for row in await tx.execute(statement)]


def _ordered(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(_PERIODS.c.duty_order, _PERIODS.c.from_at, _PERIODS.c.id)


def _period(row: Any) -> DutyPeriod:
    return DutyPeriod(
        id=DutyPeriodId(row.id),
        trial_code=row.trial_key,
        person=PersonId(row.person),
        name=row.name,
        address=row.address,
        duty=Duty(row.duty),
        order=row.duty_order,
        from_at=row.from_at,
        until_at=row.until_at,
        ended_at=row.ended_at,
    )
