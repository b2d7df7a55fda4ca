"""Keyboard, mTPI-2, mTPI and i3+3 against printed tables.

Sources: output of the R package Keyboard; Guo W et al. Contemp Clin Trials 2017;58:23-33, Fig. 3 (mTPI-2, 0.30, n = 3,
6, 9); Ji Y et al. Clin Trials 2010;7(6):653-663, Fig. 2 (mTPI, 0.30), both as brockk/escalation's tests sample them.
"""

import pytest

from services.sponsor.domain.escalation.interval_design import Closing
from services.sponsor.domain.escalation.recommend import recommend
from tests.sponsor.domain.designs import around_target, boin, said, seen

N = range(1, 19)
KEYBOARD_30 = (
    "0 0 0 0 1 1 1 1 2 2 2 2 3 3 3 3 4 4",
    "1 1 2 2 2 3 3 3 4 4 4 5 5 5 6 6 6 7",
)
MTPI_30 = (
    "0 0 0 0 0 1 1 1 1 1 2 2 2 2 2 3 3 3",
    "1 2 2 3 3 4 4 4 5 5 6 6 7 7 8 8 8 9",
)
I3PLUS3_25 = (
    "0 0 0 0 0 1 1 1 1 1 2 2 2 2 2 3 3 3",
    "- 2 2 2 2 3 3 3 3 4 4 4 4 5 5 5 6 6",
)


@pytest.mark.parametrize(
    ("name", "target", "table"),
    [
        ("keyboard", "0.30", KEYBOARD_30),
        ("mtpi2", "0.30", KEYBOARD_30),
        ("mtpi", "0.30", MTPI_30),
        ("i3plus3", "0.25", I3PLUS3_25),
    ],
)
def test_every_cell_of_the_table(name: str, target: str, table: tuple[str, str]) -> None:
    rule = around_target(name, target).rule

    moves = [rule.moves(n) for n in N]

    shown = tuple(
        " ".join("-" if cell is None else str(cell) for cell in row) for row in zip(*moves, strict=True)
    )
    assert shown == table


@pytest.mark.parametrize("target", ["0.15", "0.20", "0.25", "0.30", "0.35", "0.40"])
def test_keyboard_and_mtpi2_decide_alike_for_usual_targets(target: str) -> None:
    keyboard, mtpi2 = around_target("keyboard", target).rule, around_target("mtpi2", target).rule

    assert [keyboard.moves(n) for n in N] == [mtpi2.moves(n) for n in N]


def test_keyboard_differs_from_boin_in_two_cells() -> None:
    keyboard, own = around_target("keyboard").rule, boin().rule

    differ = [n for n in N if keyboard.moves(n) != own.moves(n)]

    assert differ == [14, 17]


@pytest.mark.parametrize("name", ["keyboard", "mtpi2", "mtpi", "i3plus3"])
def test_elimination_is_boins(name: str) -> None:
    limits = [around_target(name).limits(n).eliminate for n in N]

    assert limits == [boin().limits(n).eliminate for n in N]


@pytest.mark.parametrize("name", ["keyboard", "mtpi2", "mtpi", "i3plus3"])
def test_two_of_two_do_not_eliminate(name: str) -> None:
    """The R package Keyboard closes a level from one participant on; here it needs three, and says so."""
    found = recommend(around_target(name, levels=3), seen("1NNN 2TT", 3))
    waits = around_target(name, levels=3, closing=Closing(min_n=2))

    assert found.kind.value == "wait"
    assert waits.limits(2).eliminate == 2
    assert around_target(name).limits(2).eliminate is None


def test_the_guard_is_named_where_too_few_were_evaluated_to_close() -> None:
    design = boin(cohort_size=None)

    assert said(recommend(design, seen("1NNN 2TT"))) == ("deescalate", 1, ["min_n_elimination"], [])


def test_an_exact_tie_takes_the_more_cautious_move() -> None:
    """mTPI at 0.25: after one DLT of two the masses per length around and above the target are both 28/25."""
    rule = around_target("mtpi", "0.25").rule

    assert rule.moves(2) == (0, 1)
