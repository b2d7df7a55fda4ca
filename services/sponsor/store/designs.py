"""Designs that come with the service: tables as data files, and those whose table follows from parameters."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.sponsor.domain.escalation.computed import COMPUTED, computed_design
from services.sponsor.domain.escalation.design import Terms
from services.sponsor.domain.escalation.entry_table import entry_table
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.level_table import QueueTable, RollingSixTable
from services.sponsor.domain.escalation.part_design import TableDesign
from services.sponsor.domain.escalation.table import DecisionTable, Row, overlay, table_from_rows
from services.sponsor.domain.refusals import Refused

_FOLDER = Path(__file__).parents[1] / "designs"


def stated_design(
    stated: Mapping[str, Any], levels: int, start_level: int
) -> tuple[DecisionTable, TableDesign]:
    """The design that a protocol file states, and its table at the start level.

    Args:
        stated: `id`, `version` and, where given, `cells` or `parameters`, in the form of the protocol file.
        levels: number of dose levels of the part.
        start_level: 1-based.

    Raises:
        Refused: `design_table_invalid`, `design_table_not_monotone` or `design_parameter_invalid`.
    """
    terms = Terms(levels=levels, start_level=start_level)
    name, version = stated["id"], stated["version"]
    if name in COMPUTED and COMPUTED[name] == version:
        design = computed_design(name, terms, stated.get("parameters") or {})
        return entry_table(design, version, start_level), design
    table = overlay(shipped_table(name, version), [_row(cell) for cell in stated.get("cells", ())])
    reading = QueueTable(table=table) if name == "iq_rolling_six" else RollingSixTable(table=table)
    return table, LevelDesign(name=name, terms=terms, table=reading)


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
    return sorted(f"{design}@{version}" for design, version in (*_tables(), *COMPUTED.items()))


@cache
def _tables() -> dict[tuple[str, str], DecisionTable]:
    tables = {}
    for path in sorted(_FOLDER.glob("*.json")):
        shipped = json.loads(path.read_text(encoding="utf-8"))
        table = _table(shipped)
        tables[table.design, table.version] = table
    return tables


def _table(shipped: dict[str, Any]) -> DecisionTable:
    """The table of a file; one printed by total and evaluable is read as (n, DLTs, pending)."""
    cells = [dict(zip(shipped["columns"], row, strict=True)) for row in shipped["cells"]]
    unpublished = [_row(cell)[:3] for cell in cells if not cell.get("published", True)]
    return table_from_rows(shipped["id"], shipped["version"], [_row(cell) for cell in cells], unpublished)


def _row(cell: Mapping[str, Any]) -> Row:
    """A cell as (n with the pending ones, DLTs, pending, decision), however its table counts."""
    total = cell["n"] if "n" in cell else cell["total"]
    pending = cell["pending"] if "pending" in cell else total - cell["evaluable"]
    return total, cell["dlt"], pending, cell["decision"]
