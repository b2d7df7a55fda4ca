"""The outbox as a log: its rows as records, for the relay and for the direct transport's readers."""

from shared.database import Database, Row, Sql, read_instant
from shared.envelope import Record, headers_of, source_of
from shared.transport import BATCH, OutgoingRecord


class OutboxLog:
    """A producer's published rows, as the direct transport reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def published_after(self, topic: str, pub_seq: int, until: int | None) -> list[Record]:
        limit = until if until is not None else 2**62
        rows = await self._database.read(
            lambda tx: tx.fetch(PUBLISHED, topic, pub_seq, limit, None, None, BATCH)
        )
        return [published(topic, row).record for row in rows]

    async def last_pub_seq(self, topic: str) -> int:
        rows = await self._database.read(lambda tx: tx.fetch(_LAST, topic))
        return int(rows[0][0]) if rows else 0


def published(topic: str, row: Row) -> OutgoingRecord:
    """An outbox row that has been published; its position is its `pub_seq`."""
    return outgoing(topic, row, position=row[1])


def outgoing(topic: str, row: Row, *, position: int) -> OutgoingRecord:
    """A row with the columns of `ROW` as a record."""
    headers = headers_of(
        id=row[2],
        source=source_of(topic.partition(".")[0]),
        type=row[3],
        time=read_instant(row[12]),
        subject=row[5],
        dataschema=row[4],
        partition_key=row[7],
        sequence=row[6],
        correlation_id=row[10],
        causation_id=row[9],
        blinding=row[8],
        traceparent=row[11],
    )
    record = Record(topic=topic, partition=row[15], position=position, headers=headers, value=bytes(row[13]))
    return OutgoingRecord(seq=row[0], aggregate_id=row[5], record=record)


ROW = (
    "seq, pub_seq, event_id, type, dataschema, aggregate_id, aggregate_version, partition_key, blinding,"
    " causation_id, correlation_id, traceparent, occurred_at, payload, audit_hash, partition"
)
PUBLISHED = Sql(
    f"SELECT {ROW} FROM outbox WHERE topic = $1 AND pub_seq > $2 AND pub_seq <= $3"
    " AND ($4::int IS NULL OR partition = $4) AND ($5::text IS NULL OR partition_key = $5)"
    " ORDER BY pub_seq LIMIT $6"
)
_LAST = Sql("SELECT pub_seq FROM relay_leader WHERE topic = $1")
