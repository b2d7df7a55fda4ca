"""Routes of case files: made, validated, sent, answered; and files that others sent."""

import asyncio
import base64
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.case_bodies import (
    BODY_LIMIT,
    AcknowledgementOut,
    CaseFileDetailOut,
    CaseFileIn,
    CaseFileItemOut,
    CaseFileOut,
    CaseFilesOut,
    ContentFileIn,
    FindingOut,
    ReasonIn,
    ReceivedFileIn,
    ReceivedFileOut,
    ReceivedFilesOut,
    SendingIn,
    SentCaseOut,
)
from services.safety.api.parameters import PAGE, Cursor, Id, Limit, Person, TrialCode
from services.safety.commands.make_case_file import MakeCaseFile, make_case_file
from services.safety.commands.receive_case_file import ReceiveCaseFile, judge_file, receive_case_file
from services.safety.commands.record_acknowledgement import (
    RecordAcknowledgement,
    read_or_none,
    record_acknowledgement,
)
from services.safety.commands.send_case_file import (
    SendCaseFile,
    ValidateCaseFile,
    send_case_file,
    validate_case_file,
)
from services.safety.domain.icsr.check import Profile
from services.safety.domain.roles import WRITING_CASES
from services.safety.queries.cases import files_of, received_files, show_file
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx
from shared.json_body import parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["case files"])


@router.post(
    "/case-files", status_code=201, response_model=CaseFileOut, openapi_extra=request_body(CaseFileIn)
)
async def make_file_route(request: Request, principal: Person) -> Response:
    """Write the file of one or more cases and judge it by every layer of rules."""
    raw = await read_limited(request)
    body = parse_body(raw, CaseFileIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = MakeCaseFile(route_id=body.route_id, case_ids=tuple(body.case_ids), reason=body.reason)
        return Answer(body=_out(await make_case_file(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/case-files")
async def list_files_route(
    request: Request, principal: Person, trial: TrialCode, cursor: Cursor = "", limit: Limit = PAGE
) -> CaseFilesOut:
    """Files of a trial, oldest first."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await files_of(tx, principal, trial=trial, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    items = [CaseFileItemOut.model_validate(row | {"file_id": row["id"]}) for row in found]
    return CaseFilesOut(items=items, next_cursor=items[-1].file_id if len(items) == limit else None)


@router.get("/case-files/{file_id}")
async def show_file_route(request: Request, principal: Person, file_id: Id) -> CaseFileDetailOut:
    """One file with its findings and what was answered."""
    shown = await _shown(request, principal, file_id)
    answers = [
        AcknowledgementOut(
            acknowledgement_id=one["id"],
            state=one["state"],
            file_id=one["batch_id"],
            decided=one["decided"],
        )
        for one in shown.acknowledgements
    ]
    return CaseFileDetailOut(file=_out(shown.batch), acknowledgements=answers)


@router.get(
    "/case-files/{file_id}/content",
    response_class=Response,
    responses={200: {"content": {"application/xml": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def file_content_route(request: Request, principal: Person, file_id: Id) -> Response:
    """The file's bytes, as they are or will be sent."""
    shown = await _shown(request, principal, file_id)
    headers = {"content-disposition": f'attachment; filename="{shown.batch.id}.xml"'}
    return Response(shown.batch.content, media_type="application/xml", headers=headers)


async def _shown(request: Request, principal: Person, file_id: str) -> Any:
    async def query(tx: Tx, _act: Act) -> Any:
        return await show_file(tx, principal, file_id)

    return await service_of(request).performer.query(request, principal, query)


@router.post(
    "/case-files/{file_id}/validations",
    status_code=201,
    response_model=CaseFileOut,
    openapi_extra=request_body(ReasonIn),
)
async def validate_file_route(request: Request, principal: Person, file_id: Id) -> Response:
    """Sign the reason for sending a file in spite of warnings."""
    raw = await read_limited(request)
    body = parse_body(raw, ReasonIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = ValidateCaseFile(batch_id=file_id, reason=body.reason)
        return Answer(body=_out(await validate_case_file(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/case-files/{file_id}/sendings",
    status_code=201,
    response_model=CaseFileOut,
    openapi_extra=request_body(SendingIn),
)
async def send_file_route(request: Request, principal: Person, file_id: Id) -> Response:
    """Record that the file was sent."""
    raw = await read_limited(request)
    body = parse_body(raw, SendingIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = SendCaseFile(batch_id=file_id, reference=body.reference, complete=body.complete)
        return Answer(body=_out(await send_case_file(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/acknowledgements",
    status_code=201,
    response_model=AcknowledgementOut,
    openapi_extra=request_body(ContentFileIn),
)
async def acknowledge_route(request: Request, principal: Person) -> Response:
    """Take in a regulator's acknowledgement; one that fits nothing is kept apart and raises an alert."""
    raw = await read_limited(request, limit=BODY_LIMIT)
    content = base64.b64decode(parse_body(raw, ContentFileIn).content)
    read = await asyncio.to_thread(read_or_none, content)

    async def command(tx: Tx, act: Act) -> Answer:
        done = await record_acknowledgement(tx, RecordAcknowledgement(content=content, read=read), act)
        return Answer(
            body={
                "acknowledgement_id": done.id,
                "state": done.state,
                "file_id": done.batch_id,
                "decided": done.decided,
            }
        )

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/received-case-files",
    status_code=201,
    response_model=ReceivedFileOut,
    openapi_extra=request_body(ReceivedFileIn),
)
async def receive_file_route(request: Request, principal: Person) -> Response:
    """Take in a case report file that somebody else made: kept as it came, judged, and shown to the desk."""
    raw = await read_limited(request, limit=BODY_LIMIT)
    body = parse_body(raw, ReceivedFileIn)
    content = base64.b64decode(body.content)
    service = service_of(request)

    async def present(_: Tx, act: Act) -> datetime:
        permit(principal, WRITING_CASES, scope=ANY, unit=ANY)  # before the work that may take seconds
        return act.now

    now = await service.performer.query(request, principal, present)
    judged = await asyncio.to_thread(judge_file, content, Profile(body.profile), now)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = ReceiveCaseFile(content=content, judged=judged)
        done = await receive_case_file(tx, asked, act)
        return Answer(
            body={
                "received_id": done.id,
                "verdict": done.verdict,
                "findings": done.findings,
                "cases": done.cases,
            }
        )

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/received-case-files")
async def list_received_route(
    request: Request, principal: Person, cursor: Cursor = "", limit: Limit = PAGE
) -> ReceivedFilesOut:
    """Files that others sent, oldest first."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await received_files(tx, principal, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    items = [ReceivedFileOut.model_validate(row | {"received_id": row["id"]}) for row in found]
    return ReceivedFilesOut(items=items, next_cursor=items[-1].received_id if len(items) == limit else None)


def _out(batch: Any) -> CaseFileOut:
    return CaseFileOut(
        file_id=batch.id,
        number=batch.number,
        profile=batch.profile,
        state=batch.state,
        sha256=batch.sha256,
        created_at=batch.created_at,
        sent_at=batch.sent_at,
        reference=batch.reference,
        findings=[FindingOut.model_validate(one) for one in batch.findings],
        cases=[SentCaseOut.model_validate(one) for one in batch.cases],
    )
