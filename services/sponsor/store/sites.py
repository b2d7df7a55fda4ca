"""Sites and their green lights in the store."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from services.sponsor.domain.green_light import Evidence, GreenLight, GreenLightState
from services.sponsor.domain.ids import EvidenceId, PersonId, SiteId, TrialId
from services.sponsor.domain.site import Site, Suspension
from services.sponsor.store.tables import GreenLightRow, SiteRow
from shared.database import Tx
from shared.rows import RowQuery, fetch_rows, insert_once, table_of, upsert_row

_SITES = table_of(SiteRow)
_OF_TRIAL = RowQuery(_SITES, "FROM site WHERE trial_id = $1 ORDER BY number")
_LIGHTS = table_of(GreenLightRow)


async def add_site(tx: Tx, site: Site, added_at: datetime) -> bool:
    """Add the site unless its number is taken in the trial; say whether it was added."""
    values = {
        "id": site.id,
        "trial_id": site.trial_id,
        "number": site.number,
        "organisation": site.organisation,
        "country": site.country,
        "zone": site.zone,
        "principal_investigator": site.principal_investigator,
        "recruitment_cap": site.recruitment_cap,
        **_suspended(site),
        "added_at": added_at,
    }
    return await insert_once(tx, _SITES, values)


async def save_suspension(tx: Tx, site: Site) -> None:
    """Keep that the site is suspended, or no longer."""
    await tx.execute(update(_SITES).where(_SITES.c.id == site.id).values(**_suspended(site)))


def _suspended(site: Site) -> dict[str, Any]:
    suspension = site.suspension
    return {
        "suspended_by": suspension.by if suspension else None,
        "suspended_at": suspension.at if suspension else None,
        "suspended_because": suspension.reason if suspension else None,
    }


async def load_site(tx: Tx, site_id: str) -> Site | None:
    row = (await tx.execute(select(_SITES).where(_SITES.c.id == site_id))).one_or_none()
    return None if row is None else _site(row._mapping)


async def sites_of(tx: Tx, trial_id: str) -> list[Site]:
    """Sites of a trial by number."""
    return [_site(row) for row in await fetch_rows(tx, _OF_TRIAL, trial_id)]


async def save_green_light(tx: Tx, light: GreenLight) -> None:
    await upsert_row(
        tx,
        _LIGHTS,
        {
            "site_id": light.site_id,
            "protocol_version": light.protocol_version,
            "trial_id": light.trial_id,
            "state": light.state.value,
            "evidence": [
                [e.item, e.evidence_id, e.signed_by, e.signed_on.isoformat()] for e in light.evidence
            ],
            "signed_by": list(light.signed_by),
            "granted_at": light.granted_at,
            "revoked_by": light.revoked_by,
            "revoked_at": light.revoked_at,
            "revoked_because": light.revoked_because,
        },
    )


async def green_lights_of_site(tx: Tx, site_id: str) -> list[GreenLight]:
    """Every green light of a site, by protocol version."""
    statement = select(_LIGHTS).where(_LIGHTS.c.site_id == site_id).order_by(_LIGHTS.c.protocol_version)
    return [_light(row) for row in await tx.execute(statement)]


async def green_lights_of_trial(tx: Tx, trial_id: str) -> list[GreenLight]:
    """Every green light of a trial."""
    statement = (
        select(_LIGHTS)
        .where(_LIGHTS.c.trial_id == trial_id)
        .order_by(_LIGHTS.c.site_id, _LIGHTS.c.protocol_version)
    )
    return [_light(row) for row in await tx.execute(statement)]


def _site(row: Any) -> Site:
    suspension = None
    if row["suspended_at"] is not None:
        suspension = Suspension(
            by=PersonId(row["suspended_by"]), at=row["suspended_at"], reason=row["suspended_because"]
        )
    return Site(
        id=SiteId(row["id"]),
        trial_id=TrialId(row["trial_id"]),
        number=row["number"],
        organisation=row["organisation"],
        country=row["country"],
        zone=row["zone"],
        principal_investigator=PersonId(row["principal_investigator"]),
        recruitment_cap=row["recruitment_cap"],
        suspension=suspension,
    )


def _light(row: Any) -> GreenLight:
    return GreenLight(
        trial_id=TrialId(row.trial_id),
        site_id=SiteId(row.site_id),
        protocol_version=row.protocol_version,
        state=GreenLightState(row.state),
        evidence=tuple(
            Evidence(
                item=item,
                evidence_id=EvidenceId(evidence_id),
                signed_by=PersonId(signed_by),
                signed_on=date.fromisoformat(signed_on),
            )
            for item, evidence_id, signed_by, signed_on in row.evidence
        ),
        signed_by=tuple(PersonId(person) for person in row.signed_by),
        granted_at=row.granted_at,
        revoked_by=None if row.revoked_by is None else PersonId(row.revoked_by),
        revoked_at=row.revoked_at,
        revoked_because=row.revoked_because,
    )
