"""What the pharmacy is told of a registration and of each authorised dose, and queries about amounts given."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.enrolment.domain.dose_confirmation import Confirmation, DoseQuery
from services.enrolment.domain.planned_dose import DoseBasis, Measure, planned_dose
from services.enrolment.store.dose_confirmations import as_text, insert_query, new_confirmation
from services.enrolment.store.participants import Participant
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDoses:
    """`doses` administrations under an authorisation, the first for `planned_at`, and what they are computed from."""

    authorisation_id: str
    planned_at: datetime
    doses: int
    basis: DoseBasis
    measure: Measure | None


async def confirm_registration(tx: Tx, act: Act, participant: Participant, basis: DoseBasis) -> None:
    """Tell the pharmacy of a child with a dose level; a participant without a dose is none of its business."""
    if participant.dose:
        await _confirm(tx, act, participant, basis, None)


async def confirm_authorisation(
    tx: Tx, act: Act, participant: Participant, planned: PlannedDoses
) -> Confirmation:
    """Tell the pharmacy what to prepare; without a measure that the basis asks for no amount is stated."""
    return await _confirm(tx, act, participant, planned.basis, planned)


async def _confirm(
    tx: Tx, act: Act, participant: Participant, basis: DoseBasis, planned: PlannedDoses | None
) -> Confirmation:
    measure = None if planned is None else planned.measure
    confirmation = Confirmation(
        id=act.new_id(),
        trial_id=participant.trial_id,
        site_number=participant.site_number,
        participant_id=participant.id,
        participant_number=participant.number,
        kind="registration" if planned is None else "authorisation",
        authorisation_id=None if planned is None else planned.authorisation_id,
        part=participant.part,
        level=participant.level,
        dose=participant.dose,
        unit=participant.unit,
        basis=basis.value,
        measure=None if measure is None else as_text(measure.value),
        measured_on=None if measure is None else measure.measured_on,
        planned=as_text(planned_dose(participant.dose, basis, measure)),
        planned_at=None if planned is None else planned.planned_at,
        doses=0 if planned is None else planned.doses,
        confirmed_at=act.now,
    )
    details = {"confirmation_id": confirmation.id, "kind": confirmation.kind}
    await record_audit(tx, act, participant.id, "dose.confirmed", details, new_confirmation(tx, confirmation))
    return confirmation


async def open_query(
    tx: Tx,
    act: Act,
    participant: Participant,
    administration_id: str,
    *,
    given: Decimal,
    planned: Decimal | None,
) -> None:
    """Ask the site why more than 10 % above or below the plan was given."""
    query = DoseQuery(
        id=act.new_id(),
        trial_id=participant.trial_id,
        site_number=participant.site_number,
        participant_id=participant.id,
        participant_number=participant.number,
        administration_id=administration_id,
        planned=as_text(planned) or "",
        given=as_text(given) or "",
        state="open",
        opened_at=act.now,
    )
    await insert_query(tx, query)
    details = {"query_id": query.id, "administration_id": administration_id}
    await record_audit(tx, act, participant.id, "dose-query.opened", details)
