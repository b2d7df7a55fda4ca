"""Routes of reference safety information: issued, approved, listed, and what a version would have answered."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.parameters import Id, Person, TrialCode
from services.safety.api.reference_answers import (
    ApprovalIn,
    DifferenceListOut,
    DifferenceOut,
    ReferenceIn,
    ReferenceListOut,
    ReferenceOut,
    reference_out,
)
from services.safety.commands.keep_reference import (
    ApproveReference,
    IssueReference,
    approve_reference,
    issue_reference,
)
from services.safety.queries.case_follow_up import references, would_have_been
from shared.act import Act
from shared.database import Tx
from shared.json_body import parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["reference-versions"])

BODY = 2 * 1024 * 1024


@router.post(
    "/reference-versions",
    status_code=201,
    response_model=ReferenceOut,
    openapi_extra=request_body(ReferenceIn),
)
async def issue_reference_route(request: Request, principal: Person) -> Response:
    """Keep a version as issued; without an approval it is ignored everywhere."""
    raw = await read_limited(request, limit=BODY)
    body = parse_body(raw, ReferenceIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = IssueReference(
            trial=body.trial,
            product=body.product,
            label=body.label,
            document=body.document,
            issued_on=body.issued_on,
            entries=tuple(entry.entry() for entry in body.entries),
        )
        return Answer(body=reference_out(await issue_reference(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/reference-versions/{reference_id}/approvals",
    status_code=201,
    response_model=ReferenceOut,
    openapi_extra=request_body(ApprovalIn),
)
async def approve_reference_route(request: Request, principal: Person, reference_id: Id) -> Response:
    """Record the authority's approval; no past assessment changes by it."""
    raw = await read_limited(request)
    body = parse_body(raw, ApprovalIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = ApproveReference(
            reference_id=reference_id, approved_on=body.approved_on, reference=body.reference
        )
        return Answer(body=reference_out(await approve_reference(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/reference-versions")
async def list_references_route(request: Request, principal: Person, trial: TrialCode) -> ReferenceListOut:
    """Every version of a trial's products."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await references(tx, principal, trial)

    found = await service_of(request).performer.query(request, principal, query)
    return ReferenceListOut(items=[reference_out(one) for one in found])


@router.get("/reference-versions/{reference_id}/differences")
async def list_differences_route(
    request: Request, principal: Person, reference_id: Id, trial: TrialCode
) -> DifferenceListOut:
    """Past events whose expectedness this version would have answered otherwise."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await would_have_been(tx, principal, trial, reference_id)

    found = await service_of(request).performer.query(request, principal, query)
    return DifferenceListOut(
        items=[
            DifferenceOut(report_id=report, product=product, derived=derived, by_this_version=says)
            for report, product, derived, says in found
        ]
    )
