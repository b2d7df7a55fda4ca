"""Rows of a service's own tables, on either store: what is written comes back, and repeats do what they say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text, UniqueConstraint

from shared.database import Database, Sql, Tx
from shared.rows import (
    RowQuery,
    fetch_rows,
    insert_once,
    insert_row,
    insertion,
    upsert,
    upsert_row,
)
from shared.tables import Instant, JsonText
from shared.testing.stores import any_store
from shared.writes import Write, write_together

_METADATA = MetaData()
_VISITS = Table(
    "visit",
    _METADATA,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("end", Instant),  # a word of SQL
    Column("seen", Boolean, nullable=False),
    Column("notes", JsonText, nullable=False),
    Column("place", Text),
    UniqueConstraint("at", name="visit_at"),
)
_NUMBERS = Table("number", _METADATA, Column("of", Text, primary_key=True), Column("n", Integer))
_EVERY_VISIT = RowQuery(_VISITS, 'FROM visit ORDER BY "id"')
_AT = datetime(2026, 11, 21, 9, 30, 15, 123456, UTC)
_VISIT: dict[str, Any] = {
    "id": "a",
    "at": _AT,
    "end": None,
    "seen": True,
    "notes": {"b": [1, "ä"], "a": None},
    "place": "clinic",
}


@pytest.fixture
async def store(store_kind: Any, store_server: Any, tmp_path: Any) -> Any:
    async with any_store(store_kind, tmp_path / "rows", store_server, "rows", _METADATA.create_all) as made:
        yield made


async def visits(store: Database) -> list[dict[str, Any]]:
    return await store.read(lambda tx: fetch_rows(tx, _EVERY_VISIT))


async def test_every_type_comes_back_as_it_was_written(store: Database) -> None:
    await store.write(lambda tx: insert_row(tx, _VISITS, _VISIT))

    assert await visits(store) == [_VISIT]
    assert (await visits(store))[0]["seen"] is True


async def test_what_may_be_null_may_be_left_out(store: Database) -> None:
    short = {name: value for name, value in _VISIT.items() if name not in ("end", "place")}

    await store.write(lambda tx: insert_row(tx, _VISITS, short))

    assert await visits(store) == [_VISIT | {"place": None}]


async def test_a_row_replaces_the_one_with_its_key_but_for_what_is_kept(store: Database) -> None:
    await store.write(lambda tx: upsert_row(tx, _VISITS, _VISIT))
    later = _VISIT | {"seen": False, "place": "ward", "end": _AT}

    await store.write(lambda tx: upsert_row(tx, _VISITS, later, keep=("place",)))

    assert await visits(store) == [later | {"place": "clinic"}]


async def test_a_row_is_added_once_by_its_key_and_by_its_unique_columns(store: Database) -> None:
    async def add(tx: Tx, **changed: Any) -> bool:
        return await insert_once(tx, _VISITS, _VISIT | changed)

    added = [
        await store.write(lambda tx: add(tx)),
        await store.write(lambda tx: add(tx, place="ward")),
        await store.write(lambda tx: add(tx, id="b")),
    ]

    assert added == [True, False, False]
    assert await visits(store) == [_VISIT]


async def test_many_rows_are_added_or_replaced_in_one_statement(store: Database) -> None:
    second = _VISIT | {"id": "b", "at": _AT.replace(hour=10)}
    await store.write(lambda tx: insertion(_VISITS)(tx, [_VISIT, second]))

    await store.write(
        lambda tx: upsert(_VISITS, keep=("place",))(tx, [second | {"place": "x", "seen": False}])
    )
    await store.write(lambda tx: insertion(_NUMBERS)(tx, [{"of": "a", "n": 1}, {"of": "b", "n": 2}]))
    await store.write(lambda tx: insertion(_NUMBERS)(tx, []))

    assert await visits(store) == [_VISIT, second | {"seen": False}]
    numbers = await store.read(lambda tx: fetch_rows(tx, RowQuery(_NUMBERS, 'FROM number ORDER BY "of"')))
    assert numbers == [{"of": "a", "n": 1}, {"of": "b", "n": 2}]


async def test_rows_of_different_tables_are_added_together_or_not_at_all(store: Database) -> None:
    async def add(tx: Tx, number: dict[str, Any], visit: dict[str, Any]) -> None:
        await write_together(tx, insertion(_NUMBERS).write(tx, number), insertion(_VISITS).write(tx, visit))

    await store.write(lambda tx: add(tx, {"of": "a", "n": 1}, _VISIT))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.write(lambda tx: add(tx, {"of": "b", "n": 2}, _VISIT))

    some = RowQuery(_NUMBERS, "FROM number AS m", alias="m", without=frozenset({"n"}))
    assert await visits(store) == [_VISIT]
    assert await store.read(lambda tx: fetch_rows(tx, some)) == [{"of": "a"}]


async def test_changes_made_together_keep_their_own_parameters(store: Database) -> None:
    await store.write(lambda tx: insertion(_NUMBERS)(tx, [{"of": "a", "n": 1}, {"of": "b", "n": 2}]))

    await store.write(
        lambda tx: write_together(
            tx,
            Write(Sql('UPDATE number SET n = $2 WHERE "of" = $1'), ("a", 10)),
            Write(Sql('DELETE FROM number WHERE "of" = $1'), ("b",)),
            Write(Sql("WITH m AS (SELECT 30 AS n) INSERT INTO number SELECT $1, m.n FROM m"), ("c",)),
        )
    )

    numbers = await store.read(lambda tx: fetch_rows(tx, RowQuery(_NUMBERS, 'FROM number ORDER BY "of"')))
    assert numbers == [{"of": "a", "n": 10}, {"of": "c", "n": 30}]
