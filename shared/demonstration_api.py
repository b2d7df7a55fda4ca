"""Routes that exist in a demonstration only: domain time, read and moved forward."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.delivery_views import ClockMoved, ClockView
from shared.domain_clock import ClockCannotGoBack, DemonstrationClock
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.operators import Person, operator_only
from shared.perform import Answer
from shared.problems import Problem
from shared.service import service_of
from shared.timers import ran_until
from shared.wakeup import announce_clock

router = APIRouter(tags=["demonstration"])


class ClockIn(StrictModel):
    move_to: Instant


@router.get("/demonstration-clock")
async def show_clock(request: Request, principal: Person) -> ClockView:
    """Domain time, and up to which domain time everything due has been done."""
    operator_only(principal)
    service = service_of(request)

    async def read(tx: Tx) -> ClockView:
        return ClockView(
            now=await service.domain_clock.now(tx), timers_ran_until=await ran_until(tx, service.name)
        )

    return await service.database.read(read)


@router.post(
    "/demonstration-clock", status_code=201, response_model=ClockMoved, openapi_extra=request_body(ClockIn)
)
async def move_clock(request: Request, principal: Person) -> Response:
    """Move domain time forward; timers then run as they would."""
    operator_only(principal)
    service = service_of(request)
    raw = await read_limited(request)
    move_to = parse_body(raw, ClockIn).move_to

    async def command(tx: Tx, act: Act) -> Answer:
        clock = service.domain_clock
        if not isinstance(clock, DemonstrationClock):
            raise Problem("not_found")
        try:
            now = await clock.move_to(tx, move_to)
        except ClockCannotGoBack:
            raise Problem("clock_cannot_go_back") from None
        await record(tx, act, f"clock:{service.name}", "demonstration-clock.moved", {"to": str(now)})
        tx.after_commit(service.timers.wake)
        await announce_clock(tx)
        return Answer(body=ClockMoved(now=now))

    return await service.performer.command(request, principal, raw, command)
