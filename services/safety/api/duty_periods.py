"""Routes of the duty rota."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.parameters import PAGE, Answered, Cursor, Id, Limit, Person, TrialCode
from services.safety.commands.plan_duty import PlanDuty, end_duty, plan_duty
from services.safety.domain.rota import Duty, DutyPeriod
from services.safety.queries.duty_periods import list_duty_periods
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["duty-periods"])

ADDRESS = r"^[^@\s<>,;:\"\\()\[\]]{1,64}@[^@\s<>,;:\"\\()\[\]]{1,189}$"


class DutyPeriodIn(StrictModel):
    """Somebody's duty for one trial, or for every trial with `*`."""

    trial: Annotated[str, Field(pattern=r"^(\*|[A-Z][A-Z0-9]{1,11})$")]
    person: Annotated[
        str, Field(min_length=1, max_length=200, description="Subject id at the identity provider")
    ]
    name: Annotated[str, Field(max_length=200)] = ""
    address: Annotated[str, Field(pattern=ADDRESS, max_length=254, description="Mail address")] | None = None
    role: Duty
    order: Annotated[int, Field(ge=1, le=100)] = 1
    from_at: Instant
    until_at: Instant


class EndingIn(StrictModel):
    """Ending a duty says nothing more."""


class DutyPeriodOut(Answered):
    duty_period_id: str
    trial: str
    person: str
    name: str
    address: str
    role: str
    order: int
    from_at: Instant
    until_at: Instant
    ended_at: Instant | None


class DutyPeriodListOut(Answered):
    items: list[DutyPeriodOut]
    next_cursor: str | None


@router.post(
    "/duty-periods",
    status_code=201,
    response_model=DutyPeriodOut,
    openapi_extra=request_body(DutyPeriodIn),
)
async def plan_duty_route(request: Request, principal: Person) -> Response:
    """Put somebody on the rota."""
    raw = await read_limited(request)
    body = parse_body(raw, DutyPeriodIn)

    async def command(tx: Tx, act: Act) -> Answer:
        period = await plan_duty(
            tx,
            PlanDuty(
                trial_code=body.trial,
                person=body.person,
                name=body.name,
                address=body.address or "",
                duty=body.role,
                order=body.order,
                from_at=body.from_at,
                until_at=body.until_at,
            ),
            act,
        )
        return Answer(body=_out(period))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/duty-periods/{period_id}/endings",
    status_code=201,
    response_model=DutyPeriodOut,
    openapi_extra=request_body(EndingIn),
)
async def end_duty_route(request: Request, principal: Person, period_id: Id) -> Response:
    """End a duty now."""
    raw = await read_limited(request)
    parse_body(raw, EndingIn)

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=_out(await end_duty(tx, period_id, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/duty-periods")
async def list_duty_periods_route(
    request: Request,
    principal: Person,
    trial: TrialCode | None = None,
    cursor: Cursor = "",
    limit: Limit = PAGE,
) -> DutyPeriodListOut:
    """Periods of the trials that the person may plan for, and of all trials."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await list_duty_periods(tx, principal, trial_key=trial, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    periods = [_out(period) for period in found]
    return DutyPeriodListOut(
        items=periods, next_cursor=periods[-1].duty_period_id if len(periods) == limit else None
    )


def _out(period: DutyPeriod) -> DutyPeriodOut:
    return DutyPeriodOut(
        duty_period_id=period.id,
        trial=period.trial_code,
        person=period.person,
        name=period.name,
        address=period.address,
        role=period.duty.value,
        order=period.order,
        from_at=period.from_at,
        until_at=period.until_at,
        ended_at=period.ended_at,
    )
