"""Frozen snapshots."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import StringConstraints

from services.sponsor.api.fields import Person
from services.sponsor.api.recommendation_view import SayingOut, saying_out
from services.sponsor.commands.freeze_snapshot import FreezeSnapshot, freeze_snapshot
from services.sponsor.domain.snapshot import thaw
from services.sponsor.queries.snapshots import show_snapshot
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["snapshots"])


class SnapshotIn(StrictModel):
    part: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class SnapshotOut(StrictModel):
    """A snapshot without its content, which `GET /snapshots/{snapshot_id}` gives byte for byte."""

    snapshot_id: str
    trial_id: str
    part: str
    sha256: str
    frozen_by: str
    frozen_at: Instant
    recommendation: SayingOut


@router.post(
    "/trials/{trial_id}/snapshots",
    status_code=201,
    response_model=SnapshotOut,
    openapi_extra=request_body(SnapshotIn),
)
async def freeze_snapshot_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Freeze the data of a part; refused while anything of it is missing or not known to be complete."""
    raw = await read_limited(request)
    body = parse_body(raw, SnapshotIn)
    service = service_of(request)

    async def command(tx: Tx, act: Act) -> Answer:
        freezing = FreezeSnapshot(trial_id=trial_id, part=body.part)
        stored = await freeze_snapshot(tx, freezing, act, service.freshness)
        out = SnapshotOut(
            snapshot_id=stored.id,
            trial_id=stored.trial_id,
            part=stored.part,
            sha256=stored.frozen.sha256,
            frozen_by=stored.frozen_by,
            frozen_at=stored.frozen_at,
            recommendation=saying_out(thaw(stored.frozen).recommendation),
        )
        return Answer(body=out)

    return await service.performer.command(request, principal, raw, command)


_FROZEN = {
    "title": "Frozen snapshot",
    "description": "A JSON object; its form is not promised, its bytes are: what is signed is their SHA-256.",
    "type": "object",
}


@router.get(
    "/snapshots/{snapshot_id}",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": _FROZEN}}, "description": "The frozen bytes"}
    },
)
async def show_snapshot_route(request: Request, principal: Person, snapshot_id: str) -> Response:
    """The frozen bytes exactly as they were hashed."""

    async def query(tx: Tx, act: Act) -> Response:
        stored = await show_snapshot(tx, act, snapshot_id)
        headers = {"etag": f'"{stored.frozen.sha256}"'}
        return Response(stored.frozen.content, headers=headers, media_type="application/json")

    return await service_of(request).performer.query(request, principal, query)
