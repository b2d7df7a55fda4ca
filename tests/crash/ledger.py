"""Two checkers that do not share a line: the books over HTTP, and the three store files read with plain SQL."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from deploy.trialops.demo.books import Books, read_books
from deploy.trialops.demo.play import audit_reports
from deploy.trialops.home import SERVICES
from tests.crash.story import CODE, Trial


async def assert_books_are_clean(trial: Trial) -> Books:
    """Everything said was heard once, every copy equals its rebuild, every audit chain is true."""
    stage = trial.stage
    for service in SERVICES:
        await stage.operator.post(service, "/delivery/audit-heads")
    await stage.quiet()
    books = await read_books(stage, CODE)
    assert (books.lost, books.doubled) == (0, 0), books.details
    reports = await audit_reports(stage)
    assert all(report["ok"] for report in reports), reports
    return books


def count(books: Books, service: str, event_type: str, aggregate_id: str | None = None) -> int:
    """How many events of a type a service has published, of one aggregate or of all."""
    return sum(
        event["type"] == f"{service}.{event_type}.v1" and aggregate_id in (None, event["aggregate_id"])
        for event in books.published[service]
    )


def faults_in_files(home: Path) -> list[str]:
    """What the three store files of a stopped installation say against themselves and each other."""
    return [fault for service in SERVICES for fault in _faults(home, service)]


def assert_files_are_clean(home: Path) -> None:
    assert faults_in_files(home) == []


def rows(home: Path, service: str, statement: str, *parameters: Any) -> Sequence[Any]:
    """Rows of one store file of a stopped installation."""
    with _opened(home, service) as store:
        return store.execute(statement, parameters).fetchall()


def keys_answered(home: Path) -> Counter[str]:
    """Idempotency keys that a success is kept under, in all three stores."""
    return Counter(
        row[0] for service in SERVICES for row in rows(home, service, "SELECT key FROM idempotency")
    )


@contextmanager
def _opened(home: Path, service: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(home / f"{service}.sqlite3")) as store:
        yield store


def _faults(home: Path, service: str) -> Iterator[str]:
    for name, statement in _MUST_BE_EMPTY.items():
        found = rows(home, service, statement)
        if found:
            yield f"{service}: {name}: {found[:3]}"
    if rows(home, service, "PRAGMA integrity_check") != [("ok",)]:
        yield f"{service}: the file is damaged"
    published = {row[0] for row in rows(home, service, "SELECT event_id FROM outbox")}
    for consumer in SERVICES:
        if consumer != service:
            topic = f"{service}.events.v1"
            taken = rows(home, consumer, "SELECT event_id FROM inbox WHERE topic = ?", topic)
            if {row[0] for row in taken} != published or len(taken) != len(published):
                yield f"{service} to {consumer}: {len(published)} published, {len(taken)} taken"


_MUST_BE_EMPTY = {
    "unsent": "SELECT event_id FROM outbox WHERE sent_at IS NULL",
    "parked": "SELECT id FROM parked_event WHERE state = 'parked'",
    "versions with a hole or a repeat": (
        "SELECT aggregate_id FROM outbox GROUP BY aggregate_id"
        " HAVING count(*) <> max(aggregate_version) OR count(DISTINCT aggregate_version) <> count(*)"
    ),
    "numbers of publication with a hole or a repeat": (
        "SELECT topic FROM outbox GROUP BY topic"
        " HAVING count(*) <> max(pub_seq) OR count(DISTINCT pub_seq) <> count(*)"
    ),
    "events without exactly one audit row": (
        "SELECT o.event_id FROM outbox o LEFT JOIN audit a ON a.event_id = o.event_id"
        " GROUP BY o.event_id HAVING count(a.id) <> 1"
    ),
    "audit chains with a hole": (
        "SELECT a.aggregate_id FROM audit a JOIN outbox_aggregate g ON g.aggregate_id = a.aggregate_id"
        " GROUP BY a.aggregate_id HAVING count(*) <> max(a.n) OR max(a.n) <> max(g.audit_n)"
    ),
    "positions that are not the last version": (
        "SELECT aggregate_id FROM aggregate_position WHERE parked_since IS NOT NULL OR gap_since IS NOT NULL"
    ),
}
