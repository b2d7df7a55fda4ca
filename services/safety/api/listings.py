"""Routes of listings: asked for at a lock point, published with a digest, rebuilt to the same bytes."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.safety.api.parameters import PAGE, Answered, Cursor, Id, Limit, Person, TrialCode
from services.safety.commands.publish_listing import PublishListing, publish_listing
from services.safety.domain.listing import ListingKind, ListingRequest, newest_lock, require_lock
from services.safety.queries.listings import (
    build_listing,
    digest_listing,
    published_listing,
    published_listings,
    zone_of_listing,
)
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["listings"])

_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}

Trial = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class ListingIn(StrictModel):
    """`line` every event of the period, `cumulative` counts to its end, `annual` the yearly report's data."""

    trial: Trial
    kind: Literal["line", "cumulative", "annual"]
    from_on: Day
    to_on: Day
    lock_at: Instant


class ListingOut(Answered):
    listing_id: str
    kind: str
    from_on: str
    to_on: str
    lock_at: Instant
    layout: str
    sha256: str
    size: int


class PublishedOut(Answered):
    listing_id: str
    sha256: str
    size: int


class ListingsOut(Answered):
    items: list[ListingOut]
    next_cursor: str | None


@router.post("/listings", status_code=201, response_model=PublishedOut, openapi_extra=request_body(ListingIn))
async def publish_listing_route(request: Request, principal: Person) -> Response:
    """Publish a listing: its question and the digest of its answer."""
    raw = await read_limited(request)
    body = parse_body(raw, ListingIn)
    service = service_of(request)

    async def place(tx: Tx, act: Act) -> tuple[str, datetime]:
        return await zone_of_listing(tx, principal, body.trial), act.now

    zone, now = await service.performer.query(request, principal, place)
    asked = _asked(body.trial, body.kind, body.from_on, body.to_on, body.lock_at, zone)
    require_lock(asked, now)
    digest = await digest_listing(service.database, asked)

    async def command(tx: Tx, act: Act) -> Answer:
        told = PublishListing(request=asked, sha256=digest.sha256, size=digest.size)
        listing_id = await publish_listing(tx, told, act)
        return Answer(body=PublishedOut(listing_id=listing_id, sha256=digest.sha256, size=digest.size))

    return await service.performer.command(request, principal, raw, command)


@router.get("/listings")
async def list_listings_route(
    request: Request, principal: Person, trial: TrialCode, cursor: Cursor = "", limit: Limit = PAGE
) -> ListingsOut:
    """Listings that were published, oldest first."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await published_listings(tx, principal, trial=trial, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    items = [ListingOut.model_validate(row | {"listing_id": row["id"]}) for row in found]
    return ListingsOut(items=items, next_cursor=items[-1].listing_id if len(items) == limit else None)


@router.get("/listings/{listing_id}/content", response_class=StreamingResponse, responses=_CSV)
async def listing_content_route(request: Request, principal: Person, listing_id: Id) -> StreamingResponse:
    """A published listing, built anew: the same bytes as when it was published."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await published_listing(tx, principal, listing_id)

    row = await service_of(request).performer.query(request, principal, query)
    asked = _asked(
        row["trial_key"],
        row["kind"],
        date.fromisoformat(row["from_on"]),
        date.fromisoformat(row["to_on"]),
        row["lock_at"],
        row["zone"],
    )
    return _streamed(build_listing(service_of(request).database, asked), row["id"])


@router.get("/listing-previews", response_class=StreamingResponse, responses=_CSV)
async def preview_listing_route(
    request: Request,
    principal: Person,
    trial: TrialCode,
    kind: ListingKind,
    from_on: date,
    to_on: date,
    lock_at: Instant | None = None,
) -> StreamingResponse:
    """A listing on demand, as of a lock point or of a minute ago, published nowhere."""

    async def place(tx: Tx, act: Act) -> tuple[str, datetime]:
        return await zone_of_listing(tx, principal, trial), act.now

    zone, now = await service_of(request).performer.query(request, principal, place)
    asked = _asked(trial, kind.value, from_on, to_on, lock_at or newest_lock(now), zone)
    require_lock(asked, now)
    return _streamed(build_listing(service_of(request).database, asked), f"{trial}-{kind.value}")


def _asked(trial: str, kind: str, from_on: date, to_on: date, lock_at: datetime, zone: str) -> ListingRequest:
    return ListingRequest(
        trial=trial,
        kind=ListingKind(kind),
        from_on=from_on,
        to_on=to_on,
        lock_at=lock_at,
        zone=ZoneInfo(zone),
    )


def _streamed(pieces: AsyncIterator[bytes], name: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)
