"""The tables of a pack as CSV: one row per line of its content, UTF-8, lines ended by CR LF (RFC 4180)."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any

from services.sponsor.domain.pack.changes import Change, as_text
from services.sponsor.domain.pack.content import (
    AttachedFile,
    PackContent,
    SeenDose,
    SeenEvent,
    SeenParticipant,
)
from services.sponsor.domain.pack.counts import GRADES, Counts
from services.sponsor.domain.pack.laboratory import Trend

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_tables(
    content: PackContent, counts: Sequence[Counts], found: Sequence[Change], laboratory: Sequence[Trend]
) -> Mapping[str, bytes]:
    """Every table by the name of its file."""
    tables = {
        "participants.csv": _lines(SeenParticipant, content.participants),
        "doses.csv": _lines(SeenDose, content.doses),
        "adverse-events.csv": _lines(SeenEvent, content.adverse_events),
        "unmatched-reports.csv": _lines(SeenEvent, content.unmatched),
        "changes.csv": _lines(Change, found),
        "files.csv": _lines(AttachedFile, content.files),
        "counts.csv": _counts(counts),
        "laboratory.csv": _laboratory(laboratory),
    }
    return {name: _csv(rows) for name, rows in tables.items()}


def _lines(of: type[Any], lines: Iterable[Any]) -> list[list[str]]:
    return [
        [field.name for field in fields(of)],
        *([as_text(value) for value in astuple(line)] for line in lines),
    ]


def _counts(counts: Sequence[Counts]) -> list[list[str]]:
    names = [field.name for field in fields(Counts)]
    at = names.index("grades")
    header = [*names[:at], *(f"grade_{grade}" for grade in GRADES), *names[at + 1 :]]
    rows = []
    for line in counts:
        values = list(astuple(line))
        rows.append([as_text(value) for value in (*values[:at], *values[at], *values[at + 1 :])])
    return [header, *rows]


def _laboratory(laboratory: Sequence[Trend]) -> list[list[str]]:
    header = ["number", "test", "taken_on", "value", "unit", "low", "high", "outside"]
    rows = [
        [
            trend.number,
            trend.test,
            one.taken_on.isoformat(),
            str(one.value),
            trend.unit,
            as_text(one.low),
            as_text(one.high),
            as_text(one.outside),
        ]
        for trend in laboratory
        for one in trend.values
    ]
    return [header, *rows]


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8")


def _safe(cell: str) -> str:
    """A text that a spreadsheet would read as a formula gets an apostrophe; a negative number is a number."""
    if not cell.startswith(_FORMULA) or cell[1:].replace(".", "", 1).isdigit():
        return cell
    return f"'{cell}"
