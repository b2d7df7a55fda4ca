"""Routes about the audit trail, the same in every service, for operators."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from shared import audit_verify
from shared.act import Act
from shared.database import Sql, Tx
from shared.delivery_views import AuditView, HeadCursor, HeadPage, HeadPublished, HeadView, after_head
from shared.json_body import StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.openapi import READING
from shared.operators import Person, operator_only
from shared.perform import Answer
from shared.service import service_of

PAGE = 1000
WITNESSED_AT_ONCE = 4000
"""Heads that one verification compares: as many as surely fit into a body. Each binds everything before it."""

router = APIRouter(tags=["delivery"])


@router.get("/delivery/audit")
async def verify_audit(request: Request, principal: Person) -> AuditView:
    """Walk every audit chain of this service and name the first bad row."""
    operator_only(principal)
    service = service_of(request)
    of = service.definition
    report = await service.database.read(
        lambda tx: audit_verify.verify(tx, of.topic, unblinded_topic=of.unblinded_topic)
    )
    return AuditView.of(report)


@router.get("/delivery/audit/witnessed")
async def list_witnessed_heads(request: Request, principal: Person, cursor: HeadCursor = "") -> HeadPage:
    """Audit heads of the other services, as this one received them; of each service the oldest first."""
    operator_only(principal)
    after = after_head(cursor)
    rows = await service_of(request).database.read(lambda tx: tx.fetch(_WITNESSED, *after, PAGE))
    items = [
        HeadView(producer=row[0], pub_seq=row[1], head=row[2], audit_rows=row[3], audit_last_id=row[4])
        for row in rows
    ]
    last = f"{items[-1].producer}:{items[-1].pub_seq}" if len(items) == PAGE else None
    return HeadPage(items=items, next_cursor=last)


class WitnessedHeadIn(StrictModel):
    pub_seq: int
    head: str
    audit_rows: int
    audit_last_id: int


class VerificationIn(StrictModel):
    """Heads of this service that other services hold."""

    witnessed: Annotated[list[WitnessedHeadIn], Field(max_length=WITNESSED_AT_ONCE)]


@router.post(
    "/delivery/audit-verifications",
    status_code=200,
    openapi_extra=request_body(VerificationIn) | READING,
)
async def verify_audit_against_witnesses(request: Request, principal: Person) -> AuditView:
    """The same walk, compared with heads that others hold: finds a chain rewritten as a whole. Changes nothing."""
    operator_only(principal)
    service = service_of(request)
    body = parse_body(await read_limited(request), VerificationIn)
    heads = [
        audit_verify.WitnessedHead(
            pub_seq=one.pub_seq, head=one.head, audit_rows=one.audit_rows, audit_last_id=one.audit_last_id
        )
        for one in body.witnessed
    ]
    of = service.definition
    report = await service.database.read(
        lambda tx: audit_verify.verify(tx, of.topic, heads, unblinded_topic=of.unblinded_topic)
    )
    return AuditView.of(report)


@router.post("/delivery/audit-heads", status_code=201, response_model=HeadPublished)
async def publish_audit_head(request: Request, principal: Person) -> Response:
    """Publish the audit head now instead of at the next round."""
    operator_only(principal)
    service = service_of(request)
    raw = await read_nothing(request)

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=HeadPublished(published=await service.upkeep.publish_head(tx)))

    return await service.performer.command(request, principal, raw, command)


_WITNESSED = Sql(
    "SELECT producer, pub_seq, head, audit_rows, audit_last_id FROM peer_audit_head"
    " WHERE (producer, pub_seq) > ($1, $2::bigint) ORDER BY producer, pub_seq LIMIT $3"
)
