"""Signing what the rules warn of, and recording that a file was sent: the instant that meets a duty to report."""

from dataclasses import dataclass, replace

from services.safety.commands.load_for_case import open_batch
from services.safety.commands.submit_by_file import meet_by_sending
from services.safety.domain.case import SendingState
from services.safety.domain.refusals import Refused
from services.safety.events.published import CaseReportSentV1
from services.safety.store.case_files import SentCase, StoredBatch, save_batch, save_sending
from services.safety.store.cases import StoredCase, load_case, load_route, save_standing
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateCaseFile:
    batch_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCaseFile:
    """`reference` is the gateway's, empty if it gave none; `complete` leaves nothing to follow."""

    batch_id: str
    reference: str
    complete: bool = False


async def validate_case_file(tx: Tx, command: ValidateCaseFile, act: Act) -> StoredBatch:
    """Sign the reason for sending a file in spite of warnings.

    Raises:
        Refused: `transmission_not_ready` unless it is a draft, `reason_required`.
    """
    batch, act = await open_batch(tx, act, command.batch_id)
    _require(batch, SendingState.DRAFT)
    if not command.reason.strip():
        raise Refused("reason_required", "Say why it is right to send in spite of the warnings.")
    state = SendingState.VALIDATED.value
    await save_batch(tx, batch.id, state=state, reason=command.reason.strip())
    for one in batch.cases:
        await save_sending(tx, batch.id, one.case_id, state=state)
        await audit(tx, act, one.case_id, "case-file.validated", {}, reason=command.reason.strip())
    return replace(batch, state=state, reason=command.reason.strip())


async def send_case_file(tx: Tx, command: SendCaseFile, act: Act) -> StoredBatch:
    """Record that the file was sent, now.

    Raises:
        Refused: `transmission_not_ready` unless it is validated.
    """
    batch, act = await open_batch(tx, act, command.batch_id)
    _require(batch, SendingState.VALIDATED)
    route = await load_route(tx, batch.route_id)
    assert route is not None, "a route is never deleted"
    sent = SendingState.SENT.value
    batch = replace(batch, reference=command.reference.strip())
    await save_batch(tx, batch.id, state=sent, sent_by=act.actor, sent_at=act.now, reference=batch.reference)
    for one in batch.cases:
        await save_sending(tx, batch.id, one.case_id, state=sent, sent_at=act.now)
        stored = await load_case(tx, one.case_id, lock=True)
        assert stored is not None, "a case is never deleted"
        await save_standing(tx, stored)
        await put(tx, act, _told(stored, batch, one, route.route.message_receiver, act))
        await meet_by_sending(tx, act, batch, one, route.route, complete=command.complete)
    return replace(batch, state=sent, sent_by=act.actor, sent_at=act.now, reference=command.reference)


def _require(batch: StoredBatch, state: SendingState) -> None:
    if batch.state != state.value:
        raise Refused("transmission_not_ready", f"It is {batch.state}, not {state.value}.")


def _told(stored: StoredCase, batch: StoredBatch, one: SentCase, receiver: str, act: Act) -> NewEvent:
    body = CaseReportSentV1.model_validate(
        {
            "trial_id": stored.trial_id,
            "case_id": stored.case.id,
            "case_number": stored.case.number,
            "transmission_id": batch.id,
            "case_version": one.case_version,
            "kind": one.kind,
            "expedited": one.expedited,
            "receiver": receiver,
            "sent_at": act.now,
        }
    )
    return NewEvent(aggregate_id=stored.case.id, scope=stored.scope, body=body)
