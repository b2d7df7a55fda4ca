"""Slots: one place at one dose level, held by one site at a time.

A lapsed slot never becomes free again by itself: its history ends, and a successor is opened in its stead.
A deadline is exclusive: at `expires_at` the reservation is over. While a slot is frozen its clock stands.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from services.enrolment.domain.ids import ParticipantId, SiteId, SlotId
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
)


def _unavailable(slot: Slot) -> Refused:
    """The refusal that fits the state, for an act that this state does not allow."""
    match slot.state:
        case Frozen():
            return Refused("slot_frozen", "The slot is frozen; its clock stands.", slot_id=slot.id)
        case Revoked(cause=cause):
            return Refused("slot_revoked", "The slot was revoked.", slot_id=slot.id, cause=cause.value)
        case Expired():
            return Refused("slot_expired", "The slot has expired.", slot_id=slot.id)
        case _:
            return Refused("slot_not_open", "The slot is not free.", slot_id=slot.id)


def offer_slot(slot: Slot, holder: Holder, now: datetime, window: timedelta) -> Slot:
    """Offers a free slot for one reserve window.

    Raises:
        Refused: the slot is not open.
    """
    if not isinstance(slot.state, Open):
        raise _unavailable(slot)
    return replace(slot, state=Offered(holder=holder, offered_at=now, expires_at=now + window))


def reserve_slot(slot: Slot, holder: Holder, now: datetime, window: timedelta) -> Slot:
    """Reserves a free slot, or takes up an offer made to this holder before it expires.

    Raises:
        Refused: `slot_not_open` (also when offered to somebody else), `slot_expired`, `slot_revoked`,
            `slot_frozen`.
    """
    match slot.state:
        case Open():
            pass
        case Offered(holder=offered_to) if offered_to == holder:
            if expiry_due(slot, now):
                raise Refused("slot_expired", "The offer has expired.", slot_id=slot.id)
        case _:
            raise _unavailable(slot)
    return replace(slot, state=Reserved(holder=holder, reserved_at=now, expires_at=now + window))


def slot_obstacle(slot: Slot, holder: Holder, now: datetime) -> Refused | None:
    """Why this slot does not admit this screening to registration now; None when it does."""
    match slot.state:
        case Reserved(holder=reserved_for) if reserved_for == holder:
            if expiry_due(slot, now):
                return Refused("slot_expired", "The reservation has expired.", slot_id=slot.id)
            return None
        case Frozen(before=Reserved(holder=reserved_for)) if reserved_for == holder:
            return _unavailable(slot)
        case Expired(before=before) | Revoked(before=before) if getattr(before, "holder", None) == holder:
            return _unavailable(slot)
        case _:
            return Refused("slot_required", "The slot is not reserved for this screening number.")


def consume_slot(slot: Slot, holder: Holder, participant_id: ParticipantId, now: datetime) -> Slot:
    """Uses the reservation for a registration.

    Raises:
        Refused: `slot_required`, `slot_expired`, `slot_revoked` or `slot_frozen`.
    """
    obstacle = slot_obstacle(slot, holder, now)
    if obstacle is not None:
        raise obstacle
    return replace(slot, state=Consumed(holder=holder, participant_id=participant_id, at=now))


def release_slot(slot: Slot, site_id: SiteId, now: datetime) -> Slot:
    """The site gives its reservation back or declines its offer, frozen or not.

    Raises:
        Refused: `not_found` when another site holds it, else the code of the state.
    """
    held = slot.state.before if isinstance(slot.state, Frozen) else slot.state
    if not isinstance(held, Offered | Reserved):
        raise _unavailable(slot)
    if held.holder.site_id != site_id:
        raise Refused("not_found", "There is no such slot.")
    return replace(slot, state=Released(before=held, at=now))


def expiry_due(slot: Slot, now: datetime) -> bool:
    """Whether the deadline of an offer or reservation has passed; never for a frozen slot."""
    return isinstance(slot.state, Offered | Reserved) and now >= slot.state.expires_at


def warning_due_at(slot: Slot, warned_for: datetime | None, before: timedelta) -> datetime | None:
    """When the holder is to be warned of the deadline; None for a frozen or free slot, or when that was done.

    Args:
        slot: any.
        warned_for: the deadline that was warned of last; a moved deadline deserves a warning of its own.
        before: how long before the deadline, by the protocol's policy of slots.
    """
    if not isinstance(slot.state, Offered | Reserved) or slot.state.expires_at == warned_for:
        return None
    return slot.state.expires_at - before


def expires_soon(slot: Slot, before: timedelta, now: datetime) -> bool:
    """Whether the deadline of an offer or reservation is nearer than that; never for a frozen slot."""
    return isinstance(slot.state, Offered | Reserved) and now >= slot.state.expires_at - before


def expire_slot(slot: Slot, now: datetime) -> Slot:
    """Ends an offer or reservation whose deadline has passed.

    Raises:
        Refused: `slot_not_due` before the deadline, else the code of the state.
    """
    if not isinstance(slot.state, Offered | Reserved):
        raise _unavailable(slot)
    if not expiry_due(slot, now):
        raise Refused("slot_not_due", "The deadline has not passed.", slot_id=slot.id)
    return replace(slot, state=Expired(before=slot.state, at=now))


def extend_slot(slot: Slot, by: timedelta, reason: str, now: datetime) -> Slot:
    """Moves the deadline of a running reservation or offer.

    Raises:
        Refused: `reason_required`, `slot_expired`, else the code of the state.
    """
    if not reason.strip():
        raise Refused("reason_required", "An extension needs a reason.")
    if not isinstance(slot.state, Offered | Reserved):
        raise _unavailable(slot)
    if expiry_due(slot, now):
        raise Refused("slot_expired", "The deadline has passed.", slot_id=slot.id)
    return replace(slot, state=replace(slot.state, expires_at=slot.state.expires_at + by))


def revoke_slot(slot: Slot, cause: RevokeCause, reason: str, now: datetime) -> Slot:
    """Takes back a slot that nobody has been registered on.

    Raises:
        Refused: `reason_required`, else the code of the state.
    """
    if not reason.strip():
        raise Refused("reason_required", "Revoking a slot needs a reason.")
    before = slot.state.before if isinstance(slot.state, Frozen) else slot.state
    if not isinstance(before, Open | Offered | Reserved):
        raise _unavailable(slot)
    return replace(slot, state=Revoked(before=before, at=now, cause=cause, reason=reason))


def freeze_slot(slot: Slot, cause: str, now: datetime) -> Slot:
    """Stops the clock; a further cause keeps the first moment.

    Raises:
        Refused: the slot has ended.
    """
    match slot.state:
        case Frozen(causes=causes):
            return replace(slot, state=replace(slot.state, causes=causes | {cause}))
        case Open() | Offered() | Reserved():
            return replace(slot, state=Frozen(before=slot.state, since=now, causes=frozenset({cause})))
        case _:
            raise _unavailable(slot)


def unfreeze_slot(slot: Slot, cause: str, now: datetime) -> Slot:
    """Removes one cause; with the last one the clock runs again, moved by the time it stood.

    Raises:
        Refused: `slot_not_frozen` when the slot is not frozen for this cause.
    """
    state = slot.state
    if not isinstance(state, Frozen) or cause not in state.causes:
        raise Refused("slot_not_frozen", "The slot is not frozen for this cause.", slot_id=slot.id)
    left = state.causes - {cause}
    if left:
        return replace(slot, state=replace(state, causes=left))
    if isinstance(state.before, Open):
        return replace(slot, state=state.before)
    resumed = replace(state.before, expires_at=state.before.expires_at + (now - state.since))
    return replace(slot, state=resumed)


def successor_of(slot: Slot, slot_id: SlotId, now: datetime) -> Slot:
    """The free slot that stands in for one that lapsed, was given back, or whose registration was voided.

    Raises:
        Refused: the slot is still in use, or was revoked for another cause than its site's and has no successor.
    """
    match slot.state:
        case Expired() | Released() | Revoked(cause=RevokeCause.SITE_REVOKED | RevokeCause.SITE_SUSPENDED):
            origin = SlotOrigin.RESERVATION_LAPSED
        case Consumed():
            origin = SlotOrigin.REGISTRATION_VOIDED
        case _:
            raise _unavailable(slot)
    return Slot(id=slot_id, place=slot.place, origin=origin, opened_at=now)
