from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enrolment.domain.minimisation import (
    Draws,
    Factor,
    Imbalance,
    MinimisationDesign,
    MinimisationWarning,
    minimise,
)
from services.enrolment.domain.minimisation_schemes import BestPRestEqual, GBased, Probability, RankLinear
from services.enrolment.domain.randomisation_design import InvalidDesign, Number
from tests.enrolment.domain.minimising import EIGHTY, SCHEMES, answer, design, scheme_of

PUBLISHED = {"sex": [10, 9], "ethnicity": [2, 2]}


@pytest.mark.parametrize(
    ("imbalance", "g"),
    [
        (Imbalance.RANGE, [3, 1]),
        (Imbalance.VARIANCE, [2.5, 0.5]),
        (Imbalance.SD, [2.1213, 0.7071]),
    ],
)
def test_the_published_table_prefers_the_second_arm(imbalance: Imbalance, g: list[float]) -> None:
    chosen = MinimisationDesign(
        arms=("A", "B"),
        ratio=(1, 1),
        imbalance=imbalance,
        probability=EIGHTY,
        factors=(Factor(name="sex"), Factor(name="ethnicity")),
    )

    found = minimise(chosen, PUBLISHED, Draws(tie="0.3", coin="0.5"))

    assert list(found.g) == pytest.approx(g, abs=0.00005)
    assert found.preferred == ("B",)
    assert found.probabilities == (0.2, 0.8)
    assert (found.order, found.arm, found.warnings) == (("B", "A"), "B", ())


def test_without_draws_nobody_is_assigned() -> None:
    found = answer(design(), [1, 0])

    assert (found.arm, found.order, found.preferred) == (None, (), ("B",))


@pytest.mark.parametrize(("coin", "arm"), [("0", "B"), ("0.7999", "B"), ("0.8", "A"), ("0.9999", "A")])
def test_the_coin_picks_the_first_arm_whose_summed_probability_exceeds_it(coin: str, arm: str) -> None:
    assert answer(design(), [1, 0], draws=Draws(tie="0", coin=coin)).arm == arm


def test_a_coin_on_a_sum_that_floats_overshoot_falls_past_it() -> None:
    # 0.64 + 0.18 is 0.8200000000000001 in floats; as decimals it is the coin and does not exceed it.
    chosen = design(arms="ABC", probability=BestPRestEqual(p="0.64"))

    found = answer(chosen, [0, 1, 4], draws=Draws(tie="0", coin="0.82"))

    assert (found.order, found.arm) == (("A", "B", "C"), "C")


@pytest.mark.parametrize("number", range(6))
def test_the_tie_number_picks_a_permutation_in_lexicographic_order(number: int) -> None:
    tie = f"{number}/6"

    found = answer(design(arms="ABC"), [4, 4, 4], draws=Draws(tie=tie, coin="0"))

    assert found.order == list(permutations("ABC"))[number]
    assert found.arm == found.order[0]
    assert found.preferred == ("A", "B", "C")
    assert found.probabilities == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("group", [([1, 1, 0], "AB"), ([0, 1, 1], "BC")])
def test_only_tied_arms_change_places(group: tuple[list[int], str]) -> None:
    counts, tied = group

    first = answer(design(arms="ABC"), counts, draws=Draws(tie="0.49", coin="0"))
    second = answer(design(arms="ABC"), counts, draws=Draws(tie="0.5", coin="0"))

    assert first.order[0] == second.order[0]
    assert (first.order[1:], second.order[1:]) == (tuple(tied), tuple(tied[::-1]))


@settings(deadline=None)
@given(st.integers(2, 5), st.sampled_from(Imbalance), st.integers(1, 3))
def test_arms_that_are_all_tied_are_equally_probable_under_every_scheme(
    arms: int, imbalance: Imbalance, factors: int
) -> None:
    for name in SCHEMES:
        chosen = design(
            *(["1.1"] * factors),
            arms="ABCDE"[:arms],
            imbalance=imbalance,
            probability=scheme_of(name, arms),
        )

        found = answer(chosen, *([[3] * arms] * factors))

        assert found.probabilities == (1 / arms,) * arms


