"""Who is offered the next slot, and whether a site reserves at once or waits.

A site whose reservation fell to a level closure is served before the list, in the order of the original
reservation times. The list carries screening numbers only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.ids import ScreeningId, SiteId, SlotId, WaitingEntryId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.slot_states import Holder, Offered, Open, Reserved, RevokeCause, Revoked, Slot


class WaitingPolicy(StrEnum):
    FIFO_BY_NOTIFICATION = "fifo_by_notification"
    ROUND_ROBIN_BY_SITE = "round_robin_by_site"
    MEDICAL_MONITOR_CHOICE = "medical_monitor_choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEntry:
    """A screening that waits for a slot in a part since the site's notification was received."""

    id: WaitingEntryId
    site_id: SiteId
    screening_id: ScreeningId
    notified_at: datetime

    @property
    def holder(self) -> Holder:
        return Holder(site_id=self.site_id, screening_id=self.screening_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRefusal:
    """A right to the next slot, earned by a reservation that a level closure revoked."""

    slot_id: SlotId
    holder: Holder
    reserved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorChoice:
    """The medical monitor's choice of an entry; the reason is shown in the audit."""

    entry_id: WaitingEntryId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextOffer:
    """Offer the slot to `holder`; `because` names the rule for the audit."""

    holder: Holder
    because: str


class NoOffer(StrEnum):
    NOBODY_WAITS = "nobody_waits"
    MONITOR_MUST_CHOOSE = "monitor_must_choose"


def first_refusals(slots: Iterable[Slot]) -> tuple[FirstRefusal, ...]:
    """Rights that follow from revoked slots, in the order in which they are served."""
    rights = [
        FirstRefusal(slot_id=slot.id, holder=before.holder, reserved_at=before.reserved_at)
        for slot in slots
        if isinstance(slot.state, Revoked) and slot.state.cause is RevokeCause.LEVEL_CLOSED
        for before in (slot.state.before,)
        if isinstance(before, Reserved)
    ]
    return tuple(sorted(rights, key=lambda right: (right.reserved_at, right.slot_id)))


def queue_order(
    policy: WaitingPolicy, entries: Iterable[WaitingEntry], served: Sequence[SiteId]
) -> tuple[WaitingEntry, ...]:
    """The list in the order of the policy; a medical monitor chooses from the order of notification.

    Args:
        policy: the trial's policy.
        entries: everybody waiting.
        served: the sites offered slots so far, earliest first; in round robin a site moves behind the others
            with each offer, and with each of its own entries that stands further ahead.
    """
    by_time = sorted(entries, key=lambda entry: (entry.notified_at, entry.id))
    if policy is not WaitingPolicy.ROUND_ROBIN_BY_SITE:
        return tuple(by_time)
    turns = list(served)
    ordered: list[WaitingEntry] = []
    while by_time:
        entry = min(by_time, key=lambda waiting: _last_turn(turns, waiting.site_id))
        by_time.remove(entry)
        ordered.append(entry)
        turns.append(entry.site_id)
    return tuple(ordered)


def _last_turn(turns: Sequence[SiteId], site_id: SiteId) -> int:
    return max((index for index, served in enumerate(turns) if served == site_id), default=-1)


def decide_next_offer(
    policy: WaitingPolicy,
    entries: Sequence[WaitingEntry],
    rights: Sequence[FirstRefusal] = (),
    served: Sequence[SiteId] = (),
    at_limit: frozenset[SiteId] = frozenset(),
    choice: MonitorChoice | None = None,
) -> NextOffer | NoOffer:
    """Whom the next free slot is offered to.

    Args:
        policy: the trial's policy.
        entries: everybody waiting in this part.
        rights: rights of first refusal not yet served, from `first_refusals`.
        served: sites offered slots so far, earliest first.
        at_limit: sites that may hold no further reservation; they keep their places and are passed over.
        choice: the medical monitor's choice, where the policy asks for one.

    Raises:
        Refused: `reason_required` for a choice without a reason, `not_found` for an entry that does not wait.
    """
    for right in sorted(rights, key=lambda known: (known.reserved_at, known.slot_id)):
        if right.holder.site_id not in at_limit:
            return NextOffer(holder=right.holder, because="first refusal after a level closure")
    waiting = [entry for entry in entries if entry.site_id not in at_limit]
    if not waiting:
        return NoOffer.NOBODY_WAITS
    if policy is WaitingPolicy.MEDICAL_MONITOR_CHOICE:
        if choice is None:
            return NoOffer.MONITOR_MUST_CHOOSE
        return _chosen(waiting, choice)
    return NextOffer(holder=queue_order(policy, waiting, served)[0].holder, because=policy.value)


def _chosen(waiting: Sequence[WaitingEntry], choice: MonitorChoice) -> NextOffer:
    if not choice.reason.strip():
        raise Refused("reason_required", "The medical monitor's choice needs a reason.")
    for entry in waiting:
        if entry.id == choice.entry_id:
            return NextOffer(holder=entry.holder, because=f"medical monitor: {choice.reason}")
    raise Refused("not_found", "There is no such waiting entry.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReservations:
    """What a site holds in the trial, against the limits of the slot policy (None: no limit)."""

    reserved: int
    registered: int
    max_open_reservations: int | None = None
    per_site_cap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waitlisted:
    """No slot for this request now; `position` counts from 1."""

    position: int


def check_site_limits(site: SiteReservations) -> None:
    """Accepts one more reservation for the site.

    Raises:
        Refused: `cap_reached` or `reservation_limit_reached`.
    """
    if site.per_site_cap is not None and site.reserved + site.registered >= site.per_site_cap:
        raise Refused("cap_reached", "The cap of this site is reached.", cap=site.per_site_cap)
    if site.max_open_reservations is not None and site.reserved >= site.max_open_reservations:
        raise Refused(
            "reservation_limit_reached",
            "The site holds as many open reservations as the trial allows.",
            limit=site.max_open_reservations,
        )


def decide_request(
    slots: Sequence[Slot], ahead: int, site: SiteReservations, holder: Holder
) -> Slot | Waitlisted:
    """Answers a request for a slot: one at once when enough are free for those before, else a position.

    Args:
        slots: the slots of the level.
        ahead: entries and rights of first refusal that are served before this request.
        site: what the site holds besides an offer made to this holder.
        holder: the site and screening that ask; their own offer is given back to be taken up.

    Returns:
        The slot to reserve, or the place on the waiting list.

    Raises:
        Refused: `cap_reached` or `reservation_limit_reached`.
    """
    check_site_limits(site)
    for slot in slots:
        if isinstance(slot.state, Offered) and slot.state.holder == holder:
            return slot
    free = sorted(
        (slot for slot in slots if isinstance(slot.state, Open)), key=lambda slot: (slot.opened_at, slot.id)
    )
    if len(free) > ahead:
        return free[ahead]
    return Waitlisted(position=ahead + 1)
