"""Holes in the numbers of other services' aggregates, as the inbox keeps them."""

from dataclasses import dataclass
from datetime import datetime

from shared.database import Sql, Tx, instant_parameter
from shared.parked import load_headers
from shared.partitions import NETWORK


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingGap:
    """An aggregate whose next event after `last_sequence` is missing while later ones wait."""

    producer: str
    aggregate_id: str
    last_sequence: int
    scope: str | None
    event_type: str


async def lasting_gaps(tx: Tx, before: datetime) -> list[LastingGap]:
    """Holes found before this instant of server time, with the type of the first event that waits."""
    return [
        LastingGap(
            producer=row[0],
            aggregate_id=row[1],
            last_sequence=row[2],
            scope=None if row[3] == NETWORK else row[3],
            event_type=dict(load_headers(bytes(row[4]))).get("ce_type", b"").decode(errors="replace"),
        )
        for row in await tx.fetch(_GAPS, instant_parameter(tx, before))
    ]


_GAPS = Sql(
    "SELECT a.producer, a.aggregate_id, a.last_sequence, e.partition_key, e.headers FROM aggregate_position a"
    " JOIN parked_event e ON e.consumer = a.consumer AND e.producer = a.producer AND e.aggregate_id = a.aggregate_id"
    "  AND e.state = 'parked' AND e.sequence = (SELECT min(w.sequence) FROM parked_event w"
    "   WHERE w.consumer = a.consumer AND w.producer = a.producer AND w.aggregate_id = a.aggregate_id"
    "   AND w.state = 'parked')"
    " WHERE a.consumer = 'safety' AND a.gap_since IS NOT NULL AND a.gap_since <= $1 LIMIT 50"
)