def test_tied_arms_are_drawn_equally_often_over_all_numbers() -> None:
    grid = [f"{number}/40" for number in range(40)]

    seen = Counter(
        answer(design(arms="ABC"), [1, 1, 4], draws=Draws(tie=tie, coin=coin)).arm
        for tie in grid
        for coin in grid
    )

    assert seen == {"A": 720, "B": 720, "C": 160}


def test_weights_that_floats_cannot_add_still_tie() -> None:
    # A leads on the third factor by 0.3, B on the other two by 0.1 and 0.2.
    found = answer(design("0.1", "0.2", "0.3"), [0, 1], [0, 1], [1, 0])

    assert found.preferred == ("A", "B")
    assert found.probabilities == (0.5, 0.5)


def test_equal_sums_of_roots_tie_whatever_they_are_made_of() -> None:
    chosen = design(1, 1, 1, arms="ABC", imbalance=Imbalance.SD)

    found = answer(chosen, [5, 2, 0], [0, 5, 2], [2, 0, 5])

    assert found.preferred == ("A", "B", "C")
    assert len(set(found.g)) == 1


def test_unequal_ratios_divide_counts_by_the_arms_share() -> None:
    found = answer(design(ratio=(2, 1)), [2, 1])

    # Joining A gives 3/2 and 1, joining B gives 1 and 2.
    assert (found.g, found.preferred) == ((0.5, 1.0), ("A",))


def test_equal_ratios_are_ratios_of_one_to_one() -> None:
    assert answer(design(ratio=(3, 3)), [4, 1]) == answer(design(), [4, 1])


@pytest.mark.parametrize(
    ("scheme", "arms", "counts", "expected"),
    [
        (BestPRestEqual(p=1), "AB", [1, 0], [MinimisationWarning.DETERMINISTIC]),
        (BestPRestEqual(p=1), "AB", [1, 1], [MinimisationWarning.DETERMINISTIC]),
        (BestPRestEqual(p="0.8"), "AB", [1, 0], []),
        (BestPRestEqual(p="0.5"), "AB", [1, 0], [MinimisationWarning.NO_PREFERENCE]),
        (RankLinear(q=2), "AB", [1, 1], [MinimisationWarning.DETERMINISTIC]),
        (RankLinear(q=1), "ABC", [0, 1, 4], [MinimisationWarning.ARM_WITHOUT_CHANCE]),
        (RankLinear(q="1/3"), "ABC", [0, 1, 4], [MinimisationWarning.NO_PREFERENCE]),
        (GBased(t=1), "AB", [0, 1], [MinimisationWarning.DETERMINISTIC]),
        (GBased(t=1), "AB", [0, 3], []),
        (GBased(t=0), "AB", [0, 3], [MinimisationWarning.NO_PREFERENCE]),
    ],
)
def test_a_predictable_or_useless_design_warns(
    scheme: Probability, arms: str, counts: list[int], expected: list[MinimisationWarning]
) -> None:
    found = answer(design(arms=arms, probability=scheme), counts)

    assert list(found.warnings) == expected


def test_rank_linear_probabilities_fall_in_equal_steps() -> None:
    found = answer(design(arms="ABC", probability=RankLinear(q="0.5")), [0, 1, 4])

    assert found.probabilities == pytest.approx([5 / 12, 1 / 3, 1 / 4])


@pytest.mark.parametrize("imbalance", Imbalance)
def test_g_based_probabilities_fall_with_the_imbalance(imbalance: Imbalance) -> None:
    found = answer(design(arms="ABC", imbalance=imbalance, probability=GBased(t="0.5")), [0, 1, 4])

    assert found.probabilities == pytest.approx(
        [(1 - 0.5 * g / sum(found.g)) / 2.5 for g in found.g], abs=1e-15
    )
    assert found.probabilities[0] > found.probabilities[1] > found.probabilities[2]


