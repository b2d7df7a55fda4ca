"""Where a decision is in force: for each open site from its own receipt, where the protocol asks for receipts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.sponsor.domain.decision import Decision, DecisionState
from services.sponsor.domain.green_light import GreenLightState
from services.sponsor.store.decision_receipts import Receipt, receipts_of
from services.sponsor.store.protocol_versions import versions_of
from services.sponsor.store.sites import green_lights_of_trial, sites_of
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCirculation:
    """One site with a green light, or with a receipt from when it had one.

    `in_force_at` is None while the decision does not act there.
    """

    site_number: str
    received_at: datetime | None
    role: str | None
    in_force_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circulating:
    """What is needed to say where decisions of one trial are in force."""

    open_sites: Sequence[str]
    receipts: Mapping[str, Mapping[str, Receipt]]
    receipts_needed: bool


async def circulating(tx: Tx, trial_id: str) -> Circulating:
    """The trial's open sites, and all receipts by decision and site."""
    lit = {
        light.site_id
        for light in await green_lights_of_trial(tx, trial_id)
        if light.state is GreenLightState.GRANTED
    }
    versions = await versions_of(tx, trial_id)
    return Circulating(
        open_sites=[site.number for site in await sites_of(tx, trial_id) if site.id in lit],
        receipts=await receipts_of(tx, trial_id),
        receipts_needed=bool(versions) and versions[-1].terms.receipts_needed,
    )


def circulation(decision: Decision, now: Circulating) -> list[SiteCirculation]:
    """Every site by number; a restriction acts everywhere at once."""
    if decision.in_force_at is None:
        return []
    received = now.receipts.get(decision.id, {})
    return [
        _at_site(number, received.get(number), decision, now.receipts_needed)
        for number in sorted({*now.open_sites, *received})
    ]


def _at_site(number: str, receipt: Receipt | None, decision: Decision, needed: bool) -> SiteCirculation:
    at_once = decision.kind.restricts or not needed
    at = decision.in_force_at
    if not at_once:
        at = None if receipt is None or at is None else max(at, receipt.received_at)
    return SiteCirculation(
        site_number=number,
        received_at=receipt.received_at if receipt else None,
        role=receipt.role if receipt else None,
        in_force_at=None if decision.state is DecisionState.WITHDRAWN else at,
    )
