"""Listings as they are read: built a page at a time, so that memory does not grow with the trial."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.safety.domain.listing import (
    ListedEvent,
    ListingKind,
    ListingRequest,
    Tabulation,
    counted,
    deaths,
    equality,
    head,
    lines,
    totals,
    unequal,
)
from services.safety.domain.roles import READING_CASES
from services.safety.store.listings import events_as_of, list_listings, load_listing
from services.safety.store.places import trial_named
from shared.auth import ANY, Principal, permit
from shared.database import Database, Tx
from shared.problems import Problem

PAGE = 100
"""Events of one piece: reading it holds the event loop for some milliseconds, and alerts wait for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    sha256: str
    size: int


async def build_listing(
    database: Database, request: ListingRequest, *, page: int = PAGE
) -> AsyncIterator[bytes]:
    """The listing's bytes in pieces, one for so many events.

    Each page is a transaction of its own: what was recorded until the lock point does not change between them, so
    together they say what one transaction would.
    """
    found = Tabulation()
    yield head(request)
    async for events in _pages(database, request, page):
        for event in events:
            if counted(event, request):
                found.add(event)
        yield lines(request, events)
    yield totals(request, found)
    if request.kind is ListingKind.LINE:
        return
    if found.deaths:
        async for events in _pages(database, request, page):
            yield deaths(event for event in events if counted(event, request))
    yield equality(request, found)
    if request.kind is ListingKind.ANNUAL and found.unequal:
        async for events in _pages(database, request, page):
            yield unequal(event for event in events if counted(event, request))


async def _pages(database: Database, request: ListingRequest, page: int) -> AsyncIterator[list[ListedEvent]]:
    after: str | None = ""
    while after is not None:
        events, after = await database.read(partial(_page, request=request, after=after, limit=page))
        yield events


async def _page(
    tx: Tx, *, request: ListingRequest, after: str, limit: int
) -> tuple[list[ListedEvent], str | None]:
    return await events_as_of(tx, request, after=after, limit=limit)


async def digest_listing(database: Database, request: ListingRequest) -> Digest:
    """What a published listing is known by."""
    digest, size = hashlib.sha256(), 0
    async for piece in build_listing(database, request):
        digest.update(piece)
        size += len(piece)
    return Digest(sha256=digest.hexdigest(), size=size)


async def published_listings(
    tx: Tx, principal: Principal, *, trial: str, after: str, limit: int
) -> list[dict[str, Any]]:
    """Listings of a trial, oldest first."""
    permit(principal, READING_CASES, scope=trial, unit=ANY)
    return await list_listings(tx, trial_key=trial, after=after, limit=limit)


async def published_listing(tx: Tx, principal: Principal, listing_id: str) -> dict[str, Any]:
    """What a published listing was asked; 404 when there is none that this person may see."""
    if not principal.has_role(*READING_CASES):
        permit(principal, READING_CASES, scope=ANY, unit=ANY)
    row = await load_listing(tx, listing_id)
    if row is None:
        raise Problem("not_found")
    permit(principal, READING_CASES, scope=row["trial_key"], unit=ANY)
    return row


async def zone_of_listing(tx: Tx, principal: Principal, trial: str) -> str:
    """The zone whose days a listing of the trial counts, for somebody who may read it.

    Raises:
        Problem: 403 or 404, as for any list of the trial.
    """
    permit(principal, READING_CASES, scope=trial, unit=ANY)
    return (await trial_named(tx, None, trial)).zone.key
