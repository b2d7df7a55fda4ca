"""What decisions make of a part: levels opened and eliminated, decisions followed by others, dose found."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.sponsor.domain.course import dose_found, is_followed_by, part_history
from services.sponsor.domain.decision import Decision, DecisionKind, DecisionState
from services.sponsor.domain.escalation.rolling_six import PartHistory
from services.sponsor.domain.protocol_terms import PartTerms

Kind = DecisionKind
Decide = Callable[..., Decision]


def test_the_history_is_what_took_force_in_its_order(terms: PartTerms, decide: Decide) -> None:
    superseded = replace(decide(Kind.OPEN_LEVEL, 1), state=DecisionState.SUPERSEDED)
    taken_back = replace(decide(Kind.OPEN_LEVEL, 3), state=DecisionState.WITHDRAWN)
    decisions = [
        superseded,
        decide(Kind.OPEN_LEVEL, 2),
        taken_back,
        decide(Kind.EXPAND, 1, part="b"),
        decide(Kind.OPEN_LEVEL, 3, in_force=False),
        decide(Kind.DECLARE_MTD, 2),
    ]

    assert part_history(terms, decisions) == PartHistory(opened=(1, 2), start_level=1)


def test_a_level_closed_by_decision_is_eliminated_until_it_is_reopened(
    terms: PartTerms, decide: Decide
) -> None:
    opened, closed, reopened = (
        decide(Kind.OPEN_LEVEL, 2),
        decide(Kind.CLOSE_LEVEL, 2),
        decide(Kind.REOPEN_LEVEL, 2),
    )

    assert part_history(terms, [opened, closed]).eliminated == {2}
    assert part_history(terms, [opened, closed, reopened]) == PartHistory(opened=(2, 2), start_level=1)
    assert part_history(terms, [opened, closed, decide(Kind.OPEN_LEVEL, 2)]).eliminated == {2}


@pytest.mark.parametrize(
    ("earlier", "later", "followed"),
    [
        ((Kind.OPEN_LEVEL, 1), (Kind.OPEN_LEVEL, 2), True),
        ((Kind.OPEN_LEVEL, 1), (Kind.HOLD, 1), False),
        ((Kind.OPEN_LEVEL, 2), (Kind.CLOSE_LEVEL, 2), True),
        ((Kind.OPEN_LEVEL, 1), (Kind.CLOSE_LEVEL, 2), False),
        ((Kind.OPEN_LEVEL, 2), (Kind.DECLARE_MTD, 2), True),
        ((Kind.HOLD, 1), (Kind.OPEN_LEVEL, 2), True),
        ((Kind.HOLD, 1), (Kind.HOLD, 1), True),
        ((Kind.HOLD, 1), (Kind.HOLD, 2), False),
        ((Kind.CLOSE_LEVEL, 2), (Kind.OPEN_LEVEL, 1), False),
        ((Kind.CLOSE_LEVEL, 2), (Kind.REOPEN_LEVEL, 2), True),
        ((Kind.CLOSE_LEVEL, 2), (Kind.REOPEN_LEVEL, 1), False),
        ((Kind.CLOSE_LEVEL, 2), (Kind.DECLARE_MTD, 1), False),
        ((Kind.DECLARE_MTD, 1), (Kind.DECLARE_MTD, 2), True),
        ((Kind.DECLARE_MTD, 1), (Kind.OPEN_LEVEL, 2), False),
    ],
)
def test_which_decision_a_later_one_follows(
    earlier: tuple[Kind, int], later: tuple[Kind, int], followed: bool, decide: Decide
) -> None:
    assert is_followed_by(decide(*earlier), decide(*later)) is followed


def test_a_decision_of_another_part_or_one_not_in_force_is_not_followed(decide: Decide) -> None:
    later = decide(Kind.OPEN_LEVEL, 2)

    assert not is_followed_by(decide(Kind.OPEN_LEVEL, 1, part="b"), later)
    assert not is_followed_by(decide(Kind.OPEN_LEVEL, 1, in_force=False), later)


def test_the_dose_found_is_the_one_declared_last_and_still_in_force(decide: Decide) -> None:
    first, second = decide(Kind.DECLARE_MTD, 1), decide(Kind.DECLARE_MTD, 2)

    assert dose_found("a", []) is None
    assert dose_found("a", [first, second]) == 2
    assert dose_found("a", [first, replace(second, state=DecisionState.SUPERSEDED)]) == 1
    assert dose_found("b", [first]) is None
