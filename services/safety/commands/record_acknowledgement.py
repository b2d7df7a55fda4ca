"""What a regulator answered: matched by batch and message, kept as it came; what fits nothing wakes somebody."""

import hashlib
from dataclasses import dataclass

from services.safety.commands.raise_alert import raise_alerts
from services.safety.commands.submit_by_file import follow_answer
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.case import SendingState
from services.safety.domain.icsr.acknowledgement import (
    Acknowledgement,
    Decided,
    read_acknowledgement,
)
from services.safety.domain.icsr.xml_reader import DocumentRefused
from services.safety.domain.roles import WRITING_CASES
from services.safety.events.published import CaseReportAcknowledgedV1
from services.safety.store.case_files import (
    SentCase,
    StoredBatch,
    add_acknowledgement,
    batch_numbered,
    load_batch,
    save_batch,
    save_sending,
)
from services.safety.store.cases import StoredCase, load_case, load_route, save_standing
from services.safety.store.places import trial_named
from shared.act import Act
from shared.audit import record as audit
from shared.auth import ANY, permit
from shared.database import Tx
from shared.outbox import NewEvent, put

MATCHED, QUARANTINED = "matched", "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAcknowledgement:
    """`read` is what the bytes say; None for what is no acknowledgement."""

    content: bytes
    read: Acknowledgement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """`decided` by case number: whether the regulator took it."""

    id: str
    state: str
    batch_id: str | None
    decided: dict[str, bool]


async def record_acknowledgement(tx: Tx, command: RecordAcknowledgement, act: Act) -> Recorded:
    """Keep an acknowledgement; each case follows its own message, and what fits nothing raises an alert."""
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*WRITING_CASES):
        permit(principal, WRITING_CASES, scope=ANY, unit=ANY)
    acknowledgement_id = act.new_id()
    read, batch = command.read, await _matched(tx, command.read)
    if read is None or batch is None or not principal.allows(WRITING_CASES, batch.trial_key, ANY):
        await _quarantine(tx, act, acknowledgement_id, command.content, read)
        return Recorded(id=acknowledgement_id, state=QUARANTINED, batch_id=None, decided={})
    act = act.as_role(permit(principal, WRITING_CASES, scope=batch.trial_key, unit=ANY).role)
    decided: dict[str, bool] = {}
    for one in batch.cases:
        stored = await load_case(tx, one.case_id, lock=True)
        assert stored is not None, "a case is never deleted"
        said = read.decides(stored.case.number)
        if said is not None and one.state != _state(said).value:
            decided[stored.case.number] = said.accepted
            await _follow(tx, act, batch, one, stored, said)
    await _settle(tx, batch)
    await _keep(tx, act, acknowledgement_id, command.content, read, batch, decided)
    return Recorded(id=acknowledgement_id, state=MATCHED, batch_id=batch.id, decided=decided)


def read_or_none(content: bytes) -> Acknowledgement | None:
    """What the bytes say: pure work, done before any transaction."""
    try:
        return read_acknowledgement(content)
    except DocumentRefused:
        return None


async def _matched(tx: Tx, read: Acknowledgement | None) -> StoredBatch | None:
    """The sent file that an acknowledgement names, locked."""
    found = None if read is None else await batch_numbered(tx, read.batch_number)
    batch = None if found is None else await load_batch(tx, found.id, lock=True)
    return batch if batch is not None and batch.sent_at is not None else None


def _state(said: Decided) -> SendingState:
    return SendingState.ACCEPTED if said.accepted else SendingState.REJECTED


async def _follow(
    tx: Tx, act: Act, batch: StoredBatch, one: SentCase, stored: StoredCase, said: Decided
) -> None:
    """One case accepted or rejected; a rejected one waits again, and whoever is on duty is told."""
    await save_sending(
        tx,
        batch.id,
        one.case_id,
        state=_state(said).value,
        decided_at=act.now,
        details=list(said.details),
    )
    after = await load_case(tx, one.case_id)
    assert after is not None
    await save_standing(tx, after)
    body = CaseReportAcknowledgedV1(
        trial_id=stored.trial_id,
        case_id=stored.case.id,
        case_number=stored.case.number,
        transmission_id=batch.id,
        case_version=one.case_version,
        accepted=said.accepted,
        acknowledged_at=act.now,
    )
    await put(tx, act, NewEvent(aggregate_id=stored.case.id, scope=stored.scope, body=body))
    route = await load_route(tx, batch.route_id)
    assert route is not None, "a route is never deleted"
    await follow_answer(tx, act, batch, one, route.route, accepted=said.accepted)
    if not said.accepted:
        trial = await trial_named(tx, stored.trial_id, stored.trial_key)
        request = AlertRequest(kind=AlertKind.CASE_FILE_REJECTED, cause=f"{batch.id}:{stored.case.id}")
        await raise_alerts(tx, act, [request], trial)


async def _settle(tx: Tx, batch: StoredBatch) -> None:
    """The file as its cases are: rejected as soon as one is, accepted when all are."""
    after = await load_batch(tx, batch.id)
    assert after is not None
    states = {one.state for one in after.cases}
    if SendingState.REJECTED.value in states:
        await save_batch(tx, batch.id, state=SendingState.REJECTED.value)
    elif states == {SendingState.ACCEPTED.value}:
        await save_batch(tx, batch.id, state=SendingState.ACCEPTED.value)


async def _quarantine(
    tx: Tx, act: Act, acknowledgement_id: str, content: bytes, read: Acknowledgement | None
) -> None:
    await _keep(tx, act, acknowledgement_id, content, read, None, {})
    trial = await trial_named(tx, None)
    request = AlertRequest(kind=AlertKind.ACKNOWLEDGEMENT_UNKNOWN, cause=acknowledgement_id)
    await raise_alerts(tx, act, [request], trial)


async def _keep(
    tx: Tx,
    act: Act,
    acknowledgement_id: str,
    content: bytes,
    read: Acknowledgement | None,
    batch: StoredBatch | None,
    decided: dict[str, bool],
) -> None:
    digest = hashlib.sha256(content).hexdigest()
    values = {
        "id": acknowledgement_id,
        "batch_id": None if batch is None else batch.id,
        "state": QUARANTINED if batch is None else MATCHED,
        "code": "" if read is None else read.code,
        "content": content,
        "sha256": digest,
        "decided": decided,
        "received_by": act.actor,
        "received_at": act.now,
    }
    await add_acknowledgement(tx, values)
    details = {"sha256": digest, "state": values["state"], "decided": decided}
    await audit(tx, act, acknowledgement_id, "acknowledgement.recorded", details)
