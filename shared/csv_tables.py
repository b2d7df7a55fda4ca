"""Tables that people send as CSV: one strict reader, which names every bad cell by its place and never by its content.

Accepted is what spreadsheets write: UTF-8 with or without a byte-order mark, lines ended by LF, CRLF or CR, cells in
double quotes where they need them (RFC 4180). Rows are counted as a spreadsheet counts them: the header is row 1.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.clock import parse_instant

MAX_ROWS = 20_000
MAX_CELL = 2_000
FORMULA = ("=", "+", "-", "@")
"""With these a spreadsheet begins a formula; what we keep is exported again, so no cell may begin so."""

Read = Callable[[str], Any]
"""Reads a cell that is not empty; raises `Unreadable` with the rule that it breaks."""


class Unreadable(Exception):
    """A cell breaks a rule; `rule` is its name."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BadRow:
    """One thing wrong with one place of a file; `column` is empty where the whole row is meant.

    `row` 0 means the file itself. Nothing of the content is told: it may be about a person.
    """

    file: str
    row: int
    column: str
    rule: str

    def document(self) -> dict[str, Any]:
        return {"file": self.file, "row": self.row, "column": self.column, "rule": self.rule}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column by its name in the header; `needed`: no cell may be empty. A column not `expected` may be missing."""

    name: str
    read: Read
    needed: bool = True
    expected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRow:
    """A row that could be read; an empty cell is None."""

    row: int
    values: Mapping[str, Any]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTable:
    """The rows that could be read, and everything wrong with the others."""

    file: str
    rows: tuple[CsvRow, ...] = ()
    bad: tuple[BadRow, ...] = ()

    def at(self, row: CsvRow, column: str, rule: str) -> BadRow:
        """Something wrong with a row for a reason that lies outside it."""
        return BadRow(file=self.file, row=row.row, column=column, rule=rule)


def plain_text(text: str) -> str:
    """A file's text whichever system wrote it: no byte-order mark, every line ended by LF."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_table(
    file: str, text: str, columns: Sequence[Column], *, once: Collection[Sequence[str]] = ()
) -> CsvTable:
    """The rows of a file.

    Args:
        file: its name, for what is wrong.
        text: everything in it, decoded.
        columns: that it may have, in any order.
        once: sets of columns whose values together may occur in one row only.
    """
    lines = _lines(file, plain_text(text))
    header = next(lines, None)
    if header is None:
        return CsvTable(file=file, bad=(BadRow(file=file, row=1, column="", rule="header_missing"),))
    if isinstance(header, BadRow):
        return CsvTable(file=file, bad=(header,))
    names = [cell.strip() for cell in header[1]]
    if wrong := _header_errors(file, names, columns):
        return CsvTable(file=file, bad=tuple(wrong))
    by_name = {column.name: column for column in columns}
    rows: list[CsvRow] = []
    bad: list[BadRow] = []
    for line in lines:
        if isinstance(line, BadRow):
            bad.append(line)
            continue
        number, cells = line
        found, wrong = _row(file, number, [by_name[name] for name in names], cells)
        bad += wrong
        if not wrong:
            missing = dict.fromkeys(column.name for column in columns if column.name not in names)
            rows.append(CsvRow(row=number, values={**missing, **found}))
    bad += [one for key in once for one in _repeats(file, rows, key)]
    return CsvTable(file=file, rows=tuple(rows), bad=tuple(sorted(bad)))


def _lines(file: str, text: str) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Every line that is not empty, with its number; after one that cannot be read nothing follows."""
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1):
            if number > MAX_ROWS + 1:
                yield BadRow(file=file, row=number, column="", rule="too_many_rows")
                return
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error:
        yield BadRow(file=file, row=number + 1, column="", rule="quotes")


def _header_errors(file: str, names: Sequence[str], columns: Sequence[Column]) -> list[BadRow]:
    """Unknown names are told by their position: a file without a header has data there."""
    known = {column.name for column in columns}
    found = [
        BadRow(file=file, row=1, column=f"#{place}", rule="column_unknown")
        for place, name in enumerate(names, start=1)
        if name not in known
    ]
    found += [
        BadRow(file=file, row=1, column=name, rule="column_repeated")
        for name in sorted(known)
        if names.count(name) > 1
    ]
    found += [
        BadRow(file=file, row=1, column=column.name, rule="column_missing")
        for column in columns
        if column.expected and column.name not in names
    ]
    return found


def _row(
    file: str, number: int, columns: Sequence[Column], cells: Sequence[str]
) -> tuple[dict[str, Any], list[BadRow]]:
    if len(cells) != len(columns):
        return {}, [BadRow(file=file, row=number, column="", rule="cells")]
    values: dict[str, Any] = {}
    bad = []
    for column, cell in zip(columns, cells, strict=True):
        try:
            values[column.name] = _cell(column, cell.strip())
        except Unreadable as unreadable:
            bad.append(BadRow(file=file, row=number, column=column.name, rule=unreadable.rule))
    return values, bad


def _cell(column: Column, cell: str) -> Any:
    if not cell:
        if column.needed:
            raise Unreadable("empty")
        return None
    if len(cell) > MAX_CELL:
        raise Unreadable("too_long")
    if not cell.isprintable():
        raise Unreadable("character")
    if cell.startswith(FORMULA):
        raise Unreadable("formula")
    return column.read(cell)


def _repeats(file: str, rows: Sequence[CsvRow], key: Sequence[str]) -> list[BadRow]:
    seen: set[tuple[Any, ...]] = set()
    bad = []
    for row in rows:
        values = tuple(row[name] for name in key)
        if values in seen:
            bad.append(BadRow(file=file, row=row.row, column=key[-1], rule="repeated"))
        seen.add(values)
    return bad


# -- cells ----------------------------------------------------------------------------------------------


def text_of(pattern: str, rule: str = "form") -> Read:
    """Reads text of one form."""
    form = re.compile(pattern)

    def read(cell: str) -> str:
        if form.fullmatch(cell) is None:
            raise Unreadable(rule)
        return cell

    return read


def one_of(words: Collection[str]) -> Read:
    def read(cell: str) -> str:
        if cell not in words:
            raise Unreadable("word_unknown")
        return cell

    return read


def whole_number(least: int, most: int) -> Read:
    def read(cell: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", cell) is None:
            raise Unreadable("whole_number")
        if not least <= int(cell) <= most:
            raise Unreadable("range")
        return int(cell)

    return read


def read_instant(cell: str) -> datetime:
    """A date and time with its offset (RFC 3339)."""
    try:
        return parse_instant(cell)
    except ValueError:
        raise Unreadable("instant") from None


def read_day(cell: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell) is None:
            raise ValueError
        return date.fromisoformat(cell)
    except ValueError:
        raise Unreadable("day") from None


def read_zone(cell: str) -> str:
    """The name of an IANA time zone."""
    try:
        ZoneInfo(cell)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unreadable("zone") from None
    return cell


def read_yes_no(cell: str) -> bool:
    return bool(one_of(("yes", "no"))(cell) == "yes")


def read_words(cell: str) -> tuple[str, ...]:
    """Short words between semicolons; `none` for no word at all."""
    if cell == "none":
        return ()
    words = tuple(word.strip() for word in cell.split(";"))
    if any(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", word) is None for word in words):
        raise Unreadable("words")
    return words
