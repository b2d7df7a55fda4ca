"""Central monitoring: indicators at every site, tolerance limits, accrual against plan, and the flow at each site."""

from collections.abc import Sequence

from fastapi import APIRouter, Request

from services.sponsor.api.fields import Person, TrialId
from services.sponsor.api.monitoring_view import (
    AccrualOut,
    FlowOut,
    IndicatorOut,
    ToleranceOut,
    accrual_out,
    indicator_out,
    limit_out,
)
from services.sponsor.queries.monitoring import TrialMonitoring, show_monitoring
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel
from shared.service import service_of

router = APIRouter(tags=["monitoring"])


class MonitoringOut(StrictModel):
    """States as of `as_of`; `accrual` is null before opening, and where the protocol plans none."""

    trial_id: str
    as_of: Instant
    rules_version: int
    protocol_version: str | None
    indicators: Sequence[IndicatorOut]
    tolerance_limits: Sequence[ToleranceOut]
    accrual: AccrualOut | None
    sites: Sequence[FlowOut]


@router.get("/monitoring")
async def show_monitoring_route(request: Request, principal: Person, trial_id: TrialId) -> MonitoringOut:
    """Where to look first. Signals start triage; they are no hypothesis tests and decide nothing."""

    async def query(tx: Tx, act: Act) -> MonitoringOut:
        return _out(await show_monitoring(tx, act, trial_id))

    return await service_of(request).performer.query(request, principal, query)


def _out(found: TrialMonitoring) -> MonitoringOut:
    states = found.states
    return MonitoringOut(
        trial_id=found.trial.id,
        as_of=found.as_of,
        rules_version=states.rules.version,
        protocol_version=found.protocol_version,
        indicators=[indicator_out(one, states.rules) for one in states.indicators],
        tolerance_limits=[limit_out(one, states.rules) for one in states.limits],
        accrual=None if states.accrual is None else accrual_out(states.accrual, states.rules),
        sites=[
            FlowOut(
                site_number=one.site,
                screened=one.screened,
                failed=one.failed,
                registered=one.registered,
                dosed=one.dosed,
            )
            for one in states.flow
        ],
    )
