"""Reading the event log: what was done to one thing, by whom, in order; and what was said of its trial meanwhile."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.database import Sql, Tx, instant_parameter, read_instant

MOST_SAID = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One row of the audit trail; `event_id` leads to what was said, `details` are the row's own where nothing was.

    `at` is domain time, `received_at` server time.
    """

    n: int
    action: str
    actor: str
    actor_role: str
    at: datetime
    received_at: datetime
    reason: str | None
    event_id: str | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One event as it was published."""

    event_id: str
    type: str
    aggregate_id: str
    at: datetime
    body: dict[str, Any]


async def log_of(tx: Tx, aggregate_id: str) -> list[LogLine]:
    """Everything done to one thing, oldest first."""
    return [
        LogLine(
            n=row[0],
            action=row[1],
            actor=row[2],
            actor_role=row[3],
            at=read_instant(row[4]),
            received_at=read_instant(row[5]),
            reason=row[6],
            event_id=row[7],
            details=json.loads(bytes(row[8] or b"{}")),
        )
        for row in await tx.fetch(_LOG, aggregate_id)
    ]


async def said_between(
    tx: Tx, trial_id: str, types: Sequence[str], since: datetime, until: datetime
) -> list[Said]:
    """Events of these types about a trial within a time, oldest first, at most `MOST_SAID`; one walk of the outbox."""
    window = (instant_parameter(tx, since), instant_parameter(tx, until))
    rows = await tx.fetch(_SAID, trial_id, json.dumps(list(types)), *window, MOST_SAID)
    return [
        Said(
            event_id=row[0],
            type=row[1],
            aggregate_id=row[2],
            at=read_instant(row[3]),
            body=json.loads(bytes(row[4])),
        )
        for row in rows
    ]


_LOG = Sql(
    "SELECT n, action, actor, actor_role, domain_at, at, reason, event_id, details"
    " FROM audit WHERE aggregate_id = $1 ORDER BY n"
)
_SAID = Sql(
    "SELECT event_id, type, aggregate_id, occurred_at, payload FROM outbox WHERE partition_key = $1"
    " AND type IN (SELECT jsonb_array_elements_text($2::jsonb)) AND occurred_at >= $3::timestamptz"
    " AND occurred_at <= $4::timestamptz ORDER BY seq LIMIT $5::bigint",
    "SELECT event_id, type, aggregate_id, occurred_at, payload FROM outbox WHERE partition_key = $1"
    " AND type IN (SELECT value FROM json_each($2)) AND occurred_at >= $3 AND occurred_at <= $4"
    " ORDER BY seq LIMIT $5",
)
