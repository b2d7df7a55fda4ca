"""A line in the delegation log: who holds which role, where, from when until when."""

from dataclasses import dataclass
from datetime import datetime

from services.sponsor.commands.permission import (
    OFFICE_OR_INVESTIGATOR,
    SITE_ROLES,
    TRIAL_OFFICE,
    permitted_trial,
)
from services.sponsor.domain.delegation import EVERY_SITE, Delegation, decide_delegation
from services.sponsor.domain.ids import DelegationId, PersonId
from services.sponsor.domain.roles import Role
from services.sponsor.domain.site import site_numbered
from services.sponsor.events.published import DelegationGrantedV1
from services.sponsor.store.delegations import delegations_of_person, saved_delegation
from services.sponsor.store.sites import sites_of
from shared.act import Act
from shared.auth import ANY
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDelegation:
    """`site_number` None means the whole trial; `unblinded`: may know who is on which arm."""

    trial_id: str
    person: str
    role: Role
    site_number: str | None
    from_at: datetime
    until_at: datetime | None
    unblinded: bool = False


async def grant_delegation(tx: Tx, command: GrantDelegation, act: Act) -> tuple[Delegation, str | None]:
    """Add a line to the log; returns it with the site's number.

    Raises:
        Refused: `site_unknown`, `delegation_period_invalid`, `unblinded_role_conflict`.
    """
    # Who may know arms is the trial office's to say, at a site too.
    at_site = command.site_number is not None and command.role.value in SITE_ROLES and not command.unblinded
    roles = OFFICE_OR_INVESTIGATOR if at_site else TRIAL_OFFICE
    unit = command.site_number if command.site_number is not None and at_site else ANY
    trial, act = await permitted_trial(tx, act, command.trial_id, roles, unit=unit)
    site_id = EVERY_SITE
    if command.site_number is not None:
        site_id = site_numbered(await sites_of(tx, trial.id), command.site_number).id
    proposed = Delegation(
        id=DelegationId(act.new_id()),
        trial_id=trial.id,
        person_id=PersonId(command.person),
        role=command.role,
        site_id=site_id,
        unblinded=command.unblinded,
        starts_at=command.from_at,
        ends_at=command.until_at,
    )
    delegation = decide_delegation(proposed, await delegations_of_person(tx, trial.id, command.person))
    body = DelegationGrantedV1(
        trial_id=trial.id,
        delegation_id=delegation.id,
        person=delegation.person_id,
        role=delegation.role.value,
        site_number=command.site_number,
        from_at=delegation.starts_at,
        until_at=delegation.ends_at,
        unblinded=delegation.unblinded,
    )
    event = NewEvent(aggregate_id=delegation.id, scope=trial.id, body=body)
    await put(tx, act, event, saved_delegation(tx, delegation))
    return delegation, command.site_number
