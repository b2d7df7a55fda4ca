"""Closing a part at its target and opening it again, on the board alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from services.enrolment.domain.board import Board, Member
from services.enrolment.domain.cohort_counts import CohortMember, Provisional, Verdict, VerdictState
from services.enrolment.domain.draft import Draft, RecruitmentClosed, RecruitmentReopened, SlotChanged
from services.enrolment.domain.ids import DecisionId, ParticipantId, PartLevel
from services.enrolment.domain.recruitment import AtTarget, PartTarget, TargetPolicy
from services.enrolment.domain.settlement import settled
from services.enrolment.domain.slot_states import RevokeCause, Revoked
from tests.enrolment.domain.settling import LEVELS, NOON, SITE, board, decision, ids

COHORT = PartLevel(part="samples", level=0)
REFUSE, ALLOW = TargetPolicy(), TargetPolicy(at_target=AtTarget.ALLOW)
UNTIL = TargetPolicy(at_target=AtTarget.ALLOW_UNTIL, until=date(2026, 6, 30))


def members(places: Mapping[str, PartLevel]) -> dict[ParticipantId, Member]:
    return {
        ParticipantId(name): Member(
            cohort=CohortMember(participant_id=ParticipantId(name), place=place, dosed=True),
            site_id=SITE,
            decision_id=DecisionId(""),
            registered_at=NOON,
        )
        for name, place in places.items()
    }


def target(number: int, policy: TargetPolicy = REFUSE, part: str = "samples") -> dict[str, PartTarget]:
    return {part: PartTarget(target=number, policy=policy)}


def settle(start: Board) -> Draft:
    return settled(start, NOON, ids())


def verdict(name: str, value: Verdict) -> dict[ParticipantId, VerdictState]:
    state = VerdictState(participant_id=ParticipantId(name), verdict=value, provisional=Provisional.NONE)
    return {ParticipantId(name): state}


def what(draft: Draft) -> list[type]:
    return [type(it) for it in draft.happenings if isinstance(it, RecruitmentClosed | RecruitmentReopened)]


def test_a_part_closes_with_the_last_child_it_needs_and_says_so_once() -> None:
    start = board(targets=target(2), members=members({"a": COHORT, "b": COHORT}))

    closed = settle(start)
    again = settle(closed.as_board())

    assert what(closed) == [RecruitmentClosed]
    assert closed.recruitment["samples"].closed_at == NOON
    assert what(again) == []
    assert again.changed_recruitment() == []


def test_one_child_short_of_the_target_closes_nothing() -> None:
    draft = settle(board(targets=target(3), members=members({"a": COHORT, "b": COHORT})))

    assert what(draft) == []
    assert draft.recruitment == {}


def test_a_part_whose_target_is_taken_away_opens_again() -> None:
    closed = settle(board(targets=target(1), members=members({"a": COHORT})))

    draft = settle(replace(closed.as_board(), targets={}))

    assert what(draft) == [RecruitmentReopened]
    assert draft.recruitment["samples"].id == closed.recruitment["samples"].id


def test_children_of_another_part_do_not_count() -> None:
    other = PartLevel(part="blood", level=0)

    draft = settle(board(targets=target(1), members=members({"a": other})))

    assert what(draft) == []


def test_nothing_is_concluded_about_targets_while_the_copies_are_not_complete() -> None:
    start = board(targets=target(1), members=members({"a": COHORT}), copies_complete=False)

    assert settle(start).happenings == []


def test_only_a_policy_of_refusing_takes_the_places_back() -> None:
    def revoked(policy: TargetPolicy) -> int:
        full = board(
            decision("decision-1"),
            targets=target(1, policy, part="escalation"),
            members=members({"a": LEVELS[1]}),
        )
        states = [record.slot.state for record in settle(full).slots.values()]
        return sum(
            isinstance(state, Revoked) and state.cause is RevokeCause.TARGET_REACHED for state in states
        )

    assert [revoked(policy) for policy in (REFUSE, ALLOW, UNTIL)] == [3, 0, 0]


def test_a_child_who_cannot_be_judged_is_not_replaced_in_a_part_that_has_enough_without_them() -> None:
    full = board(
        decision("decision-1"),
        targets=target(1, part="escalation"),
        members=members({"a": LEVELS[1], "b": LEVELS[1]}),
        verdicts=verdict("b", Verdict.NOT_EVALUABLE),
    )

    draft = settle(full)
    again = settle(draft.as_board())

    assert [record for record in draft.slots.values() if record.alive] == []
    assert [record for record in draft.slots.values() if record.replaces] == []
    assert [it for it in again.happenings if isinstance(it, SlotChanged)] == []
