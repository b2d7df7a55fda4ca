from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.enrolment.domain.cohort_rule import BoundaryRule, Cell, Evaluation, RuleOutput
from services.enrolment.domain.ids import DecisionId, LevelId, PartLevel
from services.enrolment.domain.levels import (
    DecisionAction,
    DecisionStanding,
    DoseLevel,
    Effect,
    LevelChange,
    LevelState,
    NothingChanges,
    SignedDecision,
    closing_due,
    decide_decision_effect,
    decide_rule_closing,
    hold_level,
    release_hold,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = BoundaryRule(source={"text": "any"}, counts=(), max_evaluable=6, limits=((2, 2),))


def level(index: int, state: LevelState = LevelState.LOCKED, **fields: Any) -> DoseLevel:
    plain = DoseLevel(id=LevelId(f"l{index}"), place=PartLevel(part="escalation", level=index), state=state)
    return replace(plain, **fields)


def decision(index: int, action: DecisionAction = DecisionAction.OPEN, **fields: Any) -> SignedDecision:
    plain = SignedDecision(
        id=DecisionId("d2"),
        place=PartLevel(part="escalation", level=index),
        action=action,
        standing=DecisionStanding.IN_FORCE,
        quorate=True,
        signed_at=NOON - timedelta(hours=1),
        rule=RULE,
        places=6,
    )
    return replace(plain, **fields)


def changes_of(outcome: tuple[LevelChange, ...] | NothingChanges) -> dict[int, LevelChange]:
    assert not isinstance(outcome, NothingChanges), outcome.because
    return {change.level.place.level: change for change in outcome}


def test_a_decision_in_force_opens_its_level_with_its_places() -> None:
    changes = changes_of(decide_decision_effect((level(1), level(2)), decision(1), NOON))

    assert changes[1].level.state is LevelState.OPEN
    assert changes[1].level.opened_by == "d2"
    assert (changes[1].effect, changes[1].places) == (Effect.OPENED, 6)


def test_opening_the_next_level_closes_the_one_below() -> None:
    below = level(1, LevelState.OPEN, opened_by=DecisionId("d1"))

    changes = changes_of(decide_decision_effect((below, level(2)), decision(2), NOON))

    assert changes[1].effect is Effect.CLOSED
    assert changes[1].level.closed_at == NOON
    assert changes[2].effect is Effect.OPENED


@pytest.mark.parametrize(
    "fields",
    [
        {"standing": DecisionStanding.FIRST_SIGNATURE},
        {"standing": DecisionStanding.SUPERSEDED},
        {"standing": DecisionStanding.WITHDRAWN},
        {"standing": DecisionStanding.FOLLOWED},
        {"quorate": False},
    ],
)
def test_a_decision_not_in_force_or_not_quorate_opens_nothing(fields: dict[str, Any]) -> None:
    assert isinstance(decide_decision_effect((level(1),), decision(1, **fields), NOON), NothingChanges)


@pytest.mark.parametrize(
    ("action", "effect"), [(DecisionAction.CLOSE, Effect.CLOSED), (DecisionAction.HOLD, Effect.HELD)]
)
def test_a_restricting_decision_acts_at_the_first_signature(action: DecisionAction, effect: Effect) -> None:
    first = decision(1, action, standing=DecisionStanding.FIRST_SIGNATURE, quorate=False)

    changes = changes_of(decide_decision_effect((level(1, LevelState.OPEN),), first, NOON))

    assert changes[1].effect is effect


def test_the_decision_that_opened_a_level_does_not_open_it_again_after_closing() -> None:
    closed = level(1, LevelState.CLOSED, opened_by=DecisionId("d2"), closed_at=NOON - timedelta(hours=2))

    assert isinstance(decide_decision_effect((closed,), decision(1), NOON), NothingChanges)


def test_a_decision_signed_before_the_level_closed_does_not_open_it() -> None:
    closed = level(1, LevelState.CLOSED, opened_by=DecisionId("d1"), closed_at=NOON)

    assert isinstance(decide_decision_effect((closed,), decision(1, signed_at=NOON), NOON), NothingChanges)


def test_a_new_decision_signed_after_the_closing_opens_the_level_again() -> None:
    closed = level(1, LevelState.CLOSED, opened_by=DecisionId("d1"), closed_at=NOON - timedelta(hours=2))

    changes = changes_of(decide_decision_effect((closed,), decision(1), NOON))

    assert changes[1].level.state is LevelState.OPEN


@pytest.mark.parametrize("state", [LevelState.LOCKED, LevelState.CLOSED])
def test_expanding_never_opens_a_level(state: LevelState) -> None:
    outcome = decide_decision_effect((level(1, state),), decision(1, DecisionAction.EXPAND), NOON)

    assert isinstance(outcome, NothingChanges)


def test_expanding_adds_places_once() -> None:
    opened = level(1, LevelState.OPEN, opened_by=DecisionId("d1"))
    expand = decision(1, DecisionAction.EXPAND, places=3)

    changes = changes_of(decide_decision_effect((opened,), expand, NOON))

    assert (changes[1].effect, changes[1].places) == (Effect.EXPANDED, 3)
    assert isinstance(decide_decision_effect((changes[1].level,), expand, NOON), NothingChanges)


def test_a_closed_level_cannot_be_closed_twice() -> None:
    closed = level(1, LevelState.CLOSED, closed_at=NOON)

    outcome = decide_decision_effect((closed,), decision(1, DecisionAction.CLOSE), NOON + timedelta(hours=1))

    assert isinstance(outcome, NothingChanges)


def test_a_held_level_stays_open_and_is_released_by_a_new_decision() -> None:
    opened = level(1, LevelState.OPEN, opened_by=DecisionId("d1"))
    held = changes_of(
        decide_decision_effect((opened,), decision(1, DecisionAction.HOLD, id=DecisionId("d9")), NOON)
    )[1].level

    assert (held.state, held.held_by) == (LevelState.OPEN, frozenset({"d9"}))
    assert changes_of(decide_decision_effect((held,), decision(1), NOON))[1].level.held_by == frozenset()


def test_each_hold_of_the_sponsor_is_released_by_itself() -> None:
    held = hold_level(hold_level(level(1, LevelState.OPEN), "c1"), "c2")

    assert release_hold(held, "c1").held_by == {"c2"}


def test_a_decision_about_an_unknown_level_is_an_error() -> None:
    with pytest.raises(LookupError):
        decide_decision_effect((level(1),), decision(7), NOON)


@pytest.mark.parametrize(
    ("output", "state", "due"),
    [
        (RuleOutput.CLOSE, LevelState.OPEN, True),
        (RuleOutput.HOLD, LevelState.OPEN, False),
        (RuleOutput.SAME, LevelState.OPEN, False),
        (RuleOutput.CLOSE, LevelState.CLOSED, False),
        (RuleOutput.CLOSE, LevelState.LOCKED, False),
    ],
)
def test_only_close_is_stored_and_only_for_an_open_level(
    output: RuleOutput, state: LevelState, due: bool
) -> None:
    evaluation = Evaluation(output=output, cell=Cell(n=4, dlt=2, pending=0), because="row of the table")

    assert closing_due(level(1, state), evaluation) is due


def test_closing_by_the_rule_leaves_no_decision_anywhere_in_the_part() -> None:
    opened = level(2, LevelState.OPEN, opened_by=DecisionId("d1"))
    backfill = level(1, LevelState.OPEN, opened_by=DecisionId("d0"))
    elsewhere = replace(opened, place=PartLevel(part="expansion", level=1))

    changes = decide_rule_closing((opened, backfill, elsewhere, level(3)), opened.place, NOON)

    assert {(change.level.place, change.effect) for change in changes} == {
        (opened.place, Effect.CLOSED),
        (backfill.place, Effect.DECISION_LOST),
    }
    assert all(change.level.opened_by is None for change in changes if change.level.place == backfill.place)
