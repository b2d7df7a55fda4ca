"""Sites of a trial and their green lights."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from services.sponsor.api.fields import EvidenceName, Person, PersonName, ReasonCode, SiteNumber
from services.sponsor.commands.add_site import AddSite, add_site
from services.sponsor.commands.grant_green_light import GrantGreenLight, grant_green_light
from services.sponsor.commands.revoke_green_light import RevokeGreenLight, revoke_green_light
from services.sponsor.commands.suspend_site import SuspendSite, suspend_site
from services.sponsor.domain.green_light import Evidence, GreenLight
from services.sponsor.domain.ids import EvidenceId, PersonId
from services.sponsor.domain.site import Site
from services.sponsor.events.protocol_fields import Zone
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["sites"])


class SiteIn(StrictModel):
    site_number: SiteNumber
    organisation: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    zone: Zone
    principal_investigator: PersonName
    recruitment_cap: Annotated[int, Field(ge=1, le=100_000)] | None = None


class SiteOut(StrictModel):
    site_id: str
    trial_id: str
    site_number: str
    organisation: str
    country: str
    zone: str
    principal_investigator: str
    recruitment_cap: int | None


class ItemIn(StrictModel):
    """Proof of one item of the checklist."""

    item: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
    evidence_id: EvidenceName
    signer: PersonName
    signed_on: Day


class GreenLightIn(StrictModel):
    protocol_version: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    items: Annotated[Sequence[ItemIn], Field(max_length=100)]


class GreenLightOut(StrictModel):
    """State of the site for one version; `regrant_proposed` waits for a second person."""

    site_id: str
    site_number: str
    protocol_version: str
    state: str
    signed_by: Sequence[str]
    granted_at: Instant | None


class RevocationIn(StrictModel):
    reason_code: ReasonCode


class RevocationOut(StrictModel):
    site_id: str
    site_number: str
    green_lights: Sequence[GreenLightOut]


class SuspensionIn(StrictModel):
    reason_code: ReasonCode


class SuspensionOut(StrictModel):
    site_id: str
    site_number: str
    suspended_at: Instant | None
    suspended_because: str


def _light_out(site: Site, light: GreenLight) -> GreenLightOut:
    return GreenLightOut(
        site_id=site.id,
        site_number=site.number,
        protocol_version=light.protocol_version,
        state=light.state.value,
        signed_by=light.signed_by,
        granted_at=light.granted_at,
    )


@router.post(
    "/trials/{trial_id}/sites", status_code=201, response_model=SiteOut, openapi_extra=request_body(SiteIn)
)
async def add_site_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Add a hospital to the trial; it recruits after its green light."""
    raw = await read_limited(request)
    body = parse_body(raw, SiteIn)

    async def command(tx: Tx, act: Act) -> Answer:
        site = await add_site(tx, AddSite(trial_id=trial_id, **dict(body)), act)
        out = SiteOut(
            site_id=site.id,
            trial_id=site.trial_id,
            site_number=site.number,
            organisation=site.organisation,
            country=site.country,
            zone=site.zone,
            principal_investigator=site.principal_investigator,
            recruitment_cap=site.recruitment_cap,
        )
        return Answer(body=out)

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/sites/{site_id}/green-lights",
    status_code=201,
    response_model=GreenLightOut,
    openapi_extra=request_body(GreenLightIn),
)
async def grant_green_light_route(request: Request, principal: Person, site_id: str) -> Response:
    """Grant a site its green light; after a revocation the first call proposes, another person's grants."""
    raw = await read_limited(request)
    body = parse_body(raw, GreenLightIn)
    evidence = [
        Evidence(
            item=item.item,
            evidence_id=EvidenceId(item.evidence_id),
            signed_by=PersonId(item.signer),
            signed_on=item.signed_on,
        )
        for item in body.items
    ]

    async def command(tx: Tx, act: Act) -> Answer:
        grant = GrantGreenLight(site_id=site_id, protocol_version=body.protocol_version, evidence=evidence)
        return Answer(body=_light_out(*await grant_green_light(tx, grant, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/sites/{site_id}/green-light-revocations",
    status_code=201,
    response_model=RevocationOut,
    openapi_extra=request_body(RevocationIn),
)
async def revoke_green_light_route(request: Request, principal: Person, site_id: str) -> Response:
    """Withdraw a site's green light at once, for every protocol version."""
    raw = await read_limited(request)
    body = parse_body(raw, RevocationIn)

    async def command(tx: Tx, act: Act) -> Answer:
        revocation = RevokeGreenLight(site_id=site_id, reason_code=body.reason_code)
        site, lights = await revoke_green_light(tx, revocation, act)
        out = RevocationOut(
            site_id=site.id,
            site_number=site.number,
            green_lights=[_light_out(site, light) for light in lights],
        )
        return Answer(body=out)

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/sites/{site_id}/suspensions",
    status_code=201,
    response_model=SuspensionOut,
    openapi_extra=request_body(SuspensionIn),
)
async def suspend_site_route(request: Request, principal: Person, site_id: str) -> Response:
    """Suspend recruitment at a site at once; issuing its green light again ends it."""
    raw = await read_limited(request)
    body = parse_body(raw, SuspensionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        site = await suspend_site(tx, SuspendSite(site_id=site_id, reason_code=body.reason_code), act)
        out = SuspensionOut(
            site_id=site.id,
            site_number=site.number,
            suspended_at=site.suspension.at if site.suspension else None,
            suspended_because=site.suspension.reason if site.suspension else "",
        )
        return Answer(body=out)

    return await service_of(request).performer.command(request, principal, raw, command)
