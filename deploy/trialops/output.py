"""What the tool prints: one JSON document with `--json`, else tables for people. Progress goes to stderr."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False, emoji=False)
progress = Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """The result as one line of JSON on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")


def print_result(result: Mapping[str, Any], as_json: bool) -> None:
    """One result: a JSON document, or a line per field."""
    if as_json:
        print_json(result)
        return
    width = max(map(len, result), default=0)
    for name, value in result.items():
        said = "" if value is None else str(value)
        console.print(f"{name.replace('_', ' '):<{width}}  {said}", soft_wrap=True, markup=False)


def print_rows(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A table; without rows it says so. Texts are printed as they are, brackets and all."""
    if not rows:
        console.print(f"{title}: none", markup=False)
        return
    table = Table(title=Text(title, style="bold"), title_justify="left")
    for column in columns:
        table.add_column(column.replace("_", " "))
    for row in rows:
        table.add_row(*(Text("" if row.get(column) is None else str(row.get(column))) for column in columns))
    console.print(table)


def say(text: str) -> None:
    """Progress, for somebody who watches; a program's stderr stays empty."""
    if sys.stderr.isatty():
        progress.print(text)
