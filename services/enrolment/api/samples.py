"""Samples: collected, passed on, destroyed."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.course import Organisation, Reference
from services.enrolment.api.route import Cursor, Limit, OutModel, Person, Slug, TrialQuery
from services.enrolment.commands.change_sample import (
    DestroySample,
    TransferSample,
    destroy_sample,
    transfer_sample,
)
from services.enrolment.commands.collect_sample import CollectSample, collect_sample
from services.enrolment.queries.afterwards import show_destruction_requests, show_samples
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["samples"])
ParticipantId = Annotated[str, Path(max_length=64)]
SampleId = Annotated[str, Path(max_length=64)]
Material = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class SampleIn(StrictModel):
    """`label` is the laboratory's number, not the person's."""

    material: Material
    label: Reference
    collected_at: Instant


class SampleCollectedOut(OutModel):
    sample_id: str


@router.post(
    "/participants/{participant_id}/samples",
    status_code=201,
    response_model=SampleCollectedOut,
    openapi_extra=request_body(SampleIn),
)
async def collect_sample_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Record a sample that was collected."""
    raw = await read_limited(request)
    body = parse_body(raw, SampleIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = CollectSample(
            participant_id=participant_id,
            material=body.material,
            label=body.label,
            collected_at=body.collected_at,
        )
        return Answer(body=SampleCollectedOut(sample_id=await collect_sample(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class TransferIn(StrictModel):
    passed_to: Organisation
    use: Slug
    at: Instant


class DestructionIn(StrictModel):
    at: Instant


class SampleChangedOut(OutModel):
    sample_id: str
    state: str


@router.post(
    "/samples/{sample_id}/transfers",
    status_code=201,
    response_model=SampleChangedOut,
    openapi_extra=request_body(TransferIn),
)
async def transfer_sample_route(request: Request, principal: Person, sample_id: SampleId) -> Response:
    """Note that a sample was passed on, for a use that is consented to."""
    raw = await read_limited(request)
    body = parse_body(raw, TransferIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = TransferSample(sample_id=sample_id, passed_to=body.passed_to, use=body.use, at=body.at)
        await transfer_sample(tx, wanted, act)
        return Answer(body=SampleChangedOut(sample_id=sample_id, state="transferred"))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/samples/{sample_id}/destructions",
    status_code=201,
    response_model=SampleChangedOut,
    openapi_extra=request_body(DestructionIn),
)
async def destroy_sample_route(request: Request, principal: Person, sample_id: SampleId) -> Response:
    """Note that a sample was destroyed."""
    raw = await read_limited(request)
    body = parse_body(raw, DestructionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        await destroy_sample(tx, DestroySample(sample_id=sample_id, at=body.at), act)
        return Answer(body=SampleChangedOut(sample_id=sample_id, state="destroyed"))

    return await service_of(request).performer.command(request, principal, raw, command)


class SampleEventOut(OutModel):
    happening: str
    at: Instant
    passed_to: str
    use: str


class SampleOut(OutModel):
    id: str
    material: str
    label: str
    collected_at: Instant
    state: str
    happened: list[SampleEventOut]


class SamplesOut(OutModel):
    items: list[SampleOut]


@router.get("/participants/{participant_id}/samples")
async def show_samples_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> SamplesOut:
    """A participant's samples and what happened to each."""
    rows = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_samples(tx, act, participant_id)
    )
    return SamplesOut.model_validate({"items": rows})


class DestructionRequestOut(OutModel):
    sample_id: str
    participant_id: str
    participant_number: str
    site_number: str
    material: str
    label: str
    requested_at: Instant


class DestructionRequestsOut(OutModel):
    items: list[DestructionRequestOut]
    next_cursor: str | None


@router.get("/sample-destructions")
async def show_destruction_requests_route(
    request: Request, principal: Person, trial: TrialQuery, cursor: Cursor = "", limit: Limit = 50
) -> DestructionRequestsOut:
    """Samples that wait for their destruction."""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: show_destruction_requests(tx, act, trial, after=cursor, limit=limit),
    )
    return DestructionRequestsOut(
        items=[DestructionRequestOut(**row) for row in page.items], next_cursor=page.next_cursor
    )
