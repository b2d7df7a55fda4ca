"""Saying where a trial's case reports go; each change is a new dated version, those sent before keep theirs."""

from dataclasses import dataclass

from services.safety.domain.case_route import CaseRoute
from services.safety.domain.roles import ROUTING_CASES
from services.safety.store.cases import StoredRoute, add_route
from shared.act import Act
from shared.audit import record as audit
from shared.auth import ANY, permit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineCaseRoute:
    trial: str
    route: CaseRoute


async def define_case_route(tx: Tx, command: DefineCaseRoute, act: Act) -> StoredRoute:
    """Keep the next version of the route of this name."""
    principal = act.principal
    assert principal is not None
    grant = permit(principal, ROUTING_CASES, scope=command.trial, unit=ANY)
    stored = StoredRoute(
        id=act.new_id(),
        trial_key=command.trial,
        route=command.route,
        recorded_by=act.actor,
        recorded_at=act.now,
    )
    await add_route(tx, stored)
    details = {"trial": command.trial, "name": command.route.name, "profile": command.route.profile.value}
    await audit(tx, act.as_role(grant.role), stored.id, "case-route.defined", details)
    return stored
