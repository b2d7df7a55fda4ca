"""Take back a registration made in error, before any dose; its place goes back to the level."""

from dataclasses import dataclass

from services.enrolment.commands.announce import keep
from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.domain.board import ScreeningState
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.ids import ParticipantId, SlotId
from services.enrolment.domain.roles import VOIDING
from services.enrolment.domain.screening import check_voidable
from services.enrolment.domain.settle_slots import give_place_back
from services.enrolment.domain.settlement import settle
from services.enrolment.events.participant_events import RegistrationVoidedV1
from services.enrolment.store.boards import load_board
from services.enrolment.store.participants import Participant, dose_was_given, void_participant
from services.enrolment.store.people import save_state
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidRegistration:
    participant_id: str
    reason_code: str


async def void_registration(tx: Tx, command: VoidRegistration, act: Act) -> Participant:
    """The participant as before; from here on the registration counts nowhere, its number stays used.

    Raises:
        Refused: `already_dosed`, `registration_voided`.
    """
    allowed, participant = await participant_under_gate(tx, act, VOIDING, command.participant_id)
    # Also a dose that no window counts from: as long as one may have been given, the child is not struck out.
    dosed = participant.first_dose_at is not None or await dose_was_given(tx, participant.id)
    check_voidable(dosed=dosed, voided=participant.voided_at is not None)
    await void_participant(tx, participant.id, command.reason_code, act.now)
    await save_state(tx, participant.screening_id, ScreeningState.VOIDED, command.reason_code)
    board = await load_board(tx, participant.trial_id, act.now, also_slot=participant.slot_id or "")
    draft = Draft(board, act.now, act.new_id)
    if participant.slot_id is not None:
        give_place_back(draft, SlotId(participant.slot_id), ParticipantId(participant.id))
    settle(draft)
    body = RegistrationVoidedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        reason_code=command.reason_code,
        voided_at=act.now,
    )
    voided = NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)
    await keep(tx, allowed.act, draft, also=[voided])
    return participant
