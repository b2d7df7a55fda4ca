"""Routes of what belongs together: links, likely duplicates, and merging them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.parameters import Answered, Id, Person
from services.safety.commands.link_reports import LinkReports, link_reports
from services.safety.commands.merge_reports import MergeReports, merge_reports
from services.safety.queries.special_reports import show_relations
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["adverse-events"])
ReportId = Annotated[str, Field(pattern=r"^[A-Za-z0-9:._-]{1,100}$")]
Relation = Literal["led_to", "same_episode", "late_effect_of", "child_of", "reported_with"]


class LinkIn(StrictModel):
    """To an adverse event or a special report of the same trial."""

    to: ReportId
    relation: Relation
    reason: Annotated[str, Field(max_length=2000)] = ""


class LinkOut(Answered):
    id: str
    from_id: str
    to_id: str
    relation: str
    linked_by: str
    linked_at: Instant


class MergeIn(StrictModel):
    duplicate: ReportId
    reason: Annotated[str, Field(max_length=2000)]


class MergedOut(Answered):
    """`duplicate_id` is closed; the report that was received first has everything graver that it said."""

    report_id: str
    version: int
    duplicate_id: str
    changed: list[str]


class CandidateOut(Answered):
    report_id: str
    because: list[str]


class RelationsOut(Answered):
    links: list[LinkOut]
    duplicate_candidates: list[CandidateOut]


@router.get("/adverse-events/{report_id}/relations")
async def show_relations_route(request: Request, principal: Person, report_id: Id) -> RelationsOut:
    """What is linked to a report, and what may be the same event; nothing is merged by itself."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_relations(tx, principal, report_id)

    links, candidates = await service_of(request).performer.query(request, principal, query)
    return RelationsOut(
        links=[LinkOut.model_validate(link) for link in links],
        duplicate_candidates=[CandidateOut.model_validate(one) for one in candidates],
    )


@router.post(
    "/adverse-events/{report_id}/links",
    status_code=201,
    response_model=LinkOut,
    openapi_extra=request_body(LinkIn),
)
async def link_reports_route(request: Request, principal: Person, report_id: Id) -> Response:
    """Say that two reports belong together."""
    raw = await read_limited(request)
    body = parse_body(raw, LinkIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = LinkReports(report_id=report_id, to_id=body.to, relation=body.relation, reason=body.reason)
        return Answer(body=LinkOut.model_validate(await link_reports(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/adverse-events/{report_id}/merges",
    status_code=201,
    response_model=MergedOut,
    openapi_extra=request_body(MergeIn),
)
async def merge_reports_route(request: Request, principal: Person, report_id: Id) -> Response:
    """Close a duplicate into this report."""
    raw = await read_limited(request)
    body = parse_body(raw, MergeIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = MergeReports(report_id=report_id, duplicate_id=body.duplicate, reason=body.reason)
        return Answer(body=MergedOut.model_validate(await merge_reports(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)
