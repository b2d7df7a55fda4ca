"""Reference safety information: a version is issued, and counts once its approval by the authority is on record."""

from dataclasses import dataclass
from datetime import date

from services.safety.domain.expectedness import ListedReaction
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import KEEPING_REFERENCES
from services.safety.store.assessments import (
    StoredReference,
    add_reference,
    load_reference,
    save_approval,
)
from services.safety.store.places import reporting_of, trial_named
from shared.act import Act
from shared.audit import record as audit
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReference:
    """A version of a product's reference safety information, as its document lists it."""

    trial: str
    product: str
    label: str
    document: str
    issued_on: date
    entries: tuple[ListedReaction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveReference:
    """The authority's approval: when, and by what reference of its own."""

    reference_id: str
    approved_on: date
    reference: str


async def issue_reference(tx: Tx, command: IssueReference, act: Act) -> StoredReference:
    """Keep a version; it changes nothing until it is approved.

    Raises:
        Refused: `reference_invalid`, `reference_label_taken`.
    """
    principal = act.principal
    assert principal is not None
    grant = permit(principal, KEEPING_REFERENCES, scope=command.trial, unit=ANY)
    trial = await trial_named(tx, None, command.trial)
    products = (await reporting_of(tx, trial.id)).newest.products
    if command.product not in products:
        raise Refused("reference_invalid", "The protocol names no such suspect product.")
    if command.issued_on > act.now.astimezone(trial.zone).date():
        raise Refused("time_in_future", "The version has not been issued yet.")
    reference = StoredReference(
        id=act.new_id(),
        trial_id=trial.id,
        trial_key=command.trial,
        product=command.product,
        label=command.label,
        document=command.document,
        issued_on=command.issued_on,
        approved_on=None,
        approval_reference="",
        approved_by=None,
        entries=command.entries,
        recorded_by=act.actor,
        recorded_at=act.now,
    )
    if not await add_reference(tx, reference):
        raise Refused("reference_label_taken", "The product has a version of this label.")
    details = {"product": command.product, "label": command.label, "entries": len(command.entries)}
    await audit(tx, act.as_role(grant.role), reference.id, "reference-version.issued", details)
    return reference


async def approve_reference(tx: Tx, command: ApproveReference, act: Act) -> StoredReference:
    """Record an approval. No past assessment changes by it, and no obligation; what would have, is listed.

    Raises:
        Problem: 404 without such a version.
        Refused: `reference_already_approved`, `reference_invalid`, `time_in_future`.
    """
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*KEEPING_REFERENCES):
        permit(principal, KEEPING_REFERENCES, scope=ANY, unit=ANY)
    held = await load_reference(tx, command.reference_id, lock=True)
    if held is None:
        raise Problem("not_found")
    grant = permit(principal, KEEPING_REFERENCES, scope=held.trial_key, unit=ANY)
    if held.approved_on is not None:
        raise Refused("reference_already_approved", f"It was approved on {held.approved_on.isoformat()}.")
    trial = await trial_named(tx, held.trial_id, held.trial_key)
    if command.approved_on > act.now.astimezone(trial.zone).date():
        raise Refused("time_in_future", "Nothing is approved on a later date.")
    if command.approved_on < held.issued_on:
        raise Refused("reference_invalid", "A version is approved on or after the date of its issue.")
    await save_approval(
        tx, held.id, on=command.approved_on, reference=command.reference.strip(), by=act.actor
    )
    details = {"approved_on": command.approved_on.isoformat(), "label": held.label}
    await audit(tx, act.as_role(grant.role), held.id, "reference-version.approved", details)
    approved = await load_reference(tx, held.id)
    assert approved is not None
    return approved
