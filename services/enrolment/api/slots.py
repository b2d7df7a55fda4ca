"""Places: asking for one, giving it back, extending it, choosing who is next."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import Id, OutModel, Person, SiteNumber, Slug, Words
from services.enrolment.commands.change_slot import (
    ExtendSlot,
    OfferSlot,
    ReleaseSlot,
    extend_slot,
    offer_slot,
    release_slot,
)
from services.enrolment.commands.receive_decision import ReceiveDecision, receive_decision
from services.enrolment.commands.reserve_slot import (
    InLine,
    PlaceGiven,
    RequestSlot,
    ReserveSlot,
    request_slot,
    reserve_slot,
)
from services.enrolment.domain.board import SlotRecord
from services.enrolment.domain.dated_requests import StatedDates
from services.enrolment.domain.slot_states import Frozen
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.openapi import also_answers
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["slots"])
SlotId = Annotated[str, Path(max_length=64)]


class DatesIn(StrictModel):
    """Local dates at the site; what is left out stays as it was stated before.

    `priority_reason` is read by the medical monitor who chooses, and by the site; it names nobody.
    """

    earliest_start_on: Day | None = None
    washout_ends_on: Day | None = None
    priority_reason: Words | None = None

    def stated(self) -> StatedDates:
        return StatedDates(
            earliest_start_on=self.earliest_start_on,
            washout_ends_on=self.washout_ends_on,
            priority_reason=self.priority_reason or "",
        )


class ReservationIn(DatesIn):
    screening_id: Id


class ReservedOut(OutModel):
    """The place is the site's until `expires_at`; while it is frozen its clock stands."""

    outcome: str
    slot_id: str
    state: str
    part: str
    level: int
    screening_number: str
    expires_at: Instant


class WaitlistedOut(OutModel):
    outcome: str
    entry_id: str
    part: str
    position: int
    screening_number: str


def _place(outcome: PlaceGiven | InLine) -> Answer:
    if isinstance(outcome, InLine):
        entry = outcome.entry
        waits = WaitlistedOut(
            outcome="waitlisted",
            entry_id=entry.entry.id,
            part=entry.part,
            position=outcome.position,
            screening_number=entry.screening_number,
        )
        return Answer(body=waits, status=202)
    record = outcome.record
    reserved = ReservedOut(
        outcome="reserved",
        slot_id=record.slot.id,
        state="frozen" if isinstance(record.slot.state, Frozen) else "reserved",
        part=record.slot.place.part,
        level=record.slot.place.level,
        screening_number=record.screening_number,
        expires_at=outcome.expires_at,
    )
    return Answer(body=reserved, status=201)


@router.post(
    "/slots/{slot_id}/reservations",
    status_code=201,
    response_model=ReservedOut,
    responses=also_answers(202, WaitlistedOut, "No place is free; a position on the waiting list"),
    openapi_extra=request_body(ReservationIn),
)
async def reserve_slot_route(request: Request, principal: Person, slot_id: SlotId) -> Response:
    """201 with the place, or 202 with a position on the waiting list."""
    raw = await read_limited(request)
    body = parse_body(raw, ReservationIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = ReserveSlot(slot_id=slot_id, screening_id=body.screening_id, stated=body.stated())
        return _place(await reserve_slot(tx, wanted, act))

    return await service_of(request).performer.command(request, principal, raw, command)


class ReservationRequestIn(DatesIn):
    trial: Id
    part: Slug
    screening_id: Id


@router.post(
    "/reservation-requests",
    status_code=201,
    response_model=ReservedOut,
    responses=also_answers(202, WaitlistedOut, "No place is free; a position on the waiting list"),
    openapi_extra=request_body(ReservationRequestIn),
)
async def request_slot_route(request: Request, principal: Person) -> Response:
    """The next free place of the part's open level, or a position on the waiting list."""
    raw = await read_limited(request)
    body = parse_body(raw, ReservationRequestIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RequestSlot(
            trial=body.trial, part=body.part, screening_id=body.screening_id, stated=body.stated()
        )
        return _place(await request_slot(tx, wanted, act))

    return await service_of(request).performer.command(request, principal, raw, command)


class ReleasedOut(OutModel):
    slot_id: str
    state: Literal["released"] = "released"


@router.post(
    "/slots/{slot_id}/releases",
    status_code=201,
    response_model=ReleasedOut,
)
async def release_slot_route(request: Request, principal: Person, slot_id: SlotId) -> Response:
    """Give a reservation back, or decline an offer."""
    raw = await read_nothing(request)

    async def command(tx: Tx, act: Act) -> Answer:
        record = await release_slot(tx, ReleaseSlot(slot_id=slot_id), act)
        return Answer(body=ReleasedOut(slot_id=record.slot.id))

    return await service_of(request).performer.command(request, principal, raw, command)


class ExtensionIn(StrictModel):
    """One more reserve window, or `hours`; the reason stays in the audit."""

    reason: Words
    hours: Annotated[int, Field(ge=1, le=720)] | None = None


class DeadlineOut(OutModel):
    slot_id: str
    expires_at: Instant


def _deadline(record: SlotRecord) -> Answer:
    if record.held is None:
        raise LookupError("a slot that was just held has a deadline")
    return Answer(body=DeadlineOut(slot_id=record.slot.id, expires_at=record.held.expires_at))


@router.post(
    "/slots/{slot_id}/extensions",
    status_code=201,
    response_model=DeadlineOut,
    openapi_extra=request_body(ExtensionIn),
)
async def extend_slot_route(request: Request, principal: Person, slot_id: SlotId) -> Response:
    """Move the deadline of a reservation or offer."""
    raw = await read_limited(request)
    body = parse_body(raw, ExtensionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = ExtendSlot(slot_id=slot_id, reason=body.reason, hours=body.hours)
        return _deadline(await extend_slot(tx, wanted, act))

    return await service_of(request).performer.command(request, principal, raw, command)


class OfferIn(StrictModel):
    entry_id: Id
    reason: Words


@router.post(
    "/slots/{slot_id}/offers",
    status_code=201,
    response_model=DeadlineOut,
    openapi_extra=request_body(OfferIn),
)
async def offer_slot_route(request: Request, principal: Person, slot_id: SlotId) -> Response:
    """Offer a free slot to the entry that the medical monitor chose."""
    raw = await read_limited(request)
    body = parse_body(raw, OfferIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = OfferSlot(slot_id=slot_id, entry_id=body.entry_id, reason=body.reason)
        return _deadline(await offer_slot(tx, wanted, act))

    return await service_of(request).performer.command(request, principal, raw, command)


class ReceiptIn(StrictModel):
    site_number: SiteNumber


class ReceivedOut(OutModel):
    decision_id: str
    site_number: str


@router.post(
    "/decisions/{decision_id}/receipts",
    status_code=201,
    response_model=ReceivedOut,
    openapi_extra=request_body(ReceiptIn),
)
async def receive_decision_route(
    request: Request, principal: Person, decision_id: Annotated[str, Path(max_length=64)]
) -> Response:
    """The site has received a dose decision."""
    raw = await read_limited(request)
    body = parse_body(raw, ReceiptIn)

    async def command(tx: Tx, act: Act) -> Answer:
        received = ReceiveDecision(decision_id=decision_id, site_number=body.site_number)
        await receive_decision(tx, received, act)
        return Answer(body=ReceivedOut(decision_id=decision_id, site_number=body.site_number))

    return await service_of(request).performer.command(request, principal, raw, command)
