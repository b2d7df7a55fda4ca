from datetime import UTC, datetime

import pytest

from shared.database import (
    GuardTooOld,
    Sql,
    StoreConflict,
    StoreError,
    StoreFull,
    StoreInUse,
    StoreUnavailable,
    read_instant,
    read_optional_instant,
    run_hooks,
)


@pytest.mark.parametrize(
    ("postgresql", "sqlite"),
    [
        ("SELECT a FROM t WHERE b = $1", "SELECT a FROM t WHERE b = ?1"),
        ("SELECT $12, $1", "SELECT ?12, ?1"),
        ("SELECT $1::text, $2::timestamptz[]", "SELECT ?1, ?2"),
        ("SELECT a FROM t ORDER BY a FOR UPDATE", "SELECT a FROM t ORDER BY a "),
        ("SELECT a FROM t FOR SHARE OF t", "SELECT a FROM t "),
        ("SELECT a FROM t FOR UPDATE SKIP LOCKED", "SELECT a FROM t "),
        (
            "INSERT INTO t VALUES ($1) ON CONFLICT DO NOTHING",
            "INSERT INTO t VALUES (?1) ON CONFLICT DO NOTHING",
        ),
    ],
)
def test_a_statement_is_written_once_for_both_stores(postgresql: str, sqlite: str) -> None:
    statement = Sql(postgresql)

    assert statement.text("postgresql") == postgresql
    assert statement.text("sqlite") == sqlite


def test_a_statement_may_differ_where_the_stores_do() -> None:
    statement = Sql("SELECT unnest($1::text[])", "SELECT value FROM json_each($1)")

    assert statement.sqlite == "SELECT value FROM json_each(?1)"


def test_an_instant_is_read_from_either_driver() -> None:
    instant = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)

    assert read_instant(instant) == instant
    assert read_instant("2026-11-21T13:00:00.000000Z") == instant
    assert read_optional_instant(None) is None
    assert read_optional_instant("2026-11-21T13:00:00.000000Z") == instant


def test_what_may_be_tried_again_is_unavailability() -> None:
    assert issubclass(StoreConflict, StoreUnavailable)
    assert not issubclass(StoreFull, StoreUnavailable)
    for kind in (StoreUnavailable, StoreFull, GuardTooOld, StoreInUse):
        assert issubclass(kind, StoreError)


def test_a_hook_that_fails_does_not_stop_the_next() -> None:
    seen: list[str] = []

    def broken() -> None:
        raise RuntimeError

    run_hooks([broken, lambda: seen.append("next")])

    assert seen == ["next"]
