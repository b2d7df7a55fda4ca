from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.ids import ParticipantId, PartLevel, ScreeningId, SiteId, SlotId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.slot_states import (
    Consumed,
    Expired,
    Frozen,
    Holder,
    Offered,
    Open,
    Released,
    Reserved,
    RevokeCause,
    Revoked,
    Slot,
    SlotOrigin,
    SlotState,
)
from services.enrolment.domain.slots import (
    consume_slot,
    expire_slot,
    expiry_due,
    extend_slot,
    freeze_slot,
    offer_slot,
    release_slot,
    reserve_slot,
    revoke_slot,
    slot_obstacle,
    successor_of,
    unfreeze_slot,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = timedelta(hours=72)
MINUTE = timedelta(minutes=1)
OURS = Holder(site_id=SiteId("a"), screening_id=ScreeningId("s1"))
THEIRS = Holder(site_id=SiteId("b"), screening_id=ScreeningId("s2"))
FREE = Slot(
    id=SlotId("slot"),
    place=PartLevel(part="escalation", level=2),
    origin=SlotOrigin.DECISION,
    opened_at=NOON - timedelta(days=1),
)
RESERVED = reserve_slot(FREE, OURS, NOON, WINDOW)
OFFERED = offer_slot(FREE, OURS, NOON, WINDOW)
CONSUMED = consume_slot(RESERVED, OURS, ParticipantId("p1"), NOON + MINUTE)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value.code


def test_a_free_slot_is_reserved_for_one_window() -> None:
    assert RESERVED.state == Reserved(holder=OURS, reserved_at=NOON, expires_at=NOON + WINDOW)


@pytest.mark.parametrize("taken", [RESERVED, CONSUMED])
def test_a_slot_has_one_holder(taken: Slot) -> None:
    assert code_of(lambda: reserve_slot(taken, THEIRS, NOON, WINDOW)) == "slot_not_open"


def test_an_offer_is_taken_up_by_the_one_it_was_made_to() -> None:
    later = NOON + timedelta(hours=10)

    assert reserve_slot(OFFERED, OURS, later, WINDOW).state == Reserved(
        holder=OURS, reserved_at=later, expires_at=later + WINDOW
    )
    assert code_of(lambda: reserve_slot(OFFERED, THEIRS, later, WINDOW)) == "slot_not_open"
    assert code_of(lambda: reserve_slot(OFFERED, OURS, NOON + WINDOW, WINDOW)) == "slot_expired"


def test_only_a_free_slot_is_offered() -> None:
    assert code_of(lambda: offer_slot(RESERVED, THEIRS, NOON, WINDOW)) == "slot_not_open"


def test_a3_late_registration_is_refused_even_before_the_sweep() -> None:
    assert slot_obstacle(RESERVED, OURS, NOON + WINDOW - MINUTE) is None
    assert code_of(lambda: consume_slot(RESERVED, OURS, ParticipantId("p1"), NOON + WINDOW)) == "slot_expired"


def test_a3_expired_reservation_ends_and_its_successor_is_free() -> None:
    expired = expire_slot(RESERVED, NOON + WINDOW)
    successor = successor_of(expired, SlotId("next"), NOON + WINDOW)

    assert code_of(lambda: consume_slot(expired, OURS, ParticipantId("p1"), NOON + WINDOW)) == "slot_expired"
    assert (successor.state, successor.origin) == (Open(), SlotOrigin.RESERVATION_LAPSED)
    assert successor.place == RESERVED.place


def test_nothing_expires_before_its_deadline() -> None:
    assert code_of(lambda: expire_slot(RESERVED, NOON + WINDOW - MINUTE)) == "slot_not_due"
    assert not expiry_due(RESERVED, NOON + WINDOW - MINUTE)
    assert expiry_due(RESERVED, NOON + WINDOW)
    assert expiry_due(OFFERED, NOON + WINDOW)


def test_a4_halt_stops_the_clock_and_restart_moves_the_deadline() -> None:
    frozen = freeze_slot(RESERVED, "halt:h1", NOON + timedelta(hours=10))
    long_after = NOON + timedelta(days=30)

    resumed = unfreeze_slot(frozen, "halt:h1", long_after)

    assert not expiry_due(frozen, long_after)
    assert code_of(lambda: expire_slot(frozen, long_after)) == "slot_frozen"
    assert code_of(lambda: consume_slot(frozen, OURS, ParticipantId("p1"), long_after)) == "slot_frozen"
    assert isinstance(resumed.state, Reserved)
    assert resumed.state.expires_at == long_after + timedelta(hours=62)
    assert resumed.state.reserved_at == NOON


def test_a_slot_frozen_for_two_causes_waits_for_both() -> None:
    frozen = freeze_slot(freeze_slot(RESERVED, "halt:h1", NOON), "decision:d1", NOON + MINUTE)

    half = unfreeze_slot(frozen, "halt:h1", NOON + 2 * MINUTE)
    resumed = unfreeze_slot(half, "decision:d1", NOON + 3 * MINUTE)

    assert isinstance(half.state, Frozen)
    assert half.state.since == NOON
    assert isinstance(resumed.state, Reserved)
    assert resumed.state.expires_at == NOON + WINDOW + 3 * MINUTE


def test_a_free_slot_freezes_and_thaws_as_free() -> None:
    frozen = freeze_slot(FREE, "halt:h1", NOON)

    assert code_of(lambda: reserve_slot(frozen, OURS, NOON, WINDOW)) == "slot_frozen"
    assert unfreeze_slot(frozen, "halt:h1", NOON + MINUTE) == FREE


def test_a_cause_that_did_not_freeze_does_not_thaw() -> None:
    frozen = freeze_slot(RESERVED, "halt:h1", NOON)

    assert code_of(lambda: unfreeze_slot(frozen, "halt:h2", NOON)) == "slot_not_frozen"
    assert code_of(lambda: unfreeze_slot(RESERVED, "halt:h1", NOON)) == "slot_not_frozen"


def test_a_site_releases_its_own_slot_even_when_frozen_and_no_other() -> None:
    frozen = freeze_slot(RESERVED, "halt:h1", NOON)

    assert release_slot(RESERVED, OURS.site_id, NOON).state == Released(before=RESERVED.state, at=NOON)  # type: ignore[arg-type]
    assert isinstance(release_slot(frozen, OURS.site_id, NOON).state, Released)
    assert isinstance(release_slot(OFFERED, OURS.site_id, NOON).state, Released)
    assert code_of(lambda: release_slot(RESERVED, THEIRS.site_id, NOON)) == "not_found"
    assert code_of(lambda: release_slot(FREE, OURS.site_id, NOON)) == "slot_not_open"


@pytest.mark.parametrize("slot", [FREE, OFFERED, RESERVED, freeze_slot(RESERVED, "halt:h1", NOON)])
def test_revoking_needs_a_reason_and_remembers_what_was_held(slot: Slot) -> None:
    assert code_of(lambda: revoke_slot(slot, RevokeCause.LEVEL_CLOSED, "  ", NOON)) == "reason_required"

    revoked = revoke_slot(slot, RevokeCause.LEVEL_CLOSED, "second DLT at level 2", NOON)

    assert isinstance(revoked.state, Revoked)
    assert not isinstance(revoked.state.before, Frozen)
    assert code_of(lambda: reserve_slot(revoked, OURS, NOON, WINDOW)) == "slot_revoked"
    assert code_of(lambda: successor_of(revoked, SlotId("next"), NOON)) == "slot_revoked"


def test_the_holder_of_a_revoked_reservation_is_told_so_and_others_learn_nothing() -> None:
    revoked = revoke_slot(RESERVED, RevokeCause.LEVEL_CLOSED, "second DLT", NOON)

    ours, theirs = slot_obstacle(revoked, OURS, NOON), slot_obstacle(revoked, THEIRS, NOON)

    assert (ours is not None and ours.code) == "slot_revoked"
    assert (theirs is not None and theirs.code) == "slot_required"


@pytest.mark.parametrize("slot", [FREE, OFFERED, CONSUMED])
def test_a_slot_that_is_not_reserved_admits_nobody(slot: Slot) -> None:
    obstacle = slot_obstacle(slot, OURS, NOON)

    assert obstacle is not None
    assert obstacle.code == "slot_required"


def test_another_screening_of_the_same_site_cannot_use_the_reservation() -> None:
    sibling = Holder(site_id=OURS.site_id, screening_id=ScreeningId("s9"))

    assert code_of(lambda: consume_slot(RESERVED, sibling, ParticipantId("p1"), NOON)) == "slot_required"


def test_a_consumed_slot_cannot_be_revoked_frozen_or_released() -> None:
    assert code_of(lambda: revoke_slot(CONSUMED, RevokeCause.LEVEL_CLOSED, "r", NOON)) == "slot_not_open"
    assert code_of(lambda: freeze_slot(CONSUMED, "halt:h1", NOON)) == "slot_not_open"
    assert code_of(lambda: release_slot(CONSUMED, OURS.site_id, NOON)) == "slot_not_open"


def test_a_voided_registration_gives_its_place_back_as_a_new_slot() -> None:
    successor = successor_of(CONSUMED, SlotId("next"), NOON)

    assert (successor.origin, successor.state) == (SlotOrigin.REGISTRATION_VOIDED, Open())


def test_an_extension_needs_a_reason_and_a_running_clock() -> None:
    extended = extend_slot(RESERVED, timedelta(hours=24), "scan on Monday", NOON)

    assert isinstance(extended.state, Reserved)
    assert extended.state.expires_at == NOON + timedelta(hours=96)
    assert code_of(lambda: extend_slot(RESERVED, WINDOW, "", NOON)) == "reason_required"
    assert code_of(lambda: extend_slot(RESERVED, WINDOW, "late", NOON + WINDOW)) == "slot_expired"
    assert code_of(lambda: extend_slot(FREE, WINDOW, "early", NOON)) == "slot_not_open"


ALLOWED: dict[type[SlotState], set[type[SlotState]]] = {
    Open: {Offered, Reserved, Frozen, Revoked},
    Offered: {Offered, Reserved, Frozen, Revoked, Released, Expired},
    Reserved: {Reserved, Frozen, Revoked, Released, Expired, Consumed},
    Frozen: {Frozen, Open, Offered, Reserved, Revoked, Released},
    Consumed: set(),
    Released: set(),
    Expired: set(),
    Revoked: set(),
}
holders = st.sampled_from([OURS, THEIRS])
causes = st.sampled_from(["halt:h1", "decision:d1"])
acts: st.SearchStrategy[Callable[[Slot, datetime], Slot]] = st.one_of(
    holders.map(lambda holder: lambda slot, now: offer_slot(slot, holder, now, WINDOW)),
    holders.map(lambda holder: lambda slot, now: reserve_slot(slot, holder, now, WINDOW)),
    holders.map(lambda holder: lambda slot, now: consume_slot(slot, holder, ParticipantId("p1"), now)),
    holders.map(lambda holder: lambda slot, now: release_slot(slot, holder.site_id, now)),
    causes.map(lambda cause: lambda slot, now: freeze_slot(slot, cause, now)),
    causes.map(lambda cause: lambda slot, now: unfreeze_slot(slot, cause, now)),
    st.just(expire_slot),
    st.just(lambda slot, now: extend_slot(slot, WINDOW, "bank holiday", now)),
    st.just(lambda slot, now: revoke_slot(slot, RevokeCause.LEVEL_CLOSED, "second DLT", now)),
)


@given(st.lists(st.tuples(acts, st.integers(0, 60)), max_size=25))
def test_a_slot_never_leaves_its_states(steps: list[tuple[Callable[[Slot, datetime], Slot], int]]) -> None:
    slot, now = FREE, NOON
    for act, hours in steps:
        now += timedelta(hours=hours)
        try:
            after = act(slot, now)
        except Refused:
            continue
        assert type(after.state) in ALLOWED[type(slot.state)]
        assert (after.id, after.place, after.origin) == (slot.id, slot.place, slot.origin)
        slot = after


@given(st.integers(0, 71), st.lists(st.integers(0, 500), min_size=1, max_size=4))
def test_freezing_any_number_of_times_costs_a_site_no_minute(ran: int, stood: list[int]) -> None:
    slot, now = RESERVED, NOON + timedelta(hours=ran)
    for hours in stood:
        slot = freeze_slot(slot, "halt:h1", now)
        now += timedelta(hours=hours)
        slot = unfreeze_slot(slot, "halt:h1", now)

    assert isinstance(slot.state, Reserved)
    assert slot.state.expires_at - now == WINDOW - timedelta(hours=ran)


def test_a_consumed_slot_names_the_participant() -> None:
    assert replace(CONSUMED).state == Consumed(
        holder=OURS, participant_id=ParticipantId("p1"), at=NOON + MINUTE
    )
