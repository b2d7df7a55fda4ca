"""Halts: imposed by one person, lifted by two."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from services.sponsor.api.fields import (
    FIRST_PAGE,
    USUAL_LIMIT,
    Cursor,
    EvidenceName,
    Limit,
    PageOut,
    Person,
    ReasonCode,
    SiteNumber,
    TrialId,
    Words,
)
from services.sponsor.commands.approve_halt_lift import approve_halt_lift
from services.sponsor.commands.impose_halt import ImposeHalt, impose_halt
from services.sponsor.commands.request_halt_lift import RequestLift, request_halt_lift
from services.sponsor.commands.state_halt_plan import StatePlan, state_halt_plan
from services.sponsor.domain.halt import Halt
from services.sponsor.domain.ids import SiteId
from services.sponsor.queries.halts import list_halts, site_numbers
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["halts"])


class HaltScopeIn(StrictModel):
    """What is stopped, as stated; what is left out means all of them."""

    part: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    level: Annotated[int, Field(ge=1, le=20)] | None = None
    site_number: SiteNumber | None = None
    recruitment: bool
    dosing: bool


class HaltIn(StrictModel):
    trial_id: str
    scope: HaltScopeIn
    reason_code: ReasonCode


class PlanIn(StrictModel):
    """What happens to participants on treatment, in words even when there are none."""

    plan: Words


class LiftRequestIn(StrictModel):
    reason: Words
    evidence_id: EvidenceName


class LiftRequestOut(StrictModel):
    requested_by: str
    requested_at: Instant
    reason: str
    evidence_id: str


class HaltScopeOut(StrictModel):
    part: str | None
    level: int | None
    site_number: str | None
    recruitment: bool
    dosing: bool


class HaltOut(StrictModel):
    halt_id: str
    trial_id: str
    scope: HaltScopeOut
    state: str
    reason_code: str
    imposed_by: str
    imposed_at: Instant
    plan: str
    lift_request: LiftRequestOut | None
    lifted_by: str | None
    lifted_at: Instant | None


class HaltListOut(PageOut):
    items: Sequence[HaltOut]


def _out(halt: Halt, numbers: Mapping[SiteId, str]) -> HaltOut:
    scope, asked = halt.scope, halt.request
    return HaltOut(
        halt_id=halt.id,
        trial_id=halt.trial_id,
        scope=HaltScopeOut(
            part=scope.part,
            level=scope.level,
            site_number=None if scope.site_id is None else numbers[scope.site_id],
            recruitment=scope.recruitment,
            dosing=scope.dosing,
        ),
        state=halt.state.value,
        reason_code=halt.reason,
        imposed_by=halt.imposed_by,
        imposed_at=halt.effective_at,
        plan=halt.plan,
        lift_request=None
        if asked is None
        else LiftRequestOut(
            requested_by=asked.requested_by,
            requested_at=asked.requested_at,
            reason=asked.reason,
            evidence_id=asked.evidence_id,
        ),
        lifted_by=halt.lifted_by,
        lifted_at=halt.lifted_at,
    )


async def _answer(tx: Tx, halt: Halt) -> Answer:
    return Answer(body=_out(halt, await site_numbers(tx, halt.trial_id)))


@router.post("/halts", status_code=201, response_model=HaltOut, openapi_extra=request_body(HaltIn))
async def impose_halt_route(request: Request, principal: Person) -> Response:
    """Stop recruitment, dosing or both, from the commit on."""
    raw = await read_limited(request)
    body = parse_body(raw, HaltIn)

    async def command(tx: Tx, act: Act) -> Answer:
        scope = dict(body.scope)
        halting = ImposeHalt(trial_id=body.trial_id, reason_code=body.reason_code, **scope)
        return await _answer(tx, await impose_halt(tx, halting, act))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/halts/{halt_id}/plans", status_code=201, response_model=HaltOut, openapi_extra=request_body(PlanIn)
)
async def state_halt_plan_route(request: Request, principal: Person, halt_id: str) -> Response:
    """State what happens to participants on treatment."""
    raw = await read_limited(request)
    body = parse_body(raw, PlanIn)

    async def command(tx: Tx, act: Act) -> Answer:
        return await _answer(tx, await state_halt_plan(tx, StatePlan(halt_id=halt_id, plan=body.plan), act))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/halts/{halt_id}/lift-requests",
    status_code=201,
    response_model=HaltOut,
    openapi_extra=request_body(LiftRequestIn),
)
async def request_halt_lift_route(request: Request, principal: Person, halt_id: str) -> Response:
    """Ask for the halt to be lifted; it stays in force."""
    raw = await read_limited(request)
    body = parse_body(raw, LiftRequestIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asking = RequestLift(halt_id=halt_id, reason=body.reason, evidence_id=body.evidence_id)
        return await _answer(tx, await request_halt_lift(tx, asking, act))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post("/halts/{halt_id}/lift-approvals", status_code=201, response_model=HaltOut)
async def approve_halt_lift_route(request: Request, principal: Person, halt_id: str) -> Response:
    """Lift the halt, as somebody other than the person who asked."""
    raw = await read_nothing(request)

    async def command(tx: Tx, act: Act) -> Answer:
        return await _answer(tx, await approve_halt_lift(tx, halt_id, act))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/halts")
async def list_halts_route(
    request: Request,
    principal: Person,
    trial_id: TrialId,
    cursor: Cursor = FIRST_PAGE,
    limit: Limit = USUAL_LIMIT,
) -> HaltListOut:
    """Halts of a trial, the lifted ones included."""

    async def query(tx: Tx, act: Act) -> HaltListOut:
        page, numbers = await list_halts(tx, act, trial_id, cursor, limit)
        items = [_out(halt, numbers) for halt in page.entries]
        return HaltListOut(items=items, next_cursor=page.next_cursor)

    return await service_of(request).performer.query(request, principal, query)
