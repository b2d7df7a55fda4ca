"""The official CTCAE workbook read strictly: whatever it may hold besides, it is a table of terms or it is refused."""

import hashlib
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from deploy.trialops.calculators.invalid import InputInvalid

FIELD = "FILE"
MOST_FILE_BYTES = 16 * 1024 * 1024
MOST_UNPACKED_BYTES = 64 * 1024 * 1024
MOST_ENTRIES = 200
MOST_ROWS = 20_000
MOST_COLUMNS = 20
MOST_CELL = 32_767
_ABSENT = ("", "-", "N/A")
_VERSION = re.compile(r"CTCAE v([0-9]\.[0-9]) ")

Row = tuple[str, ...]
Rows = list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A sheet below its header; `places` are columns by the name that we give them."""

    places: dict[str, int]
    rows: Rows

    def cell(self, row: Row, name: str) -> str:
        place = self.places[name]
        return row[place] if place < len(row) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """A cell that changed after publication."""

    term: str
    element: str
    before: str
    after: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """What the workbook says.

    Attributes:
        version: as its headers name it, for example 6.0.
        sha256: of the file.
        clean: soc, term, grade_1 to grade_5, definition, note.
        mapping: from the version before: soc, term, element, text, change, to_term, to_element, other_specify; its
            first header row is left out.
        errata: empty when the workbook has no such sheet.
    """

    version: str
    sha256: str
    clean: Table
    mapping: Table
    errata: tuple[Erratum, ...]


def read_workbook(path: Path) -> Workbook:
    """The workbook of a file.

    Raises:
        InputInvalid: naming FILE: unreadable, too large, no workbook, or not the sheets and columns of CTCAE.
    """
    raw = _bytes_of(path)
    _require_workbook(path)
    sheets = _sheets(path)
    clean = _sheet(sheets, "Clean Copy")
    version = _VERSION.search(" ".join(clean[0] if clean else ()))
    if version is None:
        raise InputInvalid(
            FIELD, "column_missing", "The clean copy's columns do not name a version of CTCAE."
        )
    errata = _sheet(sheets, "Errata", needed=False)
    return Workbook(
        version=version[1],
        sha256=hashlib.sha256(raw).hexdigest(),
        clean=_clean(clean),
        mapping=_mapping(_sheet(sheets, "Mapping")),
        errata=tuple(_errata(errata)) if errata else (),
    )


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no usable path"
        raise InputInvalid(FIELD, "file_unreadable", f"The file cannot be read: {why}.") from None
    if len(raw) > MOST_FILE_BYTES:
        raise InputInvalid(FIELD, "file_too_large", f"The file has more than {MOST_FILE_BYTES} bytes.")
    return raw


def _require_workbook(path: Path) -> None:
    """Refuse what is no zip file, or would unpack to more than any edition of CTCAE has."""
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise InputInvalid(FIELD, "not_a_workbook", "This is no Excel workbook (.xlsx).") from None
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
        raise InputInvalid(
            FIELD,
            "unpacks_too_large",
            f"This unpacks to more than {MOST_ENTRIES} parts or {MOST_UNPACKED_BYTES} bytes.",
        )


def _sheets(path: Path) -> dict[str, Rows]:
    """Every sheet's rows as texts, blanks evened out."""
    try:
        workbook = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            return {sheet.title: _rows(sheet) for sheet in workbook.worksheets}
        finally:
            workbook.close()
    except InputInvalid:
        raise
    # Whatever a hostile or broken part makes the parser raise, the answer is the same: this is no such workbook.
    except Exception:
        raise InputInvalid(FIELD, "not_a_workbook", "This is no Excel workbook that can be read.") from None


def _rows(sheet: Any) -> Rows:
    found: Rows = []
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)):
        if number > MOST_ROWS:
            raise InputInvalid(FIELD, "sheet_too_long", f"A sheet has more than {MOST_ROWS} rows.")
        texts = tuple(_text(value) for value in row)
        if any(texts):
            found.append(texts)
    return found


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return " ".join(str(value)[:MOST_CELL].replace("\u00a0", " ").split())


def _sheet(sheets: dict[str, Rows], name: str, *, needed: bool = True) -> Rows:
    for title, rows in sheets.items():
        if name.casefold() in title.casefold():
            return rows
    if needed:
        raise InputInvalid(FIELD, "sheet_missing", f"The workbook has no sheet {name}.")
    return []


def _clean(rows: Rows) -> Table:
    wanted = {"soc": "SOC", "term": "Term", "definition": "Definition", "note": "Navigational Note"}
    wanted |= {f"grade_{grade}": f"Grade {grade}" for grade in range(1, 6)}
    return _table(rows[0], rows[1:], wanted)


def _mapping(rows: Rows) -> Table:
    """The mapping sheet, whose header is its second row: the same names for the version before and for this one."""
    header = rows[1] if len(rows) > 1 else ()
    middle = next((place for place, name in enumerate(header) if "Change" in name), len(header))
    before = _table(
        header[:middle], rows[2:], {"soc": "SOC", "term": "Term", "element": "Note", "text": "Description"}
    )
    after = _table(
        ("",) * middle + header[middle:],
        [],
        {"change": "Type", "to_term": "Term", "to_element": "Note", "other_specify": "Specify"},
    )
    return Table(places=before.places | after.places, rows=before.rows)


def _errata(rows: Rows) -> Iterator[Erratum]:
    wanted = {
        "term": "Term",
        "element": "Definition",
        "before": "Previous Version",
        "after": "Updated Version",
    }
    table = _table(rows[0], rows[1:], wanted | {"on": "Date"})
    for row in table.rows:
        yield Erratum(**{name: table.cell(row, name) for name in table.places})


def _table(header: Sequence[str], rows: Rows, wanted: dict[str, str]) -> Table:
    """Columns found by the last words of their header."""
    places: dict[str, int] = {}
    for name, words in wanted.items():
        found = [place for place, text in enumerate(header) if text.casefold().endswith(words.casefold())]
        if not found:
            raise InputInvalid(FIELD, "column_missing", f"The workbook has no column {words}.")
        places[name] = found[0]
    return Table(places=places, rows=rows)


def stated(text: str) -> str:
    """A cell's words; empty for a dash or N/A, which say that there are none."""
    return "" if text in _ABSENT else text
