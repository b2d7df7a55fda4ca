"""The shipped rolling six table against what is printed.

Sources: Skolnik JM et al., J Clin Oncol 2008;26(2):190-195 (the design); Frankel PH et al., JAMA Netw Open
2020;3(5):e204787 (PMC7221509), Table 2, column "Rolling 6" (the cells). The trial replayed here is the
palbociclib trial in children with brain tumours whose preprint is authorea.com article 485356.
"""

import json
from pathlib import Path

import pytest

from services.sponsor.domain.escalation.result import Reason, RecommendationKind
from services.sponsor.domain.escalation.rolling_six import PartHistory, recommend
from services.sponsor.domain.escalation.table import DecisionTable, TableDecision
from services.sponsor.domain.standing import LevelCounts

SAME, UP, DOWN, HOLD = (
    TableDecision.SAME,
    TableDecision.ESCALATE,
    TableDecision.DEESCALATE,
    TableDecision.SUSPEND,
)

# Rows of Frankel's Table 2 with at most six participants: (row, total, evaluable, DLTs, rolling six).
FRANKEL_TABLE_2 = [
    (1, range(0, 6), range(0, 1), range(0, 1), SAME),
    (2, range(6, 7), range(0, 1), range(0, 1), HOLD),
    (3, range(1, 6), range(1, 2), range(0, 1), SAME),
    (4, range(6, 7), range(1, 2), range(0, 1), HOLD),
    (6, range(2, 6), range(2, 3), range(0, 1), SAME),
    (7, range(6, 7), range(2, 3), range(0, 1), HOLD),
    (9, range(3, 4), range(3, 4), range(0, 1), UP),
    (10, range(4, 6), range(3, 4), range(0, 1), SAME),
    (11, range(6, 7), range(3, 4), range(0, 1), HOLD),
    (13, range(4, 5), range(4, 5), range(0, 1), UP),
    (14, range(5, 6), range(4, 5), range(0, 1), SAME),
    (15, range(6, 7), range(4, 5), range(0, 1), HOLD),
    (16, range(5, 6), range(5, 6), range(0, 1), UP),
    (17, range(6, 7), range(5, 6), range(0, 1), UP),
    (19, range(1, 6), range(1, 6), range(1, 2), SAME),
    (20, range(6, 7), range(1, 4), range(1, 2), HOLD),
    (21, range(6, 7), range(4, 5), range(1, 2), HOLD),
    (22, range(6, 7), range(5, 6), range(1, 2), HOLD),
    (25, range(6, 7), range(6, 7), range(1, 2), UP),
    (26, range(2, 7), range(2, 7), range(2, 3), DOWN),
    (30, range(3, 7), range(3, 7), range(3, 7), DOWN),
]


def _frankel_cells() -> dict[tuple[int, int, int], TableDecision]:
    """Frankel's rows as (total, DLTs, pending); a participant with a DLT is evaluable."""
    return {
        (total, dlts, total - evaluable): decision
        for _, totals, evaluables, all_dlts, decision in FRANKEL_TABLE_2
        for total in totals
        for evaluable in evaluables
        for dlts in all_dlts
        if dlts <= evaluable <= total
    }


def _printed_condition(n: int, dlt: int, pending: int) -> TableDecision:
    """The conditions as the design states them in words."""
    if dlt >= 2:
        return DOWN
    if n <= 2:
        return SAME
    if n <= 5:
        return UP if dlt == 0 and pending == 0 else SAME
    five_clear = dlt == 0 and pending <= 1
    five_clear_of_six = dlt == 1 and pending == 0
    return UP if five_clear or five_clear_of_six else HOLD


CELLS = [(n, y, c) for n in range(1, 7) for y in range(n + 1) for c in range(n - y + 1)]


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_follows_the_conditions_of_the_design(
    cell: tuple[int, int, int], rolling_six: DecisionTable
) -> None:
    n, dlt, pending = cell

    decision = rolling_six.decision(LevelCounts(n=n, dlt=dlt, pending=pending))

    assert decision is _printed_condition(n, dlt, pending)


