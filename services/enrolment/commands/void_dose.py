"""Void a recorded dose: it was not given, was entered twice, or was another child's, for whom it is recorded."""

from dataclasses import dataclass

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.dose_book import recorded_before
from services.enrolment.commands.permission import unknown
from services.enrolment.commands.record_doses import record_given
from services.enrolment.commands.take_back_dose import (
    Correction,
    TakenBack,
    Why,
    announce,
    first_dose_now,
    keep_why,
    said_of,
    take_back,
)
from services.enrolment.domain.dose_acts import check_changes
from services.enrolment.domain.first_dose import FirstDoseChange, first_dose_change
from services.enrolment.domain.roles import DOSING_STAFF
from services.enrolment.events.dose_correction_events import DoseVoidedV1
from services.enrolment.store.participants import standing_administrations
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidDose:
    """`recorded_for` is the child to whom the dose was given, None where nobody else was given it."""

    participant_id: str
    administration_id: str
    why: Why
    recorded_for: str | None = None


async def void_dose(tx: Tx, command: VoidDose, act: Act) -> Correction:
    """The record stands no more; with the right child named it is recorded there in the same act.

    Without any dose left the windows have not begun, and the registration may be voided again.

    Raises:
        Refused: `dose_corrected_already`, `correction_without_change`.
        Problem: `not_found`, also for a child of another site or trial.
    """
    taken = await take_back(tx, act, command.participant_id, command.administration_id)
    replaced_by = await _record_for_right_child(tx, taken, act, command.recorded_for)
    await keep_why(tx, taken, command.why, replaced_by=replaced_by, moved_to=command.recorded_for)
    after = await first_dose_now(tx, taken.participant)
    body = DoseVoidedV1(
        trial_id=taken.participant.trial_id,
        participant_id=taken.participant.id,
        administration_id=command.administration_id,
        withdrawn_at=taken.row["at"],
        administrations=said_of(taken.others, {taken.row["at"]}),
        first_dose_follows=first_dose_change(taken.before, after) is not FirstDoseChange.UNCHANGED,
        moved_to=command.recorded_for,
        reason_code=command.why.code.value,
        voided_at=taken.act.now,
    )
    await announce(tx, taken, command.why, body, after)
    return Correction(
        administration_id=command.administration_id,
        replaced_by=replaced_by,
        moved_to=command.recorded_for,
        first_dose_at=None if after is None else after.at,
    )


async def _record_for_right_child(
    tx: Tx, taken: TakenBack, act: Act, participant_id: str | None
) -> str | None:
    """Record the dose where it belongs, as if it had been reported there: without a guard, with its flags."""
    if participant_id is None:
        return None
    check_changes(on_record=participant_id == taken.participant.id)
    allowed, right = await participant_under_gate(tx, act, DOSING_STAFF, participant_id)
    if right.trial_id != taken.participant.trial_id:
        raise unknown(act, DOSING_STAFF)
    given = recorded_before(taken.row).administration
    await record_given(tx, allowed.act, right, [given])
    rows = await standing_administrations(tx, right.id)
    return str([row["id"] for row in rows if row["at"] == given.at][-1])
