"""Published stopping boundaries and their characteristics, digit by digit.

Sources:
    Beta-binomial: github.com/mjmartens/stoppingrule, README at 2ef67698, the Bayesian design for 30 participants.
    Pocock-type: the form of Ivanova, Qaqish and Schell, Continuous toxicity monitoring in phase II trials in
    oncology, Biometrics 61:540-545, 2005.
    Overdose control: the elimination rule of Liu and Yuan, Bayesian optimal interval designs for phase I clinical
    trials, J R Stat Soc C 64:507-523, 2015; the counts equal the elimination column of its tables.
"""

from decimal import Decimal

import pytest

from services.safety.domain.stopping_rule import BoundaryDesign, BoundaryKind, boundary_of, first_crossing
from services.safety.domain.stopping_rule_characteristics import characteristics

REFERENCE_1 = BoundaryDesign(
    kind=BoundaryKind.BETA_BINOMIAL,
    participants=30,
    p0=Decimal("0.2"),
    alpha=Decimal("0.1"),
    prior=(Decimal("0.6"), Decimal("2.4")),
)
REFERENCE_2 = BoundaryDesign(
    kind=BoundaryKind.POCOCK, participants=20, p0=Decimal("0.2"), alpha=Decimal("0.05")
)


def test_the_beta_binomial_boundary_is_the_published_one() -> None:
    steps = [(None, 2), (3, 2), (4, 2), (5, 4), (6, 3), (7, 4), (8, 3), (9, 4), (10, 4), (11, 2)]

    assert boundary_of(REFERENCE_1) == tuple(limit for limit, times in steps for _ in range(times))


@pytest.mark.parametrize(
    ("p", "stop_probability", "expected_events"),
    [(0.20, 0.09957367, 5.651197), (0.25, 0.23832301, 6.536293)],
)
def test_the_beta_binomial_characteristics_are_the_published_ones(
    p: float, stop_probability: float, expected_events: float
) -> None:
    found = characteristics(boundary_of(REFERENCE_1), p)

    assert f"{found.stop_probability:.8f}" == f"{stop_probability:.8f}"
    assert f"{found.expected_events:.6f}" == f"{expected_events:.6f}"


def test_the_printed_cut_off_is_rounded_and_would_keep_no_size() -> None:
    printed = BoundaryDesign(
        kind=BoundaryKind.BETA_BINOMIAL,
        participants=30,
        p0=REFERENCE_1.p0,
        cutoff=Decimal("0.9630823"),
        prior=REFERENCE_1.prior,
    )

    found = boundary_of(printed)

    assert found[6] == 4
    assert f"{characteristics(found, 0.2).stop_probability:.8f}" == "0.10444643"


@pytest.mark.parametrize("cutoff", ["0.96308270", "0.96319151"])
def test_any_cut_off_between_two_posteriors_gives_the_published_table(cutoff: str) -> None:
    fixed = BoundaryDesign(
        kind=BoundaryKind.BETA_BINOMIAL,
        participants=30,
        p0=REFERENCE_1.p0,
        cutoff=Decimal(cutoff),
        prior=REFERENCE_1.prior,
    )

    assert boundary_of(fixed) == boundary_of(REFERENCE_1)


def test_the_pocock_boundary_is_the_published_one() -> None:
    expected = [3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9]

    assert boundary_of(REFERENCE_2) == (None, None, *expected)


@pytest.mark.parametrize(
    ("p", "stop_probability"), [(0.2, 0.048400), (0.3, 0.232594), (0.4, 0.551748), (0.5, 0.834151)]
)
def test_the_pocock_size_and_power_are_the_published_ones(p: float, stop_probability: float) -> None:
    found = characteristics(boundary_of(REFERENCE_2), p)

    assert f"{found.stop_probability:.6f}" == f"{stop_probability:.6f}"


@pytest.mark.parametrize(
    ("target", "limits"),
    [
        ("0.30", [3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9]),
        ("0.25", [3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8]),
    ],
)
def test_overdose_control_is_the_published_elimination_rule(target: str, limits: list[int]) -> None:
    design = BoundaryDesign(kind=BoundaryKind.OVERDOSE, participants=18, p0=Decimal(target))

    assert boundary_of(design) == (None, None, *limits)


@pytest.mark.parametrize(
    ("counts", "crossing"),
    [
        pytest.param([(4, 2), (5, 3)], None, id="2 at n=4, then 3 at n=5: goes on"),
        pytest.param([(4, 3), (5, 4)], 4, id="3 at n=4, then 4 at n=5: crossed at 4"),
        pytest.param([(5, 4), (4, 3), (5, 4), (4, 3)], 4, id="shuffled and repeated"),
        pytest.param([(10, 5)], 10, id="5 of 10"),
        pytest.param([(30, 11)], 30, id="11 of 30"),
        pytest.param([(30, 10), (10, 4)], None, id="one fewer each"),
    ],
)
def test_the_first_crossing_is_found_in_any_order(
    counts: list[tuple[int, int]], crossing: int | None
) -> None:
    assert first_crossing(boundary_of(REFERENCE_1), counts) == crossing
