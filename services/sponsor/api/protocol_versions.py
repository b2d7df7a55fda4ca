"""Protocol versions: uploaded by one person, approved by another."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from services.sponsor.api.fields import EvidenceName, Person
from services.sponsor.api.protocol_body import MAX_PROTOCOL_BYTES, read_protocol_file
from services.sponsor.api.trial_view import VersionView, version_view
from services.sponsor.commands.approve_protocol_version import (
    ApproveProtocolVersion,
    approve_protocol_version,
)
from services.sponsor.commands.upload_protocol_version import UploadProtocolVersion, upload_protocol_version
from services.sponsor.events.protocol_file import ProtocolFile
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["protocol versions"])


KindOfApproval = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class DocumentIn(StrictModel):
    document: EvidenceName
    version: EvidenceName


class ApprovalIn(StrictModel):
    """What was approved.

    Without `kind_of_approval`, or with the kind that leads for this kind of trial, the approval puts the version
    in force; any other kind is recorded beside it and takes neither `effective_at` nor `previous_sunset_at`.
    `documents` may be left out when they are those that the file itself names; `effective_at` when it is now;
    `last_day` when the approval has no lapse date.
    """

    reference: EvidenceName
    kind_of_approval: KindOfApproval | None = None
    approved_on: Day
    last_day: Day = date.max
    documents: Sequence[DocumentIn] = Field(default=(), max_length=200)
    effective_at: Instant | None = None
    previous_sunset_at: Instant | None = None


@router.post(
    "/trials/{trial_id}/protocol-versions",
    status_code=201,
    response_model=VersionView,
    openapi_extra=request_body(ProtocolFile),
)
async def upload_protocol_version_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Upload a further version of the trial's protocol."""
    raw = await read_limited(request, limit=MAX_PROTOCOL_BYTES)
    document = read_protocol_file(raw)

    async def command(tx: Tx, act: Act) -> Answer:
        upload = UploadProtocolVersion(trial_id=trial_id, document=document)
        return Answer(body=version_view(await upload_protocol_version(tx, upload, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/protocol-versions/{version_id}/approvals",
    status_code=201,
    response_model=VersionView,
    openapi_extra=request_body(ApprovalIn),
)
async def approve_protocol_version_route(request: Request, principal: Person, version_id: str) -> Response:
    """Record an approval of a version, as somebody other than its uploader."""
    raw = await read_limited(request)
    body = parse_body(raw, ApprovalIn)

    async def command(tx: Tx, act: Act) -> Answer:
        approval = ApproveProtocolVersion(
            version_id=version_id,
            reference=body.reference,
            kind=body.kind_of_approval or "",
            approved_on=body.approved_on,
            last_day=body.last_day,
            documents={(one.document, one.version) for one in body.documents},
            effective_at=body.effective_at,
            previous_sunset_at=body.previous_sunset_at,
        )
        return Answer(body=version_view(*await approve_protocol_version(tx, approval, act)))

    return await service_of(request).performer.command(request, principal, raw, command)
