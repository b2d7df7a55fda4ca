"""A randomisation table made elsewhere, as CSV: read whole, and refused with every row that is wrong.

The first line names the columns `stratum,row,arm`, in any order. Rows of a stratum are numbered 1, 2, 3 … without a
gap; a stratum is named as the service names it (`factor=level`, joined by semicolons; empty without strata).
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from services.enrolment.domain.permuted_blocks import MOST_ROWS
from services.enrolment.domain.randomisation_terms import RandomisationTerms, rows_needed, strata_unknown

COLUMNS = ("stratum", "row", "arm")
MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedRow:
    """Rows count from 1 within their stratum."""

    stratum: str
    row: int
    arm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong: `line` counts from 1 with the heading, 0 is the table as a whole. Never an arm's name."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedList:
    """A table as read; it may be used when there are no problems."""

    rows: tuple[UploadedRow, ...]
    problems: tuple[Problem, ...]


def read_uploaded(text: str, terms: RandomisationTerms, target: int | None) -> UploadedList:
    """Read a table against the design that it is for.

    Args:
        text: the CSV.
        terms: arms and strata of the randomisation.
        target: participants that the part needs; None when it has no target, and any number of rows will do.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(number, cells) for number, cells in enumerate(reader, start=1) if cells]
    except csv.Error:
        return _broken("not_csv", "The table is not CSV.")
    if not lines or sorted(cell.strip() for cell in lines[0][1]) != sorted(COLUMNS):
        return _broken("columns", f"The first line names the columns {', '.join(COLUMNS)}.")
    if len(lines) - 1 > MOST_ROWS:
        return _broken("too_many_rows", f"A table has at most {MOST_ROWS} rows.")
    places = {cell.strip(): place for place, cell in enumerate(lines[0][1])}
    rows: list[UploadedRow] = []
    problems: list[Problem] = []
    for line, cells in lines[1:]:
        row = _read_row(line, cells, places, terms)
        (rows if isinstance(row, UploadedRow) else problems).append(row)  # type: ignore[arg-type]
    problems += _gaps(rows) + _shortage(rows, target)
    return UploadedList(rows=tuple(rows), problems=tuple(problems[:MOST_PROBLEMS]))


def _broken(code: str, message: str) -> UploadedList:
    return UploadedList(rows=(), problems=(Problem(line=0, code=code, message=message),))


def _read_row(
    line: int, cells: Sequence[str], places: dict[str, int], terms: RandomisationTerms
) -> UploadedRow | Problem:
    if len(cells) != len(COLUMNS):
        return Problem(line=line, code="columns", message="The line has another number of cells.")
    stratum, row, arm = (cells[places[name]].strip() for name in COLUMNS)
    if strata_unknown(terms, stratum):
        return Problem(line=line, code="stratum_unknown", message="The design has no such stratum.")
    if not (row.isascii() and row.isdigit() and len(row) <= 6 and int(row) > 0):
        return Problem(line=line, code="row_invalid", message="Rows are numbered 1, 2, 3 …")
    if arm not in terms.arms:
        return Problem(line=line, code="arm_unknown", message="The design has no such arm.")
    return UploadedRow(stratum=stratum, row=int(row), arm=arm)


def _gaps(rows: Sequence[UploadedRow]) -> list[Problem]:
    by_stratum: dict[str, list[int]] = {}
    for row in rows:
        by_stratum.setdefault(row.stratum, []).append(row.row)
    return [
        Problem(
            line=0, code="rows_not_gapless", message=f"Rows of stratum {name or '(none)'} are not 1 to n."
        )
        for name, numbers in sorted(by_stratum.items())
        if sorted(numbers) != list(range(1, len(numbers) + 1))
    ]


def _shortage(rows: Sequence[UploadedRow], target: int | None) -> list[Problem]:
    if target is None or len(rows) >= rows_needed(target):
        return [] if rows else [Problem(line=0, code="empty", message="The table has no rows.")]
    message = f"The part needs {target} participants: at least {rows_needed(target)} rows."
    return [Problem(line=0, code="too_few_rows", message=message)]
