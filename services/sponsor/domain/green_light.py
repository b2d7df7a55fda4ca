"""Green light: a site may recruit on one protocol version once every item of evidence is there and signed."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.sponsor.domain.ids import EvidenceId, PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused, require_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """One line of the checklist; which lines a trial asks for is data."""

    id: str
    title: str


DEFAULT_CHECKLIST = (
    ChecklistItem(id="approvals", title="Regulatory and ethics approvals cover the site"),
    ChecklistItem(id="capacity_and_capability", title="Capacity and capability confirmed"),
    ChecklistItem(id="agreement", title="Agreement signed"),
    ChecklistItem(id="site_file", title="Site file complete"),
    ChecklistItem(id="delegation_log", title="Delegation log signed"),
    ChecklistItem(id="training", title="Good clinical practice and protocol training of delegated staff"),
    ChecklistItem(id="initiation_visit", title="Initiation visit done"),
    ChecklistItem(id="pharmacy_and_product", title="Pharmacy ready and product released"),
    ChecklistItem(id="laboratories", title="Laboratories ready"),
    ChecklistItem(id="document_versions", title="Localised documents are the approved versions"),
)
"""Used when a trial states no checklist of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Proof of one item: a document's id, who signed it and on which date."""

    item: str
    evidence_id: EvidenceId
    signed_by: PersonId
    signed_on: date


class GreenLightState(StrEnum):
    PREPARING = "preparing"
    GRANTED = "granted"
    REVOKED = "revoked"
    REGRANT_PROPOSED = "regrant_proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenLight:
    """State of one site for one protocol version of one trial.

    Attributes:
        signed_by: people behind the present grant or proposal, in order.
        revoked_because: reason of the latest revocation; empty before the first.
    """

    trial_id: TrialId
    site_id: SiteId
    protocol_version: str
    state: GreenLightState = GreenLightState.PREPARING
    evidence: tuple[Evidence, ...] = ()
    signed_by: tuple[PersonId, ...] = ()
    granted_at: datetime | None = None
    revoked_by: PersonId | None = None
    revoked_at: datetime | None = None
    revoked_because: str = ""


def missing_items(
    checklist: Collection[ChecklistItem], evidence: Collection[Evidence], today: date
) -> tuple[str, ...]:
    """Items without usable evidence: no document id, no signer, or a date that has not come yet."""
    proved = {e.item for e in evidence if e.evidence_id and e.signed_by and e.signed_on <= today}
    return tuple(item.id for item in checklist if item.id not in proved)


def decide_green_light(
    light: GreenLight,
    evidence: Collection[Evidence],
    *,
    checklist: Collection[ChecklistItem],
    signer: PersonId,
    investigators: Collection[PersonId],
    now: datetime,
    today: date,
) -> GreenLight:
    """The first grant by one person; after a revocation the first of two people proposes, the second grants.

    Args:
        light: state of the site for this protocol version.
        evidence: one entry per item, as it stands now.
        checklist: items that this trial asks for.
        signer: who signs for the sponsor.
        investigators: principal investigators of the site; none of them may sign.
        now: the instant of signing.
        today: the sponsor's local date.

    Raises:
        Refused: `green_light_already_granted`, `signer_is_site_pi`, `evidence_missing` with every missing
            item, `second_person_required`.
    """
    if light.state is GreenLightState.GRANTED:
        raise Refused("green_light_already_granted", "Nothing is left to grant.", granted_at=light.granted_at)
    if signer in investigators:
        raise Refused("signer_is_site_pi", "Somebody who does not lead this site signs.")
    missing = missing_items(checklist, evidence, today)
    if missing:
        raise Refused("evidence_missing", f"Missing: {', '.join(missing)}.", missing=missing)
    return _signed(replace(light, evidence=tuple(evidence)), signer, now)


def _signed(light: GreenLight, signer: PersonId, now: datetime) -> GreenLight:
    if light.state is GreenLightState.REVOKED:
        proposed = GreenLightState.REGRANT_PROPOSED
        return replace(light, state=proposed, signed_by=(signer,), granted_at=None)
    if signer in light.signed_by:
        raise Refused("second_person_required", "After a revocation two people grant again.")
    signed_by = (*light.signed_by, signer)
    return replace(light, state=GreenLightState.GRANTED, signed_by=signed_by, granted_at=now)


def revoke(light: GreenLight, reason: str, revoked_by: PersonId, now: datetime) -> GreenLight:
    """The green light withdrawn at once by one person; it also stops a proposed new grant.

    Raises:
        Refused: `green_light_not_granted`, `reason_required`.
    """
    if light.state not in {GreenLightState.GRANTED, GreenLightState.REGRANT_PROPOSED}:
        raise Refused("green_light_not_granted", f"The state is {light.state}.", state=light.state.value)
    return replace(
        light,
        state=GreenLightState.REVOKED,
        signed_by=(),
        revoked_by=revoked_by,
        revoked_at=now,
        revoked_because=require_reason(reason),
    )
