from datetime import UTC, datetime, timedelta

import pytest

from services.enrolment.domain.ids import PartLevel, ScreeningId, SiteId, SlotId, WaitingEntryId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.slot_states import Holder, RevokeCause, Slot, SlotOrigin
from services.enrolment.domain.slots import (
    expire_slot,
    freeze_slot,
    offer_slot,
    reserve_slot,
    revoke_slot,
    successor_of,
)
from services.enrolment.domain.waiting_list import (
    FirstRefusal,
    MonitorChoice,
    NextOffer,
    NoOffer,
    SiteReservations,
    WaitingEntry,
    WaitingPolicy,
    Waitlisted,
    decide_next_offer,
    decide_request,
    first_refusals,
    queue_order,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = timedelta(hours=72)
A, B, C = SiteId("a"), SiteId("b"), SiteId("c")
FIFO = WaitingPolicy.FIFO_BY_NOTIFICATION
ROBIN = WaitingPolicy.ROUND_ROBIN_BY_SITE
MONITOR = WaitingPolicy.MEDICAL_MONITOR_CHOICE


def entry(name: str, site_id: SiteId, hours: int) -> WaitingEntry:
    return WaitingEntry(
        id=WaitingEntryId(name),
        site_id=site_id,
        screening_id=ScreeningId(f"s-{name}"),
        notified_at=NOON + timedelta(hours=hours),
    )


def slot(name: str) -> Slot:
    return Slot(
        id=SlotId(name),
        place=PartLevel(part="escalation", level=2),
        origin=SlotOrigin.DECISION,
        opened_at=NOON,
    )


def holder(name: str, site_id: SiteId = A) -> Holder:
    return Holder(site_id=site_id, screening_id=ScreeningId(f"s-{name}"))


A1, A2, B1, C1 = entry("a1", A, 0), entry("a2", A, 1), entry("b1", B, 2), entry("c1", C, 3)


def offered_to(outcome: NextOffer | NoOffer) -> str:
    assert isinstance(outcome, NextOffer)
    return outcome.holder.screening_id


def test_the_earliest_notification_is_served_first() -> None:
    assert queue_order(FIFO, [C1, B1, A2, A1], served=[A]) == (A1, A2, B1, C1)


def test_round_robin_serves_the_site_whose_turn_is_longest_ago() -> None:
    assert queue_order(ROBIN, [A1, A2, B1, C1], served=[]) == (A1, B1, C1, A2)
    assert queue_order(ROBIN, [A1, A2, B1, C1], served=[A, B]) == (C1, A1, B1, A2)
    assert queue_order(ROBIN, [A1, A2, B1, C1], served=[C, A, B]) == (C1, A1, B1, A2)


def test_one_site_cannot_take_all_slots_in_round_robin() -> None:
    many = [entry(f"x{index}", A, index) for index in range(30)]

    assert offered_to(decide_next_offer(ROBIN, [*many, C1], served=[A])) == C1.screening_id


def test_equal_notification_times_are_settled_the_same_way_every_time() -> None:
    twin = entry("a0", B, 0)

    assert queue_order(FIFO, [A1, twin], []) == queue_order(FIFO, [twin, A1], []) == (twin, A1)


def test_a_site_at_its_limit_is_passed_over_and_keeps_its_place() -> None:
    assert offered_to(decide_next_offer(FIFO, [A1, B1], at_limit=frozenset({A}))) == B1.screening_id
    assert decide_next_offer(FIFO, [A1], at_limit=frozenset({A})) is NoOffer.NOBODY_WAITS


def test_nobody_is_offered_a_slot_when_nobody_waits() -> None:
    assert decide_next_offer(FIFO, []) is NoOffer.NOBODY_WAITS


def test_the_medical_monitor_has_to_choose_with_a_reason() -> None:
    assert decide_next_offer(MONITOR, [A1, B1]) is NoOffer.MONITOR_MUST_CHOOSE

    chosen = decide_next_offer(
        MONITOR, [A1, B1], choice=MonitorChoice(entry_id=B1.id, reason="wash-out ends")
    )

    assert offered_to(chosen) == B1.screening_id
    assert isinstance(chosen, NextOffer)
    assert "wash-out ends" in chosen.because


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (MonitorChoice(entry_id=B1.id, reason=" "), "reason_required"),
        (MonitorChoice(entry_id=C1.id, reason="urgent"), "not_found"),
    ],
)
def test_a_choice_without_a_reason_or_of_nobody_is_refused(choice: MonitorChoice, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        decide_next_offer(MONITOR, [A1, B1], choice=choice)

    assert refusal.value.code == code


def test_sites_whose_reservation_fell_to_a_level_closure_come_first_in_order_of_reservation() -> None:
    early = reserve_slot(slot("x2"), holder("early", B), NOON, WINDOW)
    late = reserve_slot(slot("x1"), holder("late", A), NOON + timedelta(hours=1), WINDOW)
    closed = [
        revoke_slot(it, RevokeCause.LEVEL_CLOSED, "second DLT", NOON + timedelta(hours=2))
        for it in (late, freeze_slot(early, "halt:h1", NOON))
    ]

    rights = first_refusals(closed)

    assert [right.holder.screening_id for right in rights] == ["s-early", "s-late"]
    for policy in WaitingPolicy:
        assert offered_to(decide_next_offer(policy, [A1], rights)) == "s-early"


def test_an_open_an_offered_or_an_otherwise_revoked_slot_gives_no_right() -> None:
    reserved = reserve_slot(slot("x1"), holder("x"), NOON, WINDOW)
    offered = offer_slot(slot("x2"), holder("y"), NOON, WINDOW)
    others = [
        revoke_slot(slot("x3"), RevokeCause.LEVEL_CLOSED, "second DLT", NOON),
        revoke_slot(offered, RevokeCause.LEVEL_CLOSED, "second DLT", NOON),
        revoke_slot(reserved, RevokeCause.TARGET_REACHED, "target", NOON),
        expire_slot(reserved, NOON + WINDOW),
    ]

    assert first_refusals(others) == ()


def test_a3_head_of_the_list_is_offered_the_successor_of_an_expired_slot() -> None:
    expired = expire_slot(reserve_slot(slot("x1"), holder("x"), NOON, WINDOW), NOON + WINDOW)
    free = successor_of(expired, SlotId("x2"), NOON + WINDOW)

    head = decide_next_offer(FIFO, [B1, A1])

    assert isinstance(head, NextOffer)
    assert offer_slot(free, head.holder, NOON + WINDOW, WINDOW).state.holder == A1.holder  # type: ignore[union-attr]


ROOM = SiteReservations(reserved=0, registered=0)


def test_a_request_takes_a_free_slot_when_nobody_waits_before_it() -> None:
    assert decide_request([slot("x2"), slot("x1")], 0, ROOM, holder("new")) == slot("x1")


def test_a_request_waits_behind_those_for_whom_the_free_slots_are() -> None:
    free = [slot("x1"), slot("x2")]

    assert decide_request(free, 1, ROOM, holder("new")) == slot("x2")
    assert decide_request(free, 2, ROOM, holder("new")) == Waitlisted(position=3)
    assert decide_request([], 0, ROOM, holder("new")) == Waitlisted(position=1)


def test_ones_own_offer_is_taken_up_before_any_other_slot() -> None:
    offered = offer_slot(slot("x2"), holder("new"), NOON, WINDOW)

    assert decide_request([slot("x1"), offered], 5, ROOM, holder("new")) == offered


def test_a_frozen_slot_is_not_given_out() -> None:
    frozen = freeze_slot(slot("x1"), "halt:h1", NOON)

    assert decide_request([frozen], 0, ROOM, holder("new")) == Waitlisted(position=1)


@pytest.mark.parametrize(
    ("site", "code"),
    [
        (SiteReservations(reserved=1, registered=2, per_site_cap=3), "cap_reached"),
        (SiteReservations(reserved=2, registered=0, max_open_reservations=2), "reservation_limit_reached"),
    ],
)
def test_a_site_at_its_limit_gets_no_further_reservation(site: SiteReservations, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        decide_request([slot("x1")], 0, site, holder("new"))

    assert refusal.value.code == code


def test_a_site_below_its_limits_gets_one() -> None:
    site = SiteReservations(reserved=1, registered=1, per_site_cap=3, max_open_reservations=2)

    assert decide_request([slot("x1")], 0, site, holder("new")) == slot("x1")


def test_rights_are_served_in_order_whatever_order_they_are_given_in() -> None:
    rights = [
        FirstRefusal(slot_id=SlotId("x1"), holder=holder("late"), reserved_at=NOON + WINDOW),
        FirstRefusal(slot_id=SlotId("x2"), holder=holder("early"), reserved_at=NOON),
    ]

    assert offered_to(decide_next_offer(FIFO, [], rights)) == "s-early"
