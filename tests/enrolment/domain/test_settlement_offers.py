"""Settling a board: who is offered a free slot, and that settling twice is settling once."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.board import EntryRecord, EntryState, SlotRecord
from services.enrolment.domain.cohort_counts import Provisional, Verdict, VerdictState
from services.enrolment.domain.decisions import DecisionKind
from services.enrolment.domain.draft import Draft, SlotChanged, SlotHappening
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import (
    DecisionId,
    HaltId,
    ParticipantId,
    ScreeningId,
    SlotId,
    WaitingEntryId,
)
from services.enrolment.domain.levels import LevelState
from services.enrolment.domain.recruitment import TrialStatus
from services.enrolment.domain.settlement import settled
from services.enrolment.domain.slot_states import Holder, Offered, Open, Reserved, Slot, SlotOrigin
from services.enrolment.domain.waiting_list import WaitingEntry
from tests.enrolment.domain.settling import LEVELS, NOON, SITE, after, board, decision, ids, member


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
