"""The trial finder as it is read: live, with counts and dates and nothing about any one participant."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.domain.finder import Search, TrialOffer, fits
from services.enrolment.store.finder import finder_trials
from shared.act import Act
from shared.database import Tx
from shared.watermarks import all_positions


@dataclass(frozen=True, slots=True, kw_only=True)
class FinderPage:
    """`as_of`: everything that sponsor and safety published before it is in here; None while unknown."""

    as_of: datetime | None
    items: list[TrialOffer]
    next_cursor: str | None


async def search_trials(
    tx: Tx, act: Act, search: Search, *, after: str = "", limit: int | None = None
) -> FinderPage:
    """Trials that fit, by code, from the one after `after`; all of them without a limit.

    Whoever is logged in may ask: a referrer holds no grant in the trials that they look for.
    """
    fitting = [
        trial for trial in await finder_trials(tx, act.now) if trial.code > after and fits(trial, search)
    ]
    page = fitting if limit is None else fitting[:limit]
    more = len(fitting) > len(page)
    return FinderPage(
        as_of=await _as_of(tx), items=page, next_cursor=page[-1].code if more and page else None
    )


async def _as_of(tx: Tx) -> datetime | None:
    closed = [position.closed_at for position in await all_positions(tx, "enrolment")]
    known = [at for at in closed if at is not None]
    return min(known) if known and len(known) == len(closed) else None