def test_the_table_has_exactly_the_83_possible_cells(rolling_six: DecisionTable) -> None:
    assert len(CELLS) == 83
    assert set(rolling_six.cells) == set(CELLS)


def test_every_printed_row_of_frankel_2020_agrees(rolling_six: DecisionTable) -> None:
    printed = {cell: decision for cell, decision in _frankel_cells().items() if cell[0] > 0}

    disagreeing = {cell for cell, decision in printed.items() if rolling_six.cells[cell] is not decision}

    assert disagreeing == set()
    assert set(CELLS) - set(printed) == {(6, 0, 0)}  # a level with six clear had escalated before


def test_the_shipped_file_cites_its_sources() -> None:
    path = Path(__file__).parents[3] / "services" / "sponsor" / "designs" / "rolling-six.2008.1.json"

    shipped = json.loads(path.read_text(encoding="utf-8"))

    assert {"id", "version", "source", "cells"} <= set(shipped)
    assert "10.1200/JCO.2007.12.7712" in shipped["source"]
    assert "PMC7221509" in shipped["source"]


def clear(n: int) -> LevelCounts:
    return LevelCounts(n=n)


def test_three_clear_at_50_then_at_75_escalate_to_95_in_the_published_trial(
    rolling_six: DecisionTable,
) -> None:
    first = recommend(rolling_six, {1: clear(3)}, PartHistory(opened=(1,)), 3)
    second = recommend(rolling_six, {1: clear(3), 2: clear(3)}, PartHistory(opened=(1, 2)), 3)

    assert (first.kind, first.level) == (RecommendationKind.ESCALATE, 2)
    assert (second.kind, second.level) == (RecommendationKind.ESCALATE, 3)


def test_two_dlts_of_four_evaluable_at_95_return_to_75_in_the_published_trial(
    rolling_six: DecisionTable,
) -> None:
    # Six were enrolled at 95 mg/m2; the two who were not evaluable count in nothing.
    counts = {1: clear(3), 2: clear(3), 3: LevelCounts(n=4, dlt=2)}

    found = recommend(rolling_six, counts, PartHistory(opened=(1, 2, 3)), 3)

    assert (found.kind, found.level) == (RecommendationKind.DEESCALATE, 2)
    assert found.closed_levels == (3,)
    assert found.reasons == (Reason.ELIMINATED,)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_75_is_filled_to_six_after_95_was_too_toxic(n: int, rolling_six: DecisionTable) -> None:
    counts = {1: clear(3), 2: clear(n), 3: LevelCounts(n=4, dlt=2)}

    found = recommend(rolling_six, counts, PartHistory(opened=(1, 2, 3, 2)), 3)

    assert (found.kind, found.level) == (RecommendationKind.STAY, 2)
    assert found.reasons == (Reason.ELIMINATED,)


@pytest.mark.parametrize("dlt", [0, 1])
def test_75_with_at_most_one_dlt_of_six_is_the_dose_found_in_stratum_one(
    dlt: int, rolling_six: DecisionTable
) -> None:
    counts = {1: clear(3), 2: LevelCounts(n=6, dlt=dlt), 3: LevelCounts(n=4, dlt=2)}

    found = recommend(rolling_six, counts, PartHistory(opened=(1, 2, 3, 2)), 3)

    assert (found.kind, found.level) == (RecommendationKind.COMPLETE, 2)
    assert found.closed_levels == (3,)


def test_stratum_two_with_levels_50_and_75_completes_at_75(rolling_six: DecisionTable) -> None:
    up = recommend(rolling_six, {1: clear(4)}, PartHistory(opened=(1,)), 2)
    at_75 = {1: clear(4), 2: LevelCounts(n=6, pending=1)}
    done = recommend(rolling_six, at_75, PartHistory(opened=(1, 2)), 2)

    assert (up.kind, up.level) == (RecommendationKind.ESCALATE, 2)
    assert (done.kind, done.level) == (RecommendationKind.COMPLETE, 2)
    assert done.reasons == (Reason.LAST_LEVEL,)
