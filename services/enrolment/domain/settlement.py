"""Settling a trial: bringing levels, slots and waiting list to what is known, whatever was heard last.

It looks at the state and never at one event, so it may run after any of them and twice after the same.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from services.enrolment.domain.board import Board
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.halt import registered_before_halt_seen
from services.enrolment.domain.offers import settle_offers
from services.enrolment.domain.settle_levels import settle_levels
from services.enrolment.domain.settle_recruitment import settle_recruitment
from services.enrolment.domain.settle_slots import settle_slots


def settled(board: Board, now: datetime, new_id: Callable[[], str]) -> Draft:
    """The board after everything that follows from it; the draft says what changed."""
    draft = Draft(board, now, new_id)
    settle(draft)
    return draft


def settle(draft: Draft) -> None:
    """Let everything follow that follows from the board, unless too little of it is known just now."""
    if not draft.board.copies_complete:
        return
    settle_levels(draft)
    settle_recruitment(draft)
    settle_slots(draft)
    settle_offers(draft)
    _flag_late_halts(draft)


def _flag_late_halts(draft: Draft) -> None:
    """Mark registrations made after a halt that had not arrived: they stand, and people must know."""
    for member in tuple(draft.members.values()):
        late = {
            str(halt.id)
            for halt in draft.board.halts
            if registered_before_halt_seen(halt, member.registered_at, member.cohort.place, member.site_id)
        }
        new = late - member.halts_seen_late
        if new and member.cohort.counts:
            flagged = replace(member, halts_seen_late=member.halts_seen_late | new)
            draft.put_member(flagged, "registered before the halt was seen here")
