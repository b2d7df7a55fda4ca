"""Drawing arms: strata, counted random numbers, counts for minimisation, uploaded tables, and draws made again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.permuted_blocks import rows_of_list
from services.enrolment.domain.randomisation_design import InvalidDesign, exact
from services.enrolment.domain.randomisation_replay import Assignment, Correction, ListUsed, replay
from services.enrolment.domain.randomisation_terms import (
    find_randomisation,
    levels_of,
    rows_needed,
    strata_unknown,
    stratum_of,
)
from services.enrolment.domain.randomising import (
    Minimisation,
    OnArm,
    RowDrawn,
    check_seed,
    counts_for,
    draws_at,
    minimise_next,
)
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.uploaded_list import read_uploaded
from tests.enrolment.domain.designs import BLOCKS, MINIMISED, terms

SEED = "0123456789abcdef"
# -- levels and strata --------------------------------------------------------------------------------------


def test_the_site_is_a_level_that_nobody_states() -> None:
    levels = levels_of(terms(), {"sex": "male"}, "012")

    assert levels == {"sex": "male", "site": "012"}
    assert stratum_of(terms(), levels) == "sex=male;site=012"
    assert stratum_of(terms(factors=()), {}) == ""


@pytest.mark.parametrize(
    "stated", [{}, {"sex": "unknown"}, {"sex": "male", "age": "old"}, {"sex": "male", "site": "012"}]
)
def test_a_level_of_each_factor_is_stated_and_nothing_else(stated: Mapping[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        levels_of(terms(), stated, "012")

    assert refused.value.code == "factor_unknown"


@pytest.mark.parametrize(
    ("stratum", "unknown"),
    [
        ("sex=male;site=012", False),
        ("sex=male;site=12", True),
        ("sex=other;site=012", True),
        ("site=012;sex=male", True),
        ("sex=male", True),
        ("", True),
    ],
)
def test_strata_are_known_by_their_canonical_names(stratum: str, unknown: bool) -> None:
    assert strata_unknown(terms(), stratum) is unknown


def test_an_unknown_randomisation_is_refused() -> None:
    assert find_randomisation([terms()], "first").code == "first"
    with pytest.raises(Refused, match="randomisation_unknown"):
        find_randomisation([terms()], "second")


@pytest.mark.parametrize(("target", "rows"), [(10, 12), (11, 14), (40, 48), (1, 2), (100, 120)])
def test_a_list_has_a_fifth_more_rows_than_the_target(target: int, rows: int) -> None:
    assert rows_needed(target) == rows


# -- draws --------------------------------------------------------------------------------------------------


def test_draws_are_the_documented_hash_of_seed_and_number() -> None:
    text = f"trialops minimisation draws 1\n{SEED}\n7\ncoin".encode()
    value = int.from_bytes(sha256(text).digest()[:8], "big")

    assert exact(draws_at(SEED, 7).coin, "coin") == Fraction(value, 2**64)


@given(st.text("abcdef0123456789", min_size=16, max_size=40), st.integers(1, 10**6))
def test_draws_lie_below_one_and_depend_on_seed_and_number_alone(seed: str, number: int) -> None:
    first, again, other = draws_at(seed, number), draws_at(seed, number), draws_at(seed, number + 1)

    assert first == again != other
    assert first.tie != first.coin
    assert 0 <= exact(first.tie, "tie") < 1
    assert 0 <= exact(first.coin, "coin") < 1


def test_draws_are_spread_evenly() -> None:
    tenths = Counter(int(exact(draws_at(SEED, number).coin, "coin") * 10) for number in range(1, 5001))

    assert set(tenths) == set(range(10))
    assert all(400 < count < 600 for count in tenths.values())


@pytest.mark.parametrize("seed", ["too short", "", "with a\nline break in it", " " * 20])
def test_a_seed_is_long_and_on_one_line(seed: str) -> None:
    check_seed(SEED)
    with pytest.raises(InvalidDesign):
        check_seed(seed)


def test_counts_are_those_at_the_new_participants_levels() -> None:
    on_arms = [
        OnArm(arm="A", levels={"sex": "male", "site": "012"}),
        OnArm(arm="A", levels={"sex": "female", "site": "012"}),
        OnArm(arm="B", levels={"sex": "male", "site": "034"}),
        OnArm(arm="of an earlier design", levels={"sex": "male", "site": "012"}),
    ]

    counts = counts_for(MINIMISED, on_arms, {"sex": "male", "site": "012"})

    assert counts == {"sex": (1, 1), "site": (2, 0)}


def test_minimisation_keeps_the_arms_even_within_each_level() -> None:
    on_arms: list[OnArm] = []
    for number in range(1, 201):
        levels = {"sex": "male" if number % 3 else "female", "site": f"{number % 4:03d}"}
        drawn = minimise_next(MINIMISED, on_arms, levels, seed=SEED, number=number)
        on_arms.append(OnArm(arm=drawn.arm, levels=levels))

    for sex in ("male", "female"):
        on = Counter(one.arm for one in on_arms if one.levels["sex"] == sex)
        assert abs(on["A"] - on["B"]) <= 6


# -- draws made again ---------------------------------------------------------------------------------------


def used(design: Any = BLOCKS, **replaced: Any) -> ListUsed:
    values: dict[str, Any] = {"uploaded": {}, "counts_follow_corrections": True, "seed": SEED}
    return ListUsed(id="list", design=design, **(values | replaced))


def from_list(rows: int = 10, stratum: str = "") -> list[Assignment]:
    listed = rows_of_list(BLOCKS, stratum, SEED, rows)[:rows]
    return [
        Assignment(
            number=row.row,
            id=f"a{row.row}",
            list_id="list",
            levels={},
            drawn=RowDrawn(stratum=stratum, row=row.row, block=row.block, arm=row.arm),
        )
        for row in listed
    ]


def minimised(
    count: int = 30, corrections: tuple[Correction, ...] = (), *, follow: bool = True
) -> list[Assignment]:
    made: list[Assignment] = []
    for number in range(1, count + 1):
        now = {it.assignment_id: it.levels for it in corrections if follow and it.after_number < number}
        on_arms = [OnArm(arm=one.arm, levels=now.get(one.id, one.levels)) for one in made]
        levels = {"sex": "male" if number % 2 else "female", "site": f"{number % 3:03d}"}
        drawn = minimise_next(MINIMISED, on_arms, levels, seed=SEED, number=number)
        made.append(Assignment(number=number, id=f"a{number}", list_id="list", levels=levels, drawn=drawn))
    return made


def test_rows_of_a_list_come_out_again() -> None:
    assert replay({"list": used()}, from_list(), ()) == ()
    arms = {("", one.number): one.arm for one in from_list()}
    uploaded = [
        replace(one, drawn=replace(one.drawn, block=0))
        for one in from_list()
        if isinstance(one.drawn, RowDrawn)
    ]
    assert replay({"list": used(seed="", uploaded=arms)}, uploaded, ()) == ()


def test_minimisation_comes_out_again() -> None:
    assert replay({"list": used(MINIMISED)}, minimised(), ()) == ()


@pytest.mark.parametrize("follow", [True, False])
def test_corrections_are_counted_from_the_next_draw_on_or_never_as_the_protocol_says(follow: bool) -> None:
    correction = Correction(assignment_id="a2", after_number=5, levels={"sex": "male", "site": "002"})
    made = minimised(corrections=(correction,), follow=follow)

    assert replay({"list": used(MINIMISED, counts_follow_corrections=follow)}, made, (correction,)) == ()
    other_way = replay({"list": used(MINIMISED, counts_follow_corrections=not follow)}, made, (correction,))
    assert {one.what for one in other_way} >= {"counts"}


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda drawn: replace(drawn, arm="B" if drawn.arm == "A" else "A"), "arm"),
        (lambda drawn: replace(drawn, block=99), "block"),
        (lambda drawn: replace(drawn, row=drawn.row + 1), "row"),
    ],
)
def test_a_changed_row_is_found(spoil: Any, what: str) -> None:
    made = from_list()
    made[3] = replace(made[3], drawn=spoil(made[3].drawn))

    found = replay({"list": used()}, made, ())

    assert (4, what) in {(one.number, one.what) for one in found}


def test_a_row_that_was_used_twice_is_found() -> None:
    made = from_list()
    made[4] = replace(made[4], drawn=made[3].drawn)

    assert 5 in {one.number for one in replay({"list": used()}, made, ()) if one.what == "row"}


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda drawn: replace(drawn, counts={**drawn.counts, "sex": (9, 9)}), "counts"),
        (lambda drawn: replace(drawn, coin="0.5"), "draws"),
        (lambda drawn: replace(drawn, found=replace(drawn.found, g=(1.0, 2.5))), "g"),
        (lambda drawn: replace(drawn, found=replace(drawn.found, order=("B",))), "order"),
        (lambda drawn: replace(drawn, found=replace(drawn.found, probabilities=(1.0,))), "probabilities"),
    ],
)
def test_a_changed_draw_of_minimisation_is_found(spoil: Any, what: str) -> None:
    made = minimised()
    assert isinstance(made[6].drawn, Minimisation)
    made[6] = replace(made[6], drawn=spoil(made[6].drawn))

    assert [(one.number, one.what) for one in replay({"list": used(MINIMISED)}, made, ())] == [(7, what)]


def test_another_seed_a_missing_assignment_and_another_method_are_found() -> None:
    assert replay({"list": used(seed="another seed of ours")}, from_list(), ())
    missing = [one for one in from_list() if one.number != 3]
    assert [(one.number, one.what) for one in replay({"list": used()}, missing, ())] == [(3, "number")]
    assert replay({"list": used(MINIMISED)}, from_list(), ())
    assert {one.what for one in replay({"list": used()}, minimised(3), ())} == {"design"}


# -- uploaded tables ----------------------------------------------------------------------------------------


def table(*rows: str, head: str = "stratum,row,arm") -> str:
    return "\n".join([head, *rows])


STRATUM = "sex=male;site=012"
GOOD = [f"{STRATUM},{number},{'A' if number % 2 else 'B'}" for number in range(1, 13)]


def test_a_whole_table_is_taken_with_columns_and_rows_in_any_order() -> None:
    read = read_uploaded(table(*GOOD), terms(), 10)
    turned = read_uploaded(
        table(*[",".join(reversed(row.split(","))) for row in reversed(GOOD)], head="arm,row,stratum"),
        terms(),
        10,
    )

    assert (read.problems, len(read.rows)) == ((), 12)
    assert set(turned.rows) == set(read.rows)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", {"columns"}),
        (table(*GOOD, head="stratum,number,arm"), {"columns"}),
        (table(*GOOD, f"{STRATUM},13,C"), {"arm_unknown"}),
        (table(*GOOD, f"{STRATUM},14,A"), {"rows_not_gapless"}),
        (table(*GOOD, f"{STRATUM},12,A"), {"rows_not_gapless"}),
        (table(*GOOD, "sex=other;site=012,1,A"), {"stratum_unknown"}),
        (table(*GOOD, f"{STRATUM},0,A"), {"row_invalid"}),
        (table(*GOOD, f"{STRATUM},x,A"), {"row_invalid"}),
        (table(*GOOD, f"{STRATUM},13"), {"columns"}),
        (table(*GOOD[:11]), {"too_few_rows"}),
        (table(), {"too_few_rows"}),
        (table(*GOOD, f'{STRATUM},13,"A'), {"not_csv"}),
    ],
)
def test_a_table_is_refused_for_every_row_that_is_wrong(text: str, codes: set[str]) -> None:
    read = read_uploaded(text, terms(), 10)

    assert {one.code for one in read.problems} == codes
    assert all("C" not in one.message for one in read.problems if one.code == "arm_unknown")


def test_without_a_target_any_number_of_rows_will_do_but_none() -> None:
    assert read_uploaded(table(GOOD[0]), terms(), None).problems == ()
    assert [one.code for one in read_uploaded(table(), terms(), None).problems] == ["empty"]
