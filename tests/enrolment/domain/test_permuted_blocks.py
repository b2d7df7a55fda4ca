from collections import Counter
from hashlib import sha256
from itertools import groupby, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enrolment.domain.permuted_blocks import ListRow, PermutedBlocks, _choice, rows_of_list
from services.enrolment.domain.randomisation_design import InvalidDesign

TWO = PermutedBlocks(arms=("A", "B"), ratio=(1, 1), block_sizes=(2, 4, 6))

NAMES = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=12)


@st.composite
def designs(draw: st.DrawFn) -> PermutedBlocks:
    ratio = tuple(draw(st.lists(st.integers(1, 4), min_size=2, max_size=4)))
    times = draw(st.sets(st.integers(1, 4), min_size=1, max_size=3))
    arms = tuple("ABCD"[: len(ratio)])
    return PermutedBlocks(arms=arms, ratio=ratio, block_sizes=tuple(sum(ratio) * one for one in times))


def blocks_of(rows: tuple[ListRow, ...]) -> list[list[ListRow]]:
    return [list(block) for _, block in groupby(rows, key=lambda row: row.block)]


@settings(deadline=None)
@given(designs(), NAMES, NAMES, st.integers(1, 60))
def test_every_block_is_complete_and_holds_the_exact_ratio(
    design: PermutedBlocks, stratum: str, seed: str, rows: int
) -> None:
    found = rows_of_list(design, stratum, seed, rows)

    assert rows <= len(found) < rows + max(design.block_sizes)
    assert [row.row for row in found] == list(range(1, len(found) + 1))
    assert [block[0].block for block in blocks_of(found)] == list(range(1, found[-1].block + 1))
    for block in blocks_of(found):
        size = block[0].block_size
        assert (len(block), {row.block_size for row in block}) == (size, {size})
        assert size in design.block_sizes
        times = size // sum(design.ratio)
        assert Counter(row.arm for row in block) == {
            arm: share * times for arm, share in zip(design.arms, design.ratio, strict=True)
        }


@settings(deadline=None)
@given(NAMES, NAMES)
def test_two_equal_arms_never_differ_by_more_than_half_the_largest_block(stratum: str, seed: str) -> None:
    difference = 0
    for row in rows_of_list(TWO, stratum, seed, 60):
        difference += 1 if row.arm == "A" else -1
        assert abs(difference) <= 3


@settings(deadline=None)
@given(designs(), NAMES, NAMES, st.integers(1, 40), st.integers(0, 40))
def test_asking_for_more_rows_gives_the_same_first_rows(
    design: PermutedBlocks, stratum: str, seed: str, rows: int, more: int
) -> None:
    fewer, longer = (
        rows_of_list(design, stratum, seed, rows),
        rows_of_list(design, stratum, seed, rows + more),
    )

    assert longer[: len(fewer)] == fewer
    assert rows_of_list(design, stratum, seed, rows) == fewer


def test_the_order_in_which_block_sizes_are_named_changes_nothing() -> None:
    other = PermutedBlocks(arms=("A", "B"), ratio=(1, 1), block_sizes=(6, 2, 4))

    assert rows_of_list(other, "s1", "42", 50) == rows_of_list(TWO, "s1", "42", 50)


def test_lists_of_two_strata_agree_no_more_often_than_two_coins() -> None:
    first = rows_of_list(TWO, "s1", "42", 4000)[:4000]
    second = rows_of_list(TWO, "s2", "42", 4000)[:4000]

    same = sum(one.arm == other.arm for one, other in zip(first, second, strict=True))

    assert abs(same - 2000) < 4 * (4000 * 0.25) ** 0.5


def test_neither_seed_nor_stratum_can_be_shifted_into_the_other() -> None:
    assert rows_of_list(TWO, "2s", "4", 20) != rows_of_list(TWO, "s", "42", 20)
    assert rows_of_list(TWO, "s", "1", 20) != rows_of_list(TWO, "s", "2", 20)


def test_every_order_of_a_block_and_every_size_is_drawn_equally_often() -> None:
    three = PermutedBlocks(arms=("A", "B", "C"), ratio=(1, 1, 1), block_sizes=(3,))

    orders = Counter(
        "".join(row.arm for row in block) for block in blocks_of(rows_of_list(three, "s", "1", 18_000))
    )
    sizes = Counter(block[0].block_size for block in blocks_of(rows_of_list(TWO, "s", "1", 18_000)))

    assert set(orders) == {"".join(order) for order in permutations("ABC")}
    # Chi-squared with 5 and 2 degrees of freedom; 20.5 and 13.8 are passed once in a thousand lists.
    assert sum((seen - 1000) ** 2 / 1000 for seen in orders.values()) < 20.5
    each = sum(sizes.values()) / 3
    assert sum((seen - each) ** 2 / each for seen in sizes.values()) < 13.8


