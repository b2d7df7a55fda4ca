"""Settling a board as pure functions: decisions, rules, holds, halts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.enrolment.domain.board import ClosingCause, LevelRecord, SponsorHold
from services.enrolment.domain.cohort_counts import Provisional, Verdict, VerdictState
from services.enrolment.domain.decisions import Supersession
from services.enrolment.domain.draft import LevelClosed
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import DecisionId, HaltId, LevelId, ParticipantId
from services.enrolment.domain.levels import DecisionStanding, DoseLevel, LevelState
from services.enrolment.domain.recruitment import TrialStatus
from services.enrolment.domain.settlement import settled
from services.enrolment.domain.slot_states import Frozen, Open, Revoked
from tests.enrolment.domain.settling import (
    LEVELS,
    NOON,
    after,
    board,
    decision,
    ids,
    members,
    states,
    verdicts,
)


def test_a_decision_opens_its_level_with_its_places() -> None:
    result = after(board(decision("d1")))

    assert states(result) == {1: "open", 2: "locked", 3: "locked"}
    assert [record.slot.place for record in result.slots.values()] == [LEVELS[1]] * 3
    assert result.decisions[DecisionId("d1")].took_effect


def test_decisions_that_arrive_together_are_applied_in_the_order_in_which_they_came_into_force() -> None:
    later = decision("a", 2, in_force_at=NOON + timedelta(hours=1))

    result = after(board(later, decision("b", 1)))

    assert states(result) == {1: "closed", 2: "open", 3: "locked"}
    assert result.decisions[DecisionId("b")].standing is DecisionStanding.FOLLOWED


def test_a_decision_waits_for_the_protocol_that_has_its_level() -> None:
    start = board(decision("d1"), protocol_levels=frozenset())

    assert after(start).decisions[DecisionId("d1")].applied_at is None


def test_a_decision_in_the_same_instant_as_a_closing_is_newer_than_it() -> None:
    closed = LevelRecord(
        level=DoseLevel(
            id=LevelId("l1"),
            place=LEVELS[1],
            state=LevelState.CLOSED,
            opened_by=DecisionId("d0"),
            closed_at=NOON,
        )
    )

    assert states(after(board(decision("d1"), levels={LEVELS[1]: closed})))[1] == "open"


def test_a_decision_whose_data_changed_before_it_came_opens_nothing_and_has_no_rule() -> None:
    result = after(board(decision("d1", superseded=True)))

    assert states(result)[1] == "locked"
    assert result.rule_of(LEVELS[1]) is None


def test_a_later_decision_resolves_what_was_superseded_before() -> None:
    first = after(board(decision("d1")))
    late = replace(
        first,
        decisions=dict(first.decisions)
        | {DecisionId("d1"): replace(first.decisions[DecisionId("d1")], superseded=True)},
    )
    frozen = after(late)
    assert frozen.decisions[DecisionId("d1")].standing is DecisionStanding.SUPERSEDED
    assert all(isinstance(record.slot.state, Frozen) for record in frozen.slots.values())

    again = after(
        replace(frozen, decisions=dict(frozen.decisions) | {DecisionId("d2"): decision("d2", places=0)})
    )

    assert again.decisions[DecisionId("d1")].supersession is Supersession.RESOLVED
    assert again.decisions[DecisionId("d1")].standing is DecisionStanding.FOLLOWED
    assert all(isinstance(record.slot.state, Open) for record in again.slots.values())


def test_two_dlts_close_the_level_and_take_its_slots() -> None:
    opened = after(board(decision("d1")))
    hurt = replace(opened, members=members("a", "b"), verdicts=verdicts(a="dlt", b="dlt"))

    draft = settled(hurt, NOON, ids())

    closings = [it for it in draft.happenings if isinstance(it, LevelClosed)]
    assert [(it.cause, it.cell) for it in closings] == [
        (ClosingCause.COHORT_RULE, "n=2 dlt=2 pending=0: close")
    ]
    assert {
        record.slot.state.cause.value
        for record in draft.slots.values()
        if isinstance(record.slot.state, Revoked)
    } == {"level_closed"}


def test_a_provisional_dlt_is_evaluated_both_ways() -> None:
    opened = after(board(decision("d1")))
    open_question = VerdictState(
        participant_id=ParticipantId("b"), verdict=Verdict.PENDING, provisional=Provisional.DLT
    )
    judged = dict(verdicts(a="dlt")) | {ParticipantId("b"): open_question}

    assert states(after(replace(opened, members=members("a", "b"), verdicts=judged)))[1] == "closed"


def test_a_risen_toxicity_below_closes_above_once_and_not_again_for_the_same_dlts() -> None:
    below = after(board(decision("d1")))
    above = after(replace(below, decisions=dict(below.decisions) | {DecisionId("d2"): decision("d2", 2)}))
    hurt = replace(above, members=members("a", "b", "c"), verdicts=verdicts(a="dlt", b="dlt"))
    closed = after(hurt)
    assert states(closed) == {1: "closed", 2: "closed", 3: "locked"}

    reopened = after(
        replace(closed, decisions=dict(closed.decisions) | {DecisionId("d3"): decision("d3", 2)})
    )

    assert states(reopened)[2] == "open"
    assert states(after(reopened))[2] == "open"
    assert states(after(replace(reopened, verdicts=verdicts(a="dlt", b="dlt", c="dlt"))))[2] == "closed"


def test_a_toxic_level_above_leaves_the_one_below_open() -> None:
    first = after(board(decision("d1", 2)))
    toxic = replace(first, members=members("a", "b", level=2), verdicts=verdicts(a="dlt", b="dlt"))
    closed = after(toxic)

    below = after(replace(closed, decisions=dict(closed.decisions) | {DecisionId("d2"): decision("d2", 1)}))

    assert states(below) == {1: "open", 2: "closed", 3: "locked"}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": TrialStatus.PAUSED},
        {"unmatched_reports": ("r1",)},
        {"holds": (SponsorHold(id="h", place=LEVELS[1]),)},
        {
            "halts": (
                Halt(
                    id=HaltId("h"),
                    scope=HaltScope(recruitment=True, dosing=False),
                    effective_at=NOON + timedelta(days=1),
                ),
            )
        },
    ],
)
def test_what_stops_registration_stops_the_clock_and_lets_it_go_on(fields: dict[str, Any]) -> None:
    opened = after(board(decision("d1")))
    stopped = after(replace(opened, **fields))
    assert {type(record.slot.state) for record in stopped.slots.values()} == {Frozen}
    plain = {name: getattr(opened, name) for name in fields}

    assert after(replace(stopped, **plain)).slots == opened.slots


def test_a_halt_of_dosing_alone_freezes_nothing() -> None:
    opened = after(board(decision("d1")))
    halt = Halt(
        id=HaltId("h"), scope=HaltScope(recruitment=False, dosing=True), effective_at=NOON + timedelta(days=1)
    )

    assert after(replace(opened, halts=(halt,))).slots == opened.slots


def test_nothing_is_concluded_while_the_copies_are_not_complete() -> None:
    opened = after(board(decision("d1")))
    cleared = replace(opened, decisions={}, status=TrialStatus.SETUP, copies_complete=False)

    assert settled(cleared, NOON, ids()).happenings == []
