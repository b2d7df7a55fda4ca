"""CSV files as people send them: what is read, and how what cannot be read is named."""

import pytest

from shared.csv_tables import (
    MAX_ROWS,
    Column,
    CsvTable,
    read_instant,
    read_table,
    read_words,
    read_yes_no,
    read_zone,
    text_of,
    whole_number,
)

COLUMNS = (
    Column(name="number", read=text_of(r"[0-9]{3}")),
    Column(name="name", read=text_of(r".{1,20}")),
    Column(name="cap", read=whole_number(1, 9), needed=False, expected=False),
)


def read(text: str) -> CsvTable:
    return read_table("some.csv", text, COLUMNS, once=[("number",)])


def bad(text: str) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.rule) for one in read(text).bad]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_system_may_have_written_the_file(mark: str, end: str) -> None:
    table = read(mark + end.join(["number,name", '012,"North, and ""South"""', "013,East", ""]))

    assert [dict(row.values) for row in table.rows] == [
        {"number": "012", "name": 'North, and "South"', "cap": None},
        {"number": "013", "name": "East", "cap": None},
    ]
    assert table.bad == ()


def test_columns_may_come_in_any_order_and_rows_are_counted_with_the_header() -> None:
    table = read("cap,name,number\n3, West ,014\n\n,East,x\n")

    assert [(row.row, dict(row.values)) for row in table.rows] == [
        (2, {"number": "014", "name": "West", "cap": 3})
    ]
    assert bad("cap,name,number\n3, West ,014\n\n,East,x\n") == [(4, "number", "form")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, "", "header_missing")]),
        ("\n\n", [(1, "", "header_missing")]),
        ("012,North\n", [(1, "#1", "column_unknown"), (1, "#2", "column_unknown")]),
        ("number,name,shoe size\n", [(1, "#3", "column_unknown")]),
        ("number\n012\n", [(1, "name", "column_missing")]),
        ("number,name,name\n", [(1, "name", "column_repeated")]),
        ("number,name\n012\n", [(2, "", "cells")]),
        ("number,name\n012,North,more\n", [(2, "", "cells")]),
        ("number,name\n,North\n", [(2, "number", "empty")]),
        ("number,name,cap\n012,North,10\n", [(2, "cap", "range")]),
        ("number,name,cap\n012,North,ten\n", [(2, "cap", "whole_number")]),
        ("number,name\n012,North\n012,South\n", [(3, "number", "repeated")]),
        ('number,name\n012,"North\n', [(2, "", "quotes")]),
        ('number,name\n012,"North"x\n', [(2, "", "quotes")]),
        ("number,name\n012,No\trth\n", [(2, "name", "character")]),
        ("number,name\n012," + "x" * 2_001 + "\n", [(2, "name", "too_long")]),
    ],
)
def test_what_is_wrong_is_named_by_its_place(text: str, expected: list[tuple[int, str, str]]) -> None:
    found = bad(text)

    assert set(expected) <= set(found)


@pytest.mark.parametrize("cell", ["=1+1", "+SUM(A1)", "-1", "@name", '"=HYPERLINK(""x"")"'])
def test_no_cell_may_begin_a_formula(cell: str) -> None:
    assert bad(f"number,name\n012,{cell}\n") == [(2, "name", "formula")]


def test_nothing_of_a_cell_is_told() -> None:
    [wrong] = read("number,name\n943 476 5919,Kim Child\n").bad

    assert "Kim" not in str(wrong)
    assert "943" not in str(wrong)
    assert wrong.document() == {"file": "some.csv", "row": 2, "column": "number", "rule": "form"}


def test_a_file_of_too_many_rows_is_not_read_to_its_end() -> None:
    found = bad("number,name\n" + "012,North\n" * (MAX_ROWS + 5))

    assert (MAX_ROWS + 2, "", "too_many_rows") in found


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        (Column(name="x", read=read_instant), "2026-01-01 10:00", "instant"),
        (Column(name="x", read=read_zone), "Europe/Atlantis", "zone"),
        (Column(name="x", read=read_yes_no), "true", "word_unknown"),
        (Column(name="x", read=read_words), "death; Not a word", "words"),
    ],
)
def test_cells_of_other_kinds_are_read_strictly(column: Column, cell: str, rule: str) -> None:
    [wrong] = read_table("some.csv", f"x\n{cell}\n", [column]).bad

    assert (wrong.row, wrong.column, wrong.rule) == (2, "x", rule)


def test_words_stand_between_semicolons_and_none_is_none() -> None:
    table = read_table("some.csv", "x\ndeath; disability\nnone\n", [Column(name="x", read=read_words)])

    assert [row["x"] for row in table.rows] == [("death", "disability"), ()]
