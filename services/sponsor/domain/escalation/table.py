"""Escalation tables as data: what each cell of (n, DLT, pending) says about the next participant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from services.sponsor.domain.canonical import Json, sha256_of
from services.sponsor.domain.escalation.result import RuleSource
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.standing import LevelCounts

CellKey = tuple[int, int, int]
"""(n with the pending ones, DLTs, pending)."""
Row = tuple[int, int, int, str]


class TableDecision(StrEnum):
    """What a cell says; `outside` is the answer for counts that the table does not list."""

    SAME = "same"
    ESCALATE = "escalate"
    DEESCALATE = "deescalate"
    SUSPEND = "suspend"
    OUTSIDE = "outside"
    ESCALATE_OR_MTD = "escalate_or_mtd"
    HOLD = "hold"
    MTD = "mtd"


GOES_UP = frozenset({TableDecision.ESCALATE, TableDecision.ESCALATE_OR_MTD})
_CAUTION = (
    TableDecision.ESCALATE,
    TableDecision.ESCALATE_OR_MTD,
    TableDecision.SAME,
    TableDecision.MTD,
    TableDecision.HOLD,
    TableDecision.SUSPEND,
    TableDecision.DEESCALATE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable:
    """A published or protocol table; built by `table_from_rows` or `overlay`, which check it.

    Attributes:
        unpublished: cells that the design's publication does not print.
        parameters: what else the design was given, by name; they decide beside the cells.
    """

    design: str
    version: str
    cells: Mapping[CellKey, TableDecision]
    unpublished: frozenset[CellKey] = frozenset()
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def largest_n(self) -> int:
        """Number of counting participants at which a level is full."""
        return max(n for n, _, _ in self.cells)

    @property
    def rows(self) -> list[list[int | str]]:
        """Cells in ascending order as [n, DLT, pending, decision]."""
        return [[*key, self.cells[key].value] for key in sorted(self.cells)]

    @property
    def source(self) -> RuleSource:
        """Identity of the table; the hash covers its id, version, parameters and every cell, not its citation."""
        content: dict[str, Json] = {"id": self.design, "version": self.version, "cells": self.rows}
        if self.parameters:
            content["parameters"] = dict(self.parameters)
        return RuleSource(id=self.design, version=self.version, sha256=sha256_of(content))

    def decision(self, counts: LevelCounts) -> TableDecision:
        """What the table says for these counts.

        Beyond its largest n the table is silent, with one exception: DLTs that de-escalate a full level with
        nobody pending still do so when more participants than the table foresees are counted.
        """
        listed = self.cells.get((counts.n, counts.dlt, counts.pending))
        if listed is not None:
            return listed
        full = self.largest_n
        if counts.n > full:
            at_full = self.cells.get((full, min(counts.dlt, full), 0))
            if at_full is TableDecision.DEESCALATE:
                return TableDecision.DEESCALATE
        return TableDecision.OUTSIDE


def table_from_rows(
    design: str, version: str, rows: Iterable[Row], unpublished: Iterable[CellKey] = ()
) -> DecisionTable:
    """A checked table.

    Raises:
        Refused: `design_table_invalid` for an empty table or a cell that is impossible, repeated or has an
            unknown decision; `design_table_not_monotone` when one more DLT would be answered less cautiously.
    """
    cells: dict[CellKey, TableDecision] = {}
    for row in rows:
        key, decision = _cell(row)
        if key in cells:
            raise Refused("design_table_invalid", f"The cell {key} is given twice.", cell=key)
        cells[key] = decision
    if not cells:
        raise Refused("design_table_invalid", "The table has no cells.")
    _require_monotone(cells)
    return DecisionTable(
        design=design,
        version=version,
        cells=MappingProxyType(cells),
        unpublished=frozenset(unpublished),
    )


def overlay(table: DecisionTable, rows: Iterable[Row]) -> DecisionTable:
    """The table with a protocol's own cells in place of the published ones; no cell can be added.

    Raises:
        Refused: as `table_from_rows`; `design_table_invalid` also for a cell that the table does not have.
    """
    replaced = dict(table.cells)
    own = set[CellKey]()
    for row in rows:
        key, decision = _cell(row)
        if key not in table.cells or key in own:
            why = "is given twice" if key in own else "is not in the published table"
            raise Refused("design_table_invalid", f"The cell {key} {why}.", cell=key)
        own.add(key)
        replaced[key] = decision
    _require_monotone(replaced)
    changed = {key for key in own if replaced[key] is not table.cells[key]}
    return DecisionTable(
        design=table.design,
        version=table.version,
        cells=MappingProxyType(replaced),
        unpublished=table.unpublished | changed,
    )


def _cell(row: Row) -> tuple[CellKey, TableDecision]:
    n, dlt, pending, text = row
    if min(n, dlt, pending) < 0 or dlt + pending > n:
        raise Refused("design_table_invalid", f"The counts {(n, dlt, pending)} are impossible.")
    if text not in {decision.value for decision in _CAUTION}:
        raise Refused("design_table_invalid", f"{text!r} is not a decision.", cell=(n, dlt, pending))
    return (n, dlt, pending), TableDecision(text)


def _require_monotone(cells: Mapping[CellKey, TableDecision]) -> None:
    """Refuse a table in which a clear participant turning into a DLT would relax the answer."""
    for (n, dlt, pending), decision in cells.items():
        worse = cells.get((n, dlt + 1, pending))
        if worse is not None and _CAUTION.index(worse) < _CAUTION.index(decision):
            raise Refused(
                "design_table_not_monotone",
                f"({n}, {dlt}, {pending}) says {decision}, but one more DLT says {worse}.",
                cell=(n, dlt, pending),
            )
