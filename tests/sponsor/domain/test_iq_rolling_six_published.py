"""The IQ rolling six, queue variant, against what is printed.

Source: Frankel PH et al. JAMA Netw Open 2020;3(5):e204787 (PMC7221509), Table 2. The rows are (DLTs, evaluable, total).
"""

import pytest

from services.sponsor.domain.escalation.recommend import recommend
from services.sponsor.domain.escalation.table import TableDecision
from services.sponsor.store.designs import shipped_table
from tests.sponsor.domain.designs import counted, iq_rolling_six, said

PRINTED: list[tuple[range, range, range, str]] = [
    (range(1), range(1), range(6), "same"),
    (range(1), range(1), range(6, 7), "hold"),
    (range(1), range(1, 2), range(1, 7), "same"),
    (range(1), range(1, 2), range(7, 8), "hold"),
    (range(1), range(2, 3), range(2, 8), "same"),
    (range(1), range(2, 3), range(8, 9), "hold"),
    (range(1), range(3, 5), range(3, 9), "escalate"),
    (range(1), range(5, 6), range(5, 9), "escalate_or_mtd"),
    (range(1, 2), range(1, 6), range(1, 6), "same"),
    (range(1, 2), range(1, 4), range(6, 7), "hold"),
    (range(1, 2), range(4, 5), range(6, 7), "same"),
    (range(1, 2), range(4, 5), range(7, 8), "hold"),
    (range(1, 2), range(5, 6), range(6, 8), "same"),
    (range(1, 2), range(6, 9), range(6, 9), "escalate"),
    (range(2, 3), range(2, 7), range(2, 9), "deescalate"),
    (range(2, 3), range(7, 8), range(7, 8), "mtd"),
    (range(2, 3), range(7, 8), range(8, 9), "hold"),
    (range(2, 3), range(8, 9), range(8, 9), "mtd"),
    (range(3, 9), range(3, 9), range(3, 9), "deescalate"),
]
UNLISTED = [(7, 2, 1), (7, 3, 1), (8, 3, 1), (8, 4, 1), (8, 5, 1)]


def printed_cells() -> dict[tuple[int, int, int], str]:
    return {
        (total, evaluable, dlts): decision
        for all_dlts, evaluables, totals, decision in PRINTED
        for dlts in all_dlts
        for evaluable in evaluables
        for total in totals
        if dlts <= evaluable <= total
    }


def test_every_printed_cell_and_no_other_is_marked_published() -> None:
    table = shipped_table("iq_rolling_six", "2020.1")

    published = {
        (total, total - pending, dlts): decision.value
        for (total, dlts, pending), decision in table.cells.items()
        if (total, dlts, pending) not in table.unpublished
    }

    assert published == printed_cells()


def test_reachable_cells_that_are_not_printed_hold() -> None:
    table = shipped_table("iq_rolling_six", "2020.1")

    unpublished = {(total, total - pending, dlts) for total, dlts, pending in table.unpublished}

    assert unpublished == set(UNLISTED)
    assert {table.cells[key] for key in table.unpublished} == {TableDecision.HOLD}


def test_the_unlisted_cells_are_all_that_can_be_reached() -> None:
    """From an empty level, by entries while the cell says same and by answers, until a cell decides."""
    table = shipped_table("iq_rolling_six", "2020.1")
    reached, left = {(0, 0, 0)}, [(0, 0, 0)]

    while left:
        total, evaluable, dlts = left.pop()
        decision = table.cells.get((total, dlts, total - evaluable))
        following = []
        if decision is TableDecision.SAME:
            following.append((total + 1, evaluable, dlts))
        if decision in (TableDecision.SAME, TableDecision.HOLD) and evaluable < total:
            following += [(total, evaluable + 1, dlts), (total, evaluable + 1, dlts + 1)]
        new = [cell for cell in following if cell not in reached]
        reached.update(new)
        left += new

    assert reached <= {*printed_cells(), *UNLISTED}
    assert set(UNLISTED) <= reached


@pytest.mark.parametrize(
    ("n", "dlts", "pending", "expected"),
    [
        ((3,), (0,), (5,), ("escalate", 2)),
        ((5,), (0,), (0,), ("escalate", 2)),
        ((5,), (1,), (3,), ("suspend", None)),
        ((7,), (2,), (0,), ("complete", 1)),
        ((7,), (2,), (1,), ("suspend", None)),
        ((6,), (2,), (2,), ("stop_no_mtd", None)),
        ((0,), (0,), (6,), ("suspend", None)),
        ((4,), (1,), (2,), ("stay", 1)),
    ],
)
def test_cells_as_recommendations(
    n: tuple[int], dlts: tuple[int], pending: tuple[int], expected: tuple[str, int | None]
) -> None:
    design = iq_rolling_six(2)

    found = recommend(design, counted((*n, 0), (*dlts, 0), (*pending, 0)))

    assert (found.kind.value, found.level) == expected


def test_five_clear_at_the_top_are_the_dose_found() -> None:
    found = recommend(iq_rolling_six(1), counted((5,), (0,), (3,)))

    assert said(found) == ("complete", 1, ["last_level"], [])
    assert found.cell is not None
    assert (found.cell["decision"], found.cell["published"]) == ("escalate_or_mtd", True)
