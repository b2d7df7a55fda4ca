"""Two checkers that do not share a line: the books over HTTP, and the three stores read with plain SQL."""

import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from deploy.trialops.demo.books import Books, read_books
from deploy.trialops.demo.play import audit_reports
from deploy.trialops.home import SERVICES
from tests.crash.story import Trial

Fetch = Callable[[str, str], Awaitable[Sequence[Any]]]
"""Rows of a service's store for a statement."""


async def assert_books_are_clean(trial: Trial) -> Books:
    """Everything said was heard once, every copy equals its rebuild, every audit chain is true."""
    stage = trial.stage
    for service in SERVICES:
        await stage.operator.post(service, "/delivery/audit-heads")
    await stage.quiet()
    books = await read_books(stage, trial.code)
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


async def faults(fetch: Fetch) -> list[str]:
    """What the three stores say against themselves and each other, asked with nothing of ours but SQL."""
    return [fault for service in SERVICES for fault in await _faults_of(service, fetch)]


async def _faults_of(service: str, fetch: Fetch) -> list[str]:
    found = []
    for name, statement in _MUST_BE_EMPTY.items():
        if bad := await fetch(service, statement):
            found.append(f"{service}: {name}: {[tuple(row) for row in bad[:3]]}")
    published = {row[0] for row in await fetch(service, "SELECT event_id FROM outbox")}
    for consumer in SERVICES:
        if consumer != service:
            rows = await fetch(consumer, "SELECT topic, event_id FROM inbox")
            taken = [row[1] for row in rows if row[0] == f"{service}.events.v1"]
            if set(taken) != published or len(taken) != len(published):
                found.append(f"{service} to {consumer}: {len(published)} published, {len(taken)} taken")
    return found


async def assert_files_are_clean(home: Path) -> None:
    """The three SQLite files of a stopped installation."""

    async def fetch(service: str, statement: str) -> Sequence[Any]:
        return rows(home, service, statement)

    assert await faults(fetch) == []
    assert {rows(home, service, "PRAGMA integrity_check")[0] for service in SERVICES} == {("ok",)}


def rows(home: Path, service: str, statement: str) -> Sequence[Any]:
    """Rows of one store file of a stopped installation."""
    with closing(sqlite3.connect(home / f"{service}.sqlite3")) as store:
        return store.execute(statement).fetchall()


def keys_answered(home: Path) -> Counter[str]:
    """Idempotency keys that a success is kept under, in all three store files."""
    return Counter(
        row[0] for service in SERVICES for row in rows(home, service, "SELECT key FROM idempotency")
    )


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
    "consumers that wait for an event": (
        "SELECT aggregate_id FROM aggregate_position WHERE parked_since IS NOT NULL OR gap_since IS NOT NULL"
    ),
}
