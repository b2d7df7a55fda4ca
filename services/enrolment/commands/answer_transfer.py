"""The receiving site's investigator accepts or declines a participant; the coordinator may withdraw before."""

from collections.abc import Sequence
from dataclasses import replace

from services.enrolment.commands.permission import Allowed, allow, has_duty, unknown
from services.enrolment.commands.propose_transfer import check_transfer
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import COORDINATING, INVESTIGATOR
from services.enrolment.domain.transfers import Transfer, TransferState, answered
from services.enrolment.events.people_events import ParticipantTransferredV1
from services.enrolment.store.boards import lock_trial
from services.enrolment.store.participants import Participant, load_participant
from services.enrolment.store.transfers import find_transfer, move_to_site, save_transfer
from shared.act import Act
from shared.audit import record as record_audit
from shared.auth import ANY
from shared.database import Tx
from shared.outbox import NewEvent, put


async def accept_transfer(tx: Tx, transfer_id: str, act: Act) -> Participant:
    """The participant as the receiving site's own. The number and the allocation stay as they were.

    Raises:
        Refused: `transfer_not_open`, `forbidden` without the duty there, or what stands in the way by now:
            `registration_voided`, `site_unknown`, `site_not_activated`.
    """
    allowed, before, participant = await _opened(tx, act, transfer_id, INVESTIGATOR)
    if not await has_duty(tx, allowed.act, before.trial_id, before.to_site_number, INVESTIGATOR):
        raise Refused("forbidden", "Only an investigator delegated at the receiving site may accept.")
    transfer = answered(before, TransferState.ACCEPTED, act.actor, act.now)
    zone = await check_transfer(tx, act, participant, transfer.to_site_number)
    await save_transfer(tx, transfer)
    await move_to_site(tx, participant.id, participant.screening_id, transfer.to_site_number)
    body = ParticipantTransferredV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        participant_number=participant.number,
        from_site_number=transfer.from_site_number,
        to_site_number=transfer.to_site_number,
        zone=zone,
        transferred_at=act.now,
    )
    event = NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)
    await put(tx, allowed.act, event)
    return replace(participant, site_number=transfer.to_site_number)


async def decline_transfer(tx: Tx, transfer_id: str, act: Act) -> Transfer:
    """The proposal, declined by the receiving site.

    Raises:
        Refused: `transfer_not_open`.
    """
    return await _ended(tx, act, transfer_id, INVESTIGATOR, TransferState.DECLINED)


async def withdraw_transfer(tx: Tx, transfer_id: str, act: Act) -> Transfer:
    """The proposal, taken back by the coordinator.

    Raises:
        Refused: `transfer_not_open`.
    """
    return await _ended(tx, act, transfer_id, COORDINATING, TransferState.WITHDRAWN)


async def _ended(tx: Tx, act: Act, transfer_id: str, roles: Sequence[str], state: TransferState) -> Transfer:
    allowed, before, participant = await _opened(tx, act, transfer_id, roles)
    transfer = answered(before, state, act.actor, act.now)
    await save_transfer(tx, transfer)
    details = {"transfer_id": transfer.id}
    await record_audit(tx, allowed.act, participant.id, f"transfer.{state.value}", details)
    return transfer


async def _opened(
    tx: Tx, act: Act, transfer_id: str, roles: Sequence[str]
) -> tuple[Allowed, Transfer, Participant]:
    """The transfer and its participant, locked in this order behind the trial's gate."""
    seen = await find_transfer(tx, transfer_id)
    if seen is None:
        raise unknown(act, roles)
    site = ANY if roles == COORDINATING else seen.to_site_number
    allowed = await allow(tx, act, roles, seen.trial_id, site)
    await lock_trial(tx, seen.trial_id)
    participant = await load_participant(tx, seen.participant_id)
    transfer = await find_transfer(tx, transfer_id, lock=True)
    if transfer is None or participant is None:
        raise unknown(act, roles)
    return allowed, transfer, participant
