"""Decision tables that come with the service, as data files."""

import json
from functools import cache
from pathlib import Path

from services.sponsor.domain.escalation.table import DecisionTable, table_from_rows
from services.sponsor.domain.refusals import Refused

_FOLDER = Path(__file__).parents[1] / "designs"


def shipped_table(design: str, version: str) -> DecisionTable:
    """The published table of a design.

    Raises:
        Refused: `design_table_invalid` when no such design and version is shipped.
    """
    table = _tables().get((design, version))
    if table is None:
        raise Refused("design_table_invalid", "This design and version is not shipped.", shipped=_shipped())
    return table


def _shipped() -> list[str]:
    return sorted(f"{design}@{version}" for design, version in _tables())


@cache
def _tables() -> dict[tuple[str, str], DecisionTable]:
    tables = {}
    for path in sorted(_FOLDER.glob("*.json")):
        shipped = json.loads(path.read_text(encoding="utf-8"))
        rows = [tuple(row) for row in shipped["cells"]]
        tables[shipped["id"], shipped["version"]] = table_from_rows(shipped["id"], shipped["version"], rows)
    return tables
