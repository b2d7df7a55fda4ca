"""What each further participant at a level meets, cell by cell: the table that a signed decision's rule is made of.

The rolling sixes are such tables already. For the other designs the cells follow from the design: while a cohort is
under way its participants enter, a full cohort waits for its answers, and then the design decides.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import lru_cache

from services.sponsor.domain.escalation.interval_design import IntervalDesign
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.level_table import QueueTable, RollingSixTable, ThreePlusThree
from services.sponsor.domain.escalation.part_design import TableDesign
from services.sponsor.domain.escalation.table import DecisionTable, Row, TableDecision, table_from_rows

MOST_AT_A_LEVEL = 24
"""Participants at one level up to whom an interval design's cells are written out; beyond them a level holds."""


def entry_table(design: TableDesign, version: str, level: int) -> DecisionTable:
    """The cells of (n with the pending ones, DLTs, pending) of one level.

    Args:
        design: with the protocol's parameters.
        version: of the design; it and the cells make the table's hash.
        level: 1-based; a design may be stricter at the lowest level, and there it cannot go down.
    """
    if isinstance(design, LevelDesign):
        if isinstance(design.table, RollingSixTable | QueueTable):
            return design.table.table
        assert isinstance(design.table, ThreePlusThree)
        cells = table_from_rows(design.name, version, _cells_of_three(design.table))
        return replace(cells, parameters=_parameters(design))
    return _interval_table(design, version, level == 1)


def _cells_of_three(table: ThreePlusThree) -> Iterator[Row]:
    for n, dlts, pending in _triples(table.largest_total):
        yield n, dlts, pending, table.read_entering(n - pending, dlts, pending).value


@lru_cache(maxsize=64)
def _interval_table(design: IntervalDesign, version: str, is_lowest: bool) -> DecisionTable:
    cells = {key: _interval_cell(design, is_lowest, *key) for key in _triples(MOST_AT_A_LEVEL)}
    rows = [
        (*key, decision.value) for key, decision in cells.items() if decision is not TableDecision.SUSPEND
    ]
    return replace(table_from_rows(design.name, version, rows), parameters=_parameters(design))


def _parameters(design: TableDesign) -> tuple[tuple[str, str], ...]:
    """What the design was given, as text; levels and their labels are the part's own."""
    if isinstance(design, LevelDesign):
        return tuple(
            (flag, str(getattr(design.table, flag))) for flag in ("allow_deescalate", "mtd_needs_six")
        )
    rule, closing = design.rule, design.closing
    named = [(one.name, getattr(rule, one.name)) for one in fields(rule)]  # type: ignore[arg-type]
    stated = [
        ("target", design.target),
        *named,
        ("elimination_cutoff", closing.cutoff),
        ("elimination_min_n", closing.min_n),
        ("offset", closing.offset),
        ("cohort_size", design.terms.cohort_size),
        ("n_earlystop", design.n_earlystop),
        ("bound_mtd", design.bound_mtd),
    ]
    return tuple((name, str(value)) for name, value in dict(stated).items())


def _interval_cell(design: IntervalDesign, is_lowest: bool, n: int, dlts: int, pending: int) -> TableDecision:
    """What the next participant meets; `suspend` is left out of the table, for outside its rows a level holds.

    A level closes as soon as it would with every pending participant clear, and nobody enters once the cohort
    under way can only end in going down.
    """
    size = design.terms.cohort_size or 1
    complete = -(-n // size) * size
    closes = design.closes_at(1 if is_lowest else 2, n)
    if closes is not None and dlts >= closes:
        return TableDecision.DEESCALATE
    limits = design.limits(complete)
    goes_down = limits.deescalate is not None and dlts >= limits.deescalate
    if goes_down and not is_lowest:
        return TableDecision.SUSPEND
    if complete > n:
        return TableDecision.SAME
    if pending:
        return TableDecision.SUSPEND
    if limits.escalate is not None and dlts <= limits.escalate:
        return TableDecision.ESCALATE
    ends_early = design.n_earlystop is not None and n >= design.n_earlystop
    return TableDecision.SUSPEND if ends_early else TableDecision.SAME


def _triples(most: int) -> Iterator[tuple[int, int, int]]:
    for n in range(1, most + 1):
        for dlts in range(n + 1):
            for pending in range(n - dlts + 1):
                yield n, dlts, pending
