"""Why was this trial halted: as JSON, and as one page to print. And a site's receipt of a halt."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from services.sponsor.api.fields import Person, SiteNumber
from services.sponsor.api.halt_page import as_page
from services.sponsor.commands.receive_halt import ReceiveHalt, receive_halt
from services.sponsor.domain.halt_story import HaltStory, Written, duration_in_words
from services.sponsor.domain.trial import Trial
from services.sponsor.queries.halt_provenance import show_halt_story
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["halts"])


class HaltReceiptIn(StrictModel):
    site_number: SiteNumber


class HaltReceiptOut(StrictModel):
    halt_id: str
    site_number: str


class ActOut(StrictModel):
    """Who did it, in which role, when."""

    by: str
    role: str
    at: Instant


class HaltedOut(ActOut):
    """What was stopped; null in the scope means all of them."""

    reason_code: str
    part: str | None
    level: int | None
    site_number: str | None
    recruitment: bool
    dosing: bool


class PlanOut(ActOut):
    plan: str


class LiftAskedOut(ActOut):
    reason: str
    evidence_id: str


class SiteReceiptOut(ActOut):
    site_number: str


class NearbyOut(StrictModel):
    """Something said of the trial from a day before the halt until its end."""

    type: str
    at: Instant
    body: Mapping[str, Any]


class HaltProvenanceOut(StrictModel):
    """A halt from beginning to end, from the event log alone; `lifted` is null while it is in force."""

    halt_id: str
    trial_id: str
    trial_code: str
    imposed: HaltedOut
    plan: PlanOut | None
    lift_requests: Sequence[LiftAskedOut]
    lifted: ActOut | None
    lasted_seconds: int | None
    lasted: str | None
    receipts: Sequence[SiteReceiptOut]
    nearby: Sequence[NearbyOut]


def _act(written: Written) -> dict[str, Any]:
    return {"by": written.actor, "role": written.role, "at": written.at}


def _out(trial: Trial, story: HaltStory) -> HaltProvenanceOut:
    said, scope = story.imposed.content, story.imposed.content["scope"]
    return HaltProvenanceOut(
        halt_id=story.halt_id,
        trial_id=trial.id,
        trial_code=trial.code,
        imposed=HaltedOut(**_act(story.imposed), **scope, reason_code=said["reason_code"]),
        plan=None if story.plan is None else PlanOut(**_act(story.plan), plan=story.plan.content["plan"]),
        lift_requests=[
            LiftAskedOut(**_act(one), reason=one.content["reason"], evidence_id=one.content["evidence_id"])
            for one in story.requests
        ],
        lifted=None if story.lifted is None else ActOut(**_act(story.lifted)),
        lasted_seconds=None if story.lasted is None else int(story.lasted.total_seconds()),
        lasted=None if story.lasted is None else duration_in_words(story.lasted),
        receipts=[
            SiteReceiptOut(**_act(one), site_number=one.content["site_number"]) for one in story.receipts
        ],
        nearby=[NearbyOut(type=one.type, at=one.at, body=one.body) for one in story.nearby],
    )


async def _story(request: Request, principal: Any, halt_id: str) -> HaltProvenanceOut:
    async def query(tx: Tx, act: Act) -> HaltProvenanceOut:
        return _out(*await show_halt_story(tx, act, halt_id))

    return await service_of(request).performer.query(request, principal, query)


@router.get("/halts/{halt_id}/provenance")
async def halt_provenance_route(request: Request, principal: Person, halt_id: str) -> HaltProvenanceOut:
    """Why the trial was halted, by whom, for how long, who lifted it, and which sites were told."""
    return await _story(request, principal, halt_id)


@router.get(
    "/halts/{halt_id}/provenance.html",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def halt_page_route(request: Request, principal: Person, halt_id: str) -> Response:
    """The same on one page to print."""
    found = await _story(request, principal, halt_id)
    return Response(as_page(found.model_dump(mode="json")), media_type="text/html; charset=utf-8")


@router.post(
    "/halts/{halt_id}/receipts",
    status_code=201,
    response_model=HaltReceiptOut,
    openapi_extra=request_body(HaltReceiptIn),
)
async def receive_halt_route(request: Request, principal: Person, halt_id: str) -> Response:
    """The site has been told of the halt."""
    raw = await read_limited(request)
    body = parse_body(raw, HaltReceiptIn)

    async def command(tx: Tx, act: Act) -> Answer:
        halt = await receive_halt(tx, ReceiveHalt(halt_id=halt_id, site_number=body.site_number), act)
        return Answer(body=HaltReceiptOut(halt_id=halt.id, site_number=body.site_number))

    return await service_of(request).performer.command(request, principal, raw, command)
