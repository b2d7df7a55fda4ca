"""Route of the alerting itself: does it live, and what does each channel do."""

from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request

from services.safety.api.parameters import Answered, Person
from services.safety.domain.roles import WATCHING_CHANNELS
from services.safety.queries.alert_health import alert_health, channels_of, is_well
from shared.act import Act
from shared.auth import ANY, permit
from shared.clock import server_now
from shared.database import Tx
from shared.json_body import Instant
from shared.service import service_of

router = APIRouter(tags=["alerts"])


class PartOut(Answered):
    """The evaluator, which takes the steps, or a channel; `silent` does no rounds any more."""

    name: str
    state: Literal["ok", "failing", "gone", "silent", "never"]
    beat_at: Instant | None
    failures: int
    failing_since: Instant | None
    last_error: str | None
    last_delivered_at: Instant | None
    waiting: int
    oldest_waiting_seconds: float


class AlertingOut(Answered):
    """`well`: an alert raised now would leave."""

    well: bool
    parts: list[PartOut]


@router.get("/alert-channels")
async def show_alerting_route(request: Request, principal: Person) -> AlertingOut:
    """How the alerting of this installation is."""
    if not principal.has_role(*WATCHING_CHANNELS):
        permit(principal, WATCHING_CHANNELS, scope=ANY, unit=ANY)
    service = service_of(request)
    channels = channels_of(service.settings).names()

    async def query(tx: Tx, _act: Act) -> AlertingOut:
        parts = await alert_health(tx, channels, now=server_now())
        return AlertingOut(well=is_well(parts), parts=[PartOut.model_validate(part) for part in parts])

    return await service.performer.query(request, principal, query)