@pytest.mark.parametrize(
    ("scheme", "field", "code"),
    [
        (BestPRestEqual(p="0.49"), "probability.p", "probability_out_of_range"),
        (BestPRestEqual(p="1.0001"), "probability.p", "probability_out_of_range"),
        (BestPRestEqual(p=float("nan")), "probability.p", "not_a_number"),
        (BestPRestEqual(p="Infinity"), "probability.p", "not_a_number"),
        (BestPRestEqual(p=True), "probability.p", "not_a_number"),
        (RankLinear(q="2.01"), "probability.q", "probability_out_of_range"),
        (RankLinear(q="0.49"), "probability.q", "probability_out_of_range"),
        (GBased(t="-0.1"), "probability.t", "probability_out_of_range"),
        (GBased(t="1.1"), "probability.t", "probability_out_of_range"),
        (GBased(t="1/0"), "probability.t", "not_a_number"),
    ],
)
def test_a_parameter_that_gives_no_probabilities_is_refused(
    scheme: Probability, field: str, code: str
) -> None:
    with pytest.raises(InvalidDesign) as caught:
        design(probability=scheme)

    assert (caught.value.field, caught.value.code) == (field, code)


@pytest.mark.parametrize(
    ("weights", "field", "code"),
    [
        ((0,), "factors.0.weight", "weight_invalid"),
        ((1, "-1"), "factors.1.weight", "weight_invalid"),
        (("heavy",), "factors.0.weight", "not_a_number"),
        ((1,) * 51, "factors", "factors_out_of_range"),
    ],
)
def test_factors_that_mean_nothing_are_refused(weights: tuple[Number, ...], field: str, code: str) -> None:
    with pytest.raises(InvalidDesign) as caught:
        design(*weights)

    assert (caught.value.field, caught.value.code) == (field, code)


def test_two_factors_of_one_name_and_an_unknown_imbalance_are_refused() -> None:
    with pytest.raises(InvalidDesign, match="factors"):
        MinimisationDesign(
            arms=("A", "B"),
            ratio=(1, 1),
            imbalance=Imbalance.RANGE,
            probability=EIGHTY,
            factors=(Factor(name="sex"), Factor(name="sex")),
        )
    with pytest.raises(InvalidDesign, match="imbalance"):
        design(imbalance="entropy")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "draws", "field", "code"),
    [
        ({"f0": [1, 2], "f1": [1, 2]}, None, "factors", "factor_unknown"),
        ({}, None, "factors.0.counts", "missing"),
        ({"f0": [1, 2, 3]}, None, "factors.0.counts", "length_mismatch"),
        ({"f0": [1, -1]}, None, "factors.0.counts", "count_invalid"),
        ({"f0": [1, 1.0]}, None, "factors.0.counts", "count_invalid"),
        ({"f0": [1, 1]}, Draws(tie="1", coin="0"), "draws.tie", "draw_out_of_range"),
        ({"f0": [1, 1]}, Draws(tie="0", coin="-0.1"), "draws.coin", "draw_out_of_range"),
    ],
)
def test_inputs_that_mean_nothing_are_refused(
    counts: dict[str, list[int]], draws: Draws | None, field: str, code: str
) -> None:
    with pytest.raises(InvalidDesign) as caught:
        minimise(design(), counts, draws)

    assert (caught.value.field, caught.value.code) == (field, code)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(Imbalance))
def test_weights_of_any_size_are_answered(first: int, second: int, imbalance: Imbalance) -> None:
    tiny = answer(
        design("1e-99", "1e-99", imbalance=imbalance, probability=GBased(t=1)), [first, second], [1, 1]
    )

    assert sum(tiny.probabilities) == pytest.approx(1)
    assert all(g > 0 for g in tiny.g) or abs(first - second) <= 1
