"""The delegation log."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from services.sponsor.api.fields import (
    FIRST_PAGE,
    USUAL_LIMIT,
    Cursor,
    Limit,
    PageOut,
    Person,
    PersonName,
    ReasonCode,
    SiteNumber,
    TrialId,
)
from services.sponsor.commands.end_delegation import EndDelegation, end_delegation
from services.sponsor.commands.grant_delegation import GrantDelegation, grant_delegation
from services.sponsor.domain.delegation import Delegation
from services.sponsor.domain.roles import Role
from services.sponsor.queries.delegations import list_delegations, site_number
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["delegations"])


class DelegationIn(StrictModel):
    """Who acts in which role; without `site_number` in the whole trial.

    A `site_investigator` for the whole trial is its chief investigator. `unblinded` says that the person may know
    who is on which arm, for example a pharmacist; nobody who consents, treats or assesses may.
    """

    trial_id: str
    person: PersonName
    role: Role
    site_number: SiteNumber | None = None
    from_at: Instant
    until_at: Instant | None = None
    unblinded: bool = False


class EndingIn(StrictModel):
    reason_code: ReasonCode


class DelegationOut(StrictModel):
    delegation_id: str
    trial_id: str
    person: str
    role: str
    site_number: str | None
    from_at: Instant
    until_at: Instant | None
    unblinded: bool
    ended_because: str


class DelegationListOut(PageOut):
    items: Sequence[DelegationOut]


def _out(delegation: Delegation, number: str | None) -> DelegationOut:
    return DelegationOut(
        delegation_id=delegation.id,
        trial_id=delegation.trial_id,
        person=delegation.person_id,
        role=delegation.role.value,
        site_number=number,
        from_at=delegation.starts_at,
        until_at=delegation.ends_at,
        unblinded=delegation.unblinded,
        ended_because=delegation.ended_because,
    )


@router.post(
    "/delegations", status_code=201, response_model=DelegationOut, openapi_extra=request_body(DelegationIn)
)
async def grant_delegation_route(request: Request, principal: Person) -> Response:
    """Delegate a role to a person."""
    raw = await read_limited(request)
    body = parse_body(raw, DelegationIn)

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=_out(*await grant_delegation(tx, GrantDelegation(**dict(body)), act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/delegations/{delegation_id}/endings",
    status_code=201,
    response_model=DelegationOut,
    openapi_extra=request_body(EndingIn),
)
async def end_delegation_route(request: Request, principal: Person, delegation_id: str) -> Response:
    """End a delegation now."""
    raw = await read_limited(request)
    body = parse_body(raw, EndingIn)

    async def command(tx: Tx, act: Act) -> Answer:
        ending = EndDelegation(delegation_id=delegation_id, reason_code=body.reason_code)
        return Answer(body=_out(*await end_delegation(tx, ending, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/delegations")
async def list_delegations_route(
    request: Request,
    principal: Person,
    trial_id: TrialId,
    cursor: Cursor = FIRST_PAGE,
    limit: Limit = USUAL_LIMIT,
) -> DelegationListOut:
    """The delegation log of a trial."""

    async def query(tx: Tx, act: Act) -> DelegationListOut:
        page, numbers = await list_delegations(tx, act, trial_id, cursor, limit)
        items = [_out(line, site_number(line, numbers)) for line in page.entries]
        return DelegationListOut(items=items, next_cursor=page.next_cursor)

    return await service_of(request).performer.query(request, principal, query)
