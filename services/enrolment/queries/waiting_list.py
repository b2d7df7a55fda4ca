"""Who waits for a place: one's own entries in full, of other sites only how many."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.enrolment.domain.board import Board, EntryState, SlotRecord
from services.enrolment.domain.dated_requests import NOTHING_STATED, StatedDates
from services.enrolment.domain.ids import SlotId
from services.enrolment.domain.offers import open_rights, queue
from services.enrolment.domain.registering import UNKNOWN_SITE, earliest_first_dose
from services.enrolment.domain.roles import AT_SITES, CHOOSING
from services.enrolment.domain.slot_states import Frozen, Holder
from services.enrolment.domain.stagger import StaggerPolicy
from services.enrolment.queries.visibility import View, view_of
from services.enrolment.store.boards import load_board
from services.enrolment.store.dated_requests import dates_in_trial
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.auth import ANY
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One line; `first_refusal` marks a right earned by a reservation that a closure took.

    `stated` are the dates of the request, with the reason to go first for who may read it.
    """

    entry_id: str
    part: str
    position: int
    site_number: str
    screening_number: str
    since: datetime
    first_refusal: bool
    stated: StatedDates


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """An offer that waits to be taken up until `deadline`, `deadline_local` by the clock of the site in `zone`.

    `origin` is why the place exists; while it is frozen the deadline moves with the clock that stands.
    `earliest_first_dose_at` is by the stagger as things stand now, None while no date can be named.
    """

    slot_id: str
    part: str
    level: int
    site_number: str
    screening_number: str
    deadline: datetime
    deadline_local: datetime
    zone: str
    origin: str
    frozen: bool
    earliest_first_dose_at: datetime | None
    stated: StatedDates


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingListView:
    trial: str
    policy: str
    entries: list[LineView]
    offers: list[OfferView]
    others_waiting: dict[str, int]
    offers_to_others: int


async def show_waiting_list(tx: Tx, act: Act, trial: str) -> WaitingListView:
    """The lines of every part, in the order in which they are served."""
    view = await view_of(tx, act, trial)
    board = await load_board(tx, view.trial.id, act.now)
    stated = _readable(await dates_in_trial(tx, view.trial.id), words=_reads_words(act, view))
    parts = sorted({place.part for place in board.levels})
    lines = [line for part in parts for line in _lines(board, part, stated)]
    stagger = await _stagger(tx, view.trial.id)
    records = board.slots.values()
    offers = [offer for it in records if (offer := _offer(board, it, stated, stagger, act.now)) is not None]
    others: dict[str, int] = {}
    for line in lines:
        if not view.shows(line.site_number):
            others[line.part] = others.get(line.part, 0) + 1
    return WaitingListView(
        trial=view.trial.code,
        policy=board.policy.waiting.value,
        entries=[line for line in lines if view.shows(line.site_number)],
        offers=_own(offers, view),
        others_waiting=others,
        offers_to_others=len(offers) - len(_own(offers, view)),
    )


def _own(offers: list[OfferView], view: View) -> list[OfferView]:
    return [offer for offer in offers if view.shows(offer.site_number)]


Stated = Callable[[Holder], StatedDates]


def _reads_words(act: Act, view: View) -> Callable[[str], bool]:
    """Whether the reason to go first may be read: by the site that gave it, and by who chooses."""
    principal = act.principal
    assert principal is not None  # `view_of` has asked who it is
    if principal.allows(CHOOSING, view.trial.code, ANY):
        return lambda site: True
    return lambda site: principal.allows(AT_SITES, view.trial.code, site)


def _readable(stated: Mapping[str, StatedDates], *, words: Callable[[str], bool]) -> Stated:
    def of(holder: Holder) -> StatedDates:
        dates = stated.get(holder.screening_id, NOTHING_STATED)
        return dates if words(holder.site_id) else replace(dates, priority_reason="")

    return of


async def _stagger(tx: Tx, trial_id: str) -> StaggerPolicy | None:
    versions = await versions_of(tx, trial_id)
    return versions[-1].stagger if versions else None


def _lines(board: Board, part: str, stated: Stated) -> list[LineView]:
    rights = open_rights(board.slots.values(), part)
    entries = queue(board, part)
    numbers = {
        it.entry.id: it.screening_number for it in board.entries.values() if it.state is EntryState.WAITING
    }
    first = [
        LineView(
            entry_id=right.slot_id,
            part=part,
            position=position,
            site_number=right.holder.site_id,
            screening_number=board.slots[SlotId(right.slot_id)].screening_number,
            since=right.reserved_at,
            first_refusal=True,
            stated=stated(right.holder),
        )
        for position, right in enumerate(rights, start=1)
    ]
    then = [
        LineView(
            entry_id=entry.id,
            part=part,
            position=position,
            site_number=entry.site_id,
            screening_number=numbers[entry.id],
            since=entry.notified_at,
            first_refusal=False,
            stated=stated(entry.holder),
        )
        for position, entry in enumerate(entries, start=len(rights) + 1)
    ]
    return first + then


def _offer(
    board: Board, record: SlotRecord, stated: Stated, stagger: StaggerPolicy | None, now: datetime
) -> OfferView | None:
    held, place = record.held, record.slot.place
    if held is None or record.entry_id is None or not record.offered:
        return None
    zone = board.sites.get(held.holder.site_id, UNKNOWN_SITE).zone
    return OfferView(
        slot_id=record.slot.id,
        part=place.part,
        level=place.level,
        site_number=held.holder.site_id,
        screening_number=record.screening_number,
        deadline=held.expires_at,
        deadline_local=held.expires_at.astimezone(ZoneInfo(zone)),
        zone=zone,
        origin=record.slot.origin.value,
        frozen=isinstance(record.slot.state, Frozen),
        earliest_first_dose_at=earliest_first_dose(board, place, stagger, now) if stagger else None,
        stated=stated(held.holder),
    )
