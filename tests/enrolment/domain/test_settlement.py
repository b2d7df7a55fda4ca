"""Settling a board as pure functions: decisions, rules, holds, offers; and that twice is the same as once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.board import (
    Board,
    ClosingCause,
    EntryRecord,
    EntryState,
    LevelRecord,
    Member,
    SitePlace,
    SlotPolicy,
    SlotRecord,
    SponsorHold,
)
from services.enrolment.domain.cohort_counts import CohortMember, Provisional, Verdict, VerdictState
from services.enrolment.domain.cohort_rule import BoundaryRule
from services.enrolment.domain.decisions import DecisionKind, KnownDecision, Supersession
from services.enrolment.domain.draft import Draft, LevelClosed, SlotChanged, SlotHappening
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import (
    DecisionId,
    HaltId,
    LevelId,
    ParticipantId,
    PartLevel,
    ScreeningId,
    SiteId,
    SlotId,
    WaitingEntryId,
)
from services.enrolment.domain.levels import DecisionStanding, DoseLevel, LevelState
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus
from services.enrolment.domain.settlement import settled
from services.enrolment.domain.slot_states import (
    Frozen,
    Holder,
    Offered,
    Open,
    Reserved,
    Revoked,
    Slot,
    SlotOrigin,
)
from services.enrolment.domain.waiting_list import WaitingEntry

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
LEVELS = {n: PartLevel(part="escalation", level=n) for n in (1, 2, 3)}
SITE = SiteId("012")


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"new-{next(numbers):04d}"


def rule(place: PartLevel, close_at: int = 2) -> BoundaryRule:
    return BoundaryRule(source={"text": "any"}, counts=(place,), max_evaluable=6, limits=((0, close_at),))


def decision(
    name: str, level: int = 1, kind: DecisionKind = DecisionKind.OPEN_LEVEL, **fields: Any
) -> KnownDecision:
    plain = KnownDecision(
        id=DecisionId(name),
        kind=kind,
        place=LEVELS[level],
        places=3,
        rule=rule(LEVELS[level]),
        signers=2,
        superseded=False,
        in_force_at=NOON,
    )
    return replace(plain, **fields)


def board(*decisions: KnownDecision, **fields: Any) -> Board:
    plain = Board(
        trial_id="trial",
        code="EP01",
        status=TrialStatus.OPEN,
        policy=SlotPolicy(),
        protocol_levels=frozenset(LEVELS.values()),
        levels={},
        decisions={it.id: it for it in decisions},
        halts=(),
        holds=(),
        unmatched_reports=(),
        members={},
        verdicts={},
        slots={},
        entries={},
        sites={
            SITE: SitePlace(
                number=SITE,
                status=SiteStatus.GREEN_LIGHT,
                zone="UTC",
                country="GB",
                green_lit=frozenset({"1.0"}),
            )
        },
    )
    return replace(plain, **fields)


def after(start: Board, now: datetime = NOON) -> Board:
    return settled(start, now, ids()).as_board()


def states(result: Board) -> dict[int, str]:
    return {place.level: record.level.state.value for place, record in result.levels.items()}


def member(name: str, level: int = 1) -> Member:
    return Member(
        cohort=CohortMember(participant_id=ParticipantId(name), place=LEVELS[level], dosed=True),
        site_id=SITE,
        decision_id=DecisionId("d1"),
        registered_at=NOON - timedelta(days=1),
        first_dose_at=NOON - timedelta(days=1),
    )


def members(*names: str, level: int = 1) -> dict[ParticipantId, Member]:
    return {ParticipantId(name): member(name, level) for name in names}


def verdicts(**given: str) -> Mapping[ParticipantId, VerdictState]:
    return {
        ParticipantId(name): VerdictState(participant_id=ParticipantId(name), verdict=Verdict(verdict))
        for name, verdict in given.items()
    }


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


def waiting(name: str, minutes: int) -> EntryRecord:
    entry = WaitingEntry(
        id=WaitingEntryId(name),
        site_id=SITE,
        screening_id=ScreeningId(f"s-{name}"),
        notified_at=NOON + timedelta(minutes=minutes),
    )
    return EntryRecord(entry=entry, part="escalation", screening_number=f"number-{name}")


def test_a_free_slot_is_offered_to_who_waits_longest() -> None:
    start = board(
        decision("d1", places=1), entries={it.entry.id: it for it in (waiting("b", 2), waiting("a", 1))}
    )

    result = after(start)

    (record,) = result.slots.values()
    assert isinstance(record.slot.state, Offered)
    assert (record.entry_id, record.screening_number) == ("a", "number-a")
    assert {it.entry.id: it.state for it in result.entries.values()} == {
        "a": EntryState.OFFERED,
        "b": EntryState.WAITING,
    }


def test_an_offer_that_falls_with_its_level_puts_the_line_back() -> None:
    offered = after(board(decision("d1", places=1), entries={WaitingEntryId("a"): waiting("a", 1)}))

    result = after(
        replace(
            offered,
            decisions=dict(offered.decisions)
            | {DecisionId("d2"): decision("d2", kind=DecisionKind.CLOSE_LEVEL)},
        )
    )

    assert result.entries[WaitingEntryId("a")].state is EntryState.WAITING


def test_a_site_without_green_light_is_passed_over() -> None:
    start = board(decision("d1", places=1), entries={WaitingEntryId("a"): waiting("a", 1)}, sites={})

    (record,) = after(start).slots.values()
    assert isinstance(record.slot.state, Open)


def reserved(name: str) -> SlotRecord:
    state = Reserved(
        holder=Holder(site_id=SITE, screening_id=ScreeningId(f"s-{name}")),
        reserved_at=NOON,
        expires_at=NOON + timedelta(hours=72),
    )
    slot = Slot(id=SlotId(name), place=LEVELS[1], origin=SlotOrigin.DECISION, opened_at=NOON, state=state)
    return SlotRecord(slot=slot, decision_id=DecisionId("d1"), screening_number=f"number-{name}")


HALT = Halt(
    id=HaltId("h"), scope=HaltScope(recruitment=True, dosing=True), effective_at=NOON + timedelta(days=1)
)


@given(
    kinds=st.lists(st.tuples(st.sampled_from(DecisionKind), st.integers(1, 3), st.booleans()), max_size=5),
    judged=st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from(Verdict), st.sampled_from(Provisional)), max_size=6
    ),
    halted=st.booleans(),
    status=st.sampled_from([TrialStatus.OPEN, TrialStatus.PAUSED, TrialStatus.CLOSED_TO_RECRUITMENT]),
    lines=st.integers(0, 3),
)
def test_settling_twice_is_settling_once(
    kinds: list[tuple[DecisionKind, int, bool]],
    judged: list[tuple[int, Verdict, Provisional]],
    halted: bool,
    status: TrialStatus,
    lines: int,
) -> None:
    decisions = [
        decision(
            f"d{number}", level, kind, superseded=superseded, in_force_at=NOON + timedelta(minutes=number)
        )
        for number, (kind, level, superseded) in enumerate(kinds)
    ]
    people = {ParticipantId(f"p{n}"): member(f"p{n}", level) for n, (level, _, _) in enumerate(judged)}
    known = {
        ParticipantId(f"p{n}"): VerdictState(
            participant_id=ParticipantId(f"p{n}"), verdict=verdict, provisional=provisional
        )
        for n, (_, verdict, provisional) in enumerate(judged)
    }
    entries = {WaitingEntryId(f"e{n}"): waiting(f"e{n}", n) for n in range(lines)}
    start = board(
        *decisions,
        members=people,
        verdicts=known,
        status=status,
        halts=(HALT,) if halted else (),
        entries=entries,
    )

    new_id = ids()
    once = settled(start, NOON, new_id)
    twice = settled(once.as_board(), NOON + timedelta(minutes=5), new_id)

    assert twice.happenings == []
    for record in once.slots.values():
        level = once.levels[record.slot.place].level
        assert not record.alive or level.state is LevelState.OPEN


def test_a_draft_says_exactly_what_changed() -> None:
    opened = after(board(decision("d1")))
    draft = Draft(opened, NOON, ids())
    slot = next(iter(draft.slots.values()))

    draft.put_slot(slot, reserved("x").slot, SlotHappening.RESERVED)

    assert [record.slot.id for record in draft.changed_slots()] == ["x"]
    assert (draft.changed_levels(), draft.changed_decisions(), draft.changed_entries()) == ([], [], [])
    assert [type(it) for it in draft.happenings] == [SlotChanged]
