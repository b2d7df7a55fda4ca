"""The end of a line in the delegation log."""

from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.permission import (
    OFFICE_OR_INVESTIGATOR,
    SITE_ROLES,
    TRIAL_OFFICE,
    acting,
    permitted,
)
from services.sponsor.domain.delegation import EVERY_SITE, Delegation, decide_end
from services.sponsor.domain.ids import SiteId
from services.sponsor.domain.site import numbers_by_id
from services.sponsor.events.published import DelegationEndedV1
from services.sponsor.store.delegations import load_delegation, saved_delegation
from services.sponsor.store.sites import sites_of
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDelegation:
    delegation_id: str
    reason_code: str


async def end_delegation(tx: Tx, command: EndDelegation, act: Act) -> tuple[Delegation, str | None]:
    """End a delegation now; one that had not begun never comes into force.

    Raises:
        Refused: `delegation_ended`.
    """
    load = partial(load_delegation, tx, command.delegation_id)
    delegation, trial, act = await permitted(tx, act, load, OFFICE_OR_INVESTIGATOR, anywhere=True)
    number = await _site_number(tx, trial.id, delegation.site_id)
    at_site = number is not None and delegation.role.value in SITE_ROLES
    roles = OFFICE_OR_INVESTIGATOR if at_site else TRIAL_OFFICE
    unit = number if number is not None and at_site else ANY
    act = act.as_role(permit(acting(act), roles, scope=trial.code, unit=unit).role)
    ended = decide_end(delegation, command.reason_code, act.now)
    body = DelegationEndedV1(trial_id=trial.id, delegation_id=ended.id, ended_at=ended.ends_at or act.now)
    event = NewEvent(aggregate_id=ended.id, scope=trial.id, body=body, reason=command.reason_code)
    await put(tx, act, event, saved_delegation(tx, ended))
    return ended, number


async def _site_number(tx: Tx, trial_id: str, site_id: SiteId) -> str | None:
    if site_id == EVERY_SITE:
        return None
    return numbers_by_id(await sites_of(tx, trial_id))[site_id]
