"""Dates that sites stated with their requests, by screening."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from services.enrolment.domain.dated_requests import NOTHING_STATED, StatedDates
from services.enrolment.store.downtime_tables import DatedRequestRow
from shared.database import Tx
from shared.rows import table_of, upsert
from shared.writes import Write

_REQUESTS = table_of(DatedRequestRow)
_SAVE = upsert(_REQUESTS)
_STATED = (_REQUESTS.c.earliest_start_on, _REQUESTS.c.washout_ends_on, _REQUESTS.c.priority_reason)


def new_dates(tx: Tx, values: Mapping[str, Any]) -> Write:
    """To be stored with the audit row that tells of it."""
    return _SAVE.write(tx, values)


async def dates_of(tx: Tx, screening_id: str) -> StatedDates:
    """What was stated last for a screening."""
    found = await tx.execute(select(*_STATED).where(_REQUESTS.c.screening_id == screening_id))
    row = found.first()
    return NOTHING_STATED if row is None else StatedDates(**dict(row._mapping))


async def dates_in_trial(tx: Tx, trial_id: str) -> dict[str, StatedDates]:
    """What was stated last, for every screening of a trial of which anything was."""
    rows = await tx.execute(
        select(_REQUESTS.c.screening_id, *_STATED).where(_REQUESTS.c.trial_id == trial_id)
    )
    stated = (dict(row._mapping) for row in rows)
    return {values.pop("screening_id"): StatedDates(**values) for values in stated}
