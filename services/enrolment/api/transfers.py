"""Transfers between sites: proposed by a coordinator, answered by the receiving site's investigator."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import (
    Cursor,
    Limit,
    OutModel,
    Person,
    ReasonCode,
    SiteNumber,
    TrialQuery,
)
from services.enrolment.commands.answer_transfer import accept_transfer, decline_transfer, withdraw_transfer
from services.enrolment.commands.propose_transfer import ProposeTransfer, propose_transfer
from services.enrolment.queries.transfers import show_transfers
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["transfers"])
TransferId = Annotated[str, Path(max_length=64)]


class TransferIn(StrictModel):
    to_site_number: SiteNumber
    reason_code: ReasonCode


class TransferProposedOut(OutModel):
    transfer_id: str
    state: str


@router.post(
    "/participants/{participant_id}/transfers",
    status_code=201,
    response_model=TransferProposedOut,
    openapi_extra=request_body(TransferIn),
)
async def propose_transfer_route(
    request: Request, principal: Person, participant_id: Annotated[str, Path(max_length=64)]
) -> Response:
    """Propose that another site take over the participant."""
    raw = await read_limited(request)
    body = parse_body(raw, TransferIn)
    command = ProposeTransfer(
        participant_id=participant_id, to_site_number=body.to_site_number, reason_code=body.reason_code
    )

    async def work(tx: Tx, act: Act) -> Answer:
        transfer = await propose_transfer(tx, command, act)
        return Answer(body=TransferProposedOut(transfer_id=transfer.id, state=transfer.state.value))

    return await service_of(request).performer.command(request, principal, raw, work)


class TransferAcceptedOut(OutModel):
    """Number and allocation as they were; consent has to be taken anew before anything else is done."""

    transfer_id: str
    state: Literal["accepted"] = "accepted"
    participant_id: str
    participant_number: str
    site_number: str
    consent_due: Literal[True] = True


@router.post("/transfers/{transfer_id}/acceptances", status_code=201, response_model=TransferAcceptedOut)
async def accept_transfer_route(request: Request, principal: Person, transfer_id: TransferId) -> Response:
    """The receiving site's investigator takes over."""
    raw = await read_nothing(request)

    async def work(tx: Tx, act: Act) -> Answer:
        participant = await accept_transfer(tx, transfer_id, act)
        return Answer(
            body=TransferAcceptedOut(
                transfer_id=transfer_id,
                participant_id=participant.id,
                participant_number=participant.number,
                site_number=participant.site_number,
            )
        )

    return await service_of(request).performer.command(request, principal, raw, work)


class TransferEndedOut(OutModel):
    transfer_id: str
    state: str


@router.post("/transfers/{transfer_id}/declinings", status_code=201, response_model=TransferEndedOut)
async def decline_transfer_route(request: Request, principal: Person, transfer_id: TransferId) -> Response:
    """The receiving site's investigator declines; nothing changes."""
    raw = await read_nothing(request)

    async def work(tx: Tx, act: Act) -> Answer:
        transfer = await decline_transfer(tx, transfer_id, act)
        return Answer(body=TransferEndedOut(transfer_id=transfer.id, state=transfer.state.value))

    return await service_of(request).performer.command(request, principal, raw, work)


@router.post("/transfers/{transfer_id}/withdrawals", status_code=201, response_model=TransferEndedOut)
async def withdraw_transfer_route(request: Request, principal: Person, transfer_id: TransferId) -> Response:
    """The coordinator takes the proposal back; nothing changes."""
    raw = await read_nothing(request)

    async def work(tx: Tx, act: Act) -> Answer:
        transfer = await withdraw_transfer(tx, transfer_id, act)
        return Answer(body=TransferEndedOut(transfer_id=transfer.id, state=transfer.state.value))

    return await service_of(request).performer.command(request, principal, raw, work)


class TransferOut(OutModel):
    transfer_id: str
    participant_id: str
    participant_number: str
    from_site_number: str
    to_site_number: str
    state: str
    reason_code: str
    proposed_at: Instant
    answered_at: Instant | None
    consent_due: bool


class TransfersOut(OutModel):
    items: list[TransferOut]
    next_cursor: str | None


@router.get("/transfers")
async def list_transfers_route(
    request: Request, principal: Person, trial: TrialQuery, cursor: Cursor = "", limit: Limit = 50
) -> TransfersOut:
    """Transfers from and to one's own sites."""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: show_transfers(tx, act, trial, after=cursor, limit=limit),
    )
    return TransfersOut.model_validate(page)
