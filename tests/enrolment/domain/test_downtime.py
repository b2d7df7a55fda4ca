"""Late entry in the domain: whose place is used, what differs, and which numbers are usable."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.enrolment.domain.board import EntryRecord, EntryState, ScreeningState, SlotRecord
from services.enrolment.domain.downtime import (
    ByTelephone,
    IssuedNumber,
    as_given,
    check_late_entry,
    codes_of,
    differences,
    place_taken,
    take_place,
)
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.guards import GuardResult, check
from services.enrolment.domain.ids import (
    DecisionId,
    ParticipantId,
    ScreeningId,
    SlotId,
    WaitingEntryId,
)
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.slot_states import (
    Consumed,
    Frozen,
    Holder,
    Offered,
    Open,
    Reserved,
    Slot,
    SlotOrigin,
)
from services.enrolment.domain.slots import expires_soon, slot_obstacle, warning_due_at
from services.enrolment.domain.waiting_list import WaitingEntry
from tests.enrolment.domain.settling import LEVELS, NOON, SITE, board, ids

HOUR = timedelta(hours=1)
MINE = Holder(site_id=SITE, screening_id=ScreeningId("mine"))
THEIRS = Holder(site_id=SITE, screening_id=ScreeningId("theirs"))
CALL = ByTelephone(
    duty_person="duty", called_at=NOON, sponsor_confirmed_by="office", safety_confirmed_by="officer"
)
ISSUED = IssuedNumber(
    number="EP01-012-0078", trial_id="trial", site_number="012", issued_at=NOON - HOUR, used=False
)


def slot(name: str, state: Any = None, *, level: int = 1, minutes: int = 0) -> SlotRecord:
    opened_at = NOON + timedelta(minutes=minutes)
    made = Slot(id=SlotId(name), place=LEVELS[level], origin=SlotOrigin.DECISION, opened_at=opened_at)
    return SlotRecord(slot=replace(made, state=state or Open()), decision_id=DecisionId("d1"))


def reserved(holder: Holder) -> Reserved:
    return Reserved(holder=holder, reserved_at=NOON, expires_at=NOON + 72 * HOUR)


def frozen(before: Any) -> Frozen:
    return Frozen(before=before, since=NOON, causes=frozenset({"halt:h"}))


# -- the place ------------------------------------------------------------------------------------------


def test_the_place_of_the_screening_is_used_before_a_free_one() -> None:
    slots = [slot("free"), slot("mine", reserved(MINE), minutes=5), slot("theirs", reserved(THEIRS))]

    taken = place_taken(slots, MINE, LEVELS[1])

    assert taken is not None
    assert taken.slot.id == "mine"


@pytest.mark.parametrize(
    "state", [frozen(reserved(MINE)), Offered(holder=MINE, offered_at=NOON, expires_at=NOON)]
)
def test_a_place_that_is_frozen_or_only_offered_is_the_screenings_too(state: Any) -> None:
    assert place_taken([slot("mine", state)], MINE, LEVELS[1]) is not None


def test_of_free_places_the_oldest_that_is_not_frozen_is_used() -> None:
    slots = [slot("new", minutes=9), slot("stands", frozen(Open())), slot("old", minutes=3)]

    taken = place_taken(slots, MINE, LEVELS[1])
    last = place_taken(slots[1:2], MINE, LEVELS[1])

    assert taken is not None
    assert last is not None
    assert (taken.slot.id, last.slot.id) == ("old", "stands")


def test_neither_anothers_place_nor_one_of_another_level_is_used() -> None:
    slots = [slot("theirs", reserved(THEIRS)), slot("elsewhere", level=2)]

    assert place_taken(slots, MINE, LEVELS[1]) is None


def test_a_free_place_counts_as_given_and_a_frozen_one_stays_frozen() -> None:
    plain, stands = (
        as_given(slot("a"), MINE, NOON, HOUR),
        as_given(slot("b", frozen(Open())), MINE, NOON, HOUR),
    )
    own = as_given(slot("c", reserved(MINE)), MINE, NOON, HOUR)

    assert slot_obstacle(plain.slot, MINE, NOON) is None
    obstacle = slot_obstacle(stands.slot, MINE, NOON)
    assert obstacle is not None
    assert obstacle.code == "slot_frozen"
    assert own == slot("c", reserved(MINE))


def test_taking_the_place_ends_every_other_place_and_line_of_the_screening() -> None:
    entry = WaitingEntry(
        id=WaitingEntryId("e"), site_id=SITE, screening_id=MINE.screening_id, notified_at=NOON
    )
    records = [slot("used"), slot("other", reserved(MINE), level=2), slot("theirs", reserved(THEIRS))]
    start = board(
        slots={it.slot.id: it for it in records},
        entries={entry.id: EntryRecord(entry=entry, part="escalation")},
    )
    draft = Draft(start, NOON, ids())

    take_place(draft, draft.slots[SlotId("used")], MINE, ParticipantId("p"))

    assert draft.slots[SlotId("used")].slot.state == Consumed(
        holder=MINE, participant_id=ParticipantId("p"), at=NOON
    )
    assert draft.slots[SlotId("other")].screening is ScreeningState.REGISTERED
    assert draft.slots[SlotId("theirs")] == records[2]
    assert draft.entries[entry.id].state is EntryState.SERVED


# -- what differs ---------------------------------------------------------------------------------------


def guard(number: int, code: str, *, passes: bool) -> GuardResult:
    return check(passes, number, f"guard-{number}", code, "why")


def test_what_fails_then_or_now_is_a_difference_in_the_order_of_the_guards() -> None:
    then = [guard(4, "trial_halted", passes=True), guard(20, "slot_required", passes=False)]
    now = [guard(4, "trial_halted", passes=False), guard(20, "slot_required", passes=False)]

    found = differences(then, now, CALL, NOON)

    assert [(it.code, it.then, it.now) for it in found] == [
        ("trial_halted", False, True),
        ("slot_required", True, True),
    ]
    assert codes_of(found) == ["trial_halted", "slot_required"]


def test_a_call_after_the_claimed_registration_is_a_difference() -> None:
    late = replace(CALL, called_at=NOON + HOUR)

    assert codes_of(differences([], [], late, NOON)) == ["place_given_later"]
    assert differences([], [], CALL, NOON) == ()


@pytest.mark.parametrize(
    ("issued", "claimed", "code"),
    [
        (None, NOON, "not_found"),
        (replace(ISSUED, site_number="034"), NOON, "not_found"),
        (replace(ISSUED, trial_id="other"), NOON, "not_found"),
        (replace(ISSUED, used=True), NOON, "downtime_number_used"),
        (ISSUED, NOON + timedelta(minutes=6), "time_in_future"),
        (ISSUED, NOON - 2 * HOUR, "downtime_before_block"),
    ],
    ids=["never-issued", "another-site", "another-trial", "used", "future", "before-the-block"],
)
def test_a_number_that_cannot_be_used_is_refused(
    issued: IssuedNumber | None, claimed: datetime, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_late_entry(issued, "trial", "012", claimed, NOON)

    assert refused.value.code == code


def test_a_number_may_be_used_from_the_moment_it_was_issued() -> None:
    assert check_late_entry(ISSUED, "trial", "012", ISSUED.issued_at, NOON) == ISSUED


# -- the warning before a deadline ----------------------------------------------------------------------


def test_a_warning_is_due_so_long_before_the_deadline_and_once_for_each() -> None:
    held = slot("held", reserved(MINE)).slot
    deadline = NOON + 72 * HOUR

    assert warning_due_at(held, None, 24 * HOUR) == NOON + 48 * HOUR
    assert warning_due_at(held, deadline, 24 * HOUR) is None
    assert warning_due_at(held, deadline - HOUR, 24 * HOUR) == NOON + 48 * HOUR


@pytest.mark.parametrize("state", [Open(), frozen(reserved(MINE))])
def test_nobody_is_warned_of_a_free_or_a_frozen_place(state: Any) -> None:
    place = slot("any", state).slot

    assert warning_due_at(place, None, 24 * HOUR) is None
    assert not expires_soon(place, 24 * HOUR, datetime(2027, 1, 1, tzinfo=UTC))


def test_a_place_expires_soon_from_the_warning_on() -> None:
    held = slot("held", reserved(MINE)).slot

    assert not expires_soon(held, 24 * HOUR, NOON + 47 * HOUR)
    assert expires_soon(held, 24 * HOUR, NOON + 48 * HOUR)