def test_numbers_that_would_favour_a_choice_are_passed_over() -> None:
    # 2^64 is 1 more than a multiple of 3: its last number has no partners. No seed to be found shows that.
    assert _choice(iter([2**64 - 1, 5]), 3) == 2
    assert _choice(iter([2**64 - 1, 5]), 2) == 1


def recomputed(arms: str, ratio: list[int], sizes: list[int], seed: str, stratum: str, rows: int) -> str:
    """The docstring's definition, written again from its four points."""
    counter = 0

    def choice(n: int) -> int:
        nonlocal counter
        while n > 1:
            text = "\n".join(["trialops permuted blocks 1", seed, stratum, str(counter)])
            counter += 1
            value = int(sha256(text.encode("utf-8")).hexdigest()[:16], 16)
            if value < 2**64 - (2**64 % n):
                return value % n
        return 0

    found = ""
    while len(found) < rows:
        size = sorted(sizes)[choice(len(sizes))]
        block = list(
            "".join(arm * (share * size // sum(ratio)) for arm, share in zip(arms, ratio, strict=True))
        )
        i = size - 1
        while i >= 1:
            j = choice(i + 1)
            block[i], block[j] = block[j], block[i]
            i -= 1
        found += "".join(block)
    return found


@settings(deadline=None)
@given(st.sets(st.integers(1, 5), min_size=1), NAMES, NAMES, st.integers(1, 80))
def test_a_list_is_recomputed_from_its_definition(
    times: set[int], stratum: str, seed: str, rows: int
) -> None:
    sizes = [3 * one for one in times]
    design = PermutedBlocks(arms=("A", "B"), ratio=(2, 1), block_sizes=tuple(sizes))

    found = rows_of_list(design, stratum, seed, rows)

    assert "".join(row.arm for row in found) == recomputed("AB", [2, 1], sizes, seed, stratum, rows)


def test_a_list_once_given_stays_as_it_is_for_ever() -> None:
    found = rows_of_list(TWO, "high risk", "2026-11-21 EP01", 20)

    assert "".join(row.arm for row in found) == "ABBAABBABABAAABABBAABBAB"


@pytest.mark.parametrize(
    ("arms", "ratio", "sizes", "field", "code"),
    [
        (("A",), (1,), (2,), "arms", "arms_out_of_range"),
        (("A", "A"), (1, 1), (2,), "arms", "not_distinct"),
        (("A", " "), (1, 1), (2,), "arms.1", "name_invalid"),
        (("A", "B\n"), (1, 1), (2,), "arms.1", "name_invalid"),
        (("A", "B"), (1,), (2,), "ratio", "length_mismatch"),
        (("A", "B"), (1, 0), (2,), "ratio.1", "ratio_invalid"),
        (("A", "B"), (True, 1), (2,), "ratio.0", "ratio_invalid"),
        (("A", "B"), (1, 1), (), "block_sizes", "missing"),
        (("A", "B"), (1, 1), (2, 3), "block_sizes.1", "not_a_multiple"),
        (("A", "B"), (2, 1), (4,), "block_sizes.0", "not_a_multiple"),
        (("A", "B"), (1, 1), (0,), "block_sizes.0", "block_size_invalid"),
        (("A", "B"), (1, 1), (10**9,), "block_sizes.0", "block_size_invalid"),
        (("A", "B"), (1, 1), (4, 4), "block_sizes", "not_distinct"),
    ],
)
def test_a_design_that_means_nothing_names_what_is_wrong(
    arms: tuple[str, ...], ratio: tuple[int, ...], sizes: tuple[int, ...], field: str, code: str
) -> None:
    with pytest.raises(InvalidDesign) as caught:
        PermutedBlocks(arms=arms, ratio=ratio, block_sizes=sizes)

    assert (caught.value.field, caught.value.code) == (field, code)


@pytest.mark.parametrize(
    ("stratum", "seed", "rows", "field"),
    [
        ("s", "", 1, "seed"),
        ("s", "4\n2", 1, "seed"),
        ("s\n1", "42", 1, "stratum"),
        ("\ud800", "42", 1, "stratum"),
        ("s", "42", 0, "rows"),
        ("s", "42", 100_001, "rows"),
    ],
)
def test_a_list_that_cannot_be_asked_for_names_what_is_wrong(
    stratum: str, seed: str, rows: int, field: str
) -> None:
    with pytest.raises(InvalidDesign) as caught:
        rows_of_list(TWO, stratum, seed, rows)

    assert caught.value.field == field


def test_a_trial_without_strata_has_a_list_too() -> None:
    assert len(rows_of_list(TWO, "", "42", 10)) >= 10
