"""Pass a sample on, or destroy it; ask for the destruction of all when their use is stopped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.enrolment.commands.followed_participant import AtFollowed, followed_participant
from services.enrolment.commands.permission import unknown
from services.enrolment.domain.participation import Element
from services.enrolment.domain.roles import FOLLOWING, SITE_STAFF
from services.enrolment.domain.samples import (
    Sample,
    SampleHappening,
    check_destruction,
    check_transfer,
    to_destroy,
)
from services.enrolment.domain.screening import check_claimed
from services.enrolment.events.afterwards_events import SampleDestructionRequestedV1
from services.enrolment.store.afterwards import add_sample_events, participant_of_sample, samples_of
from services.enrolment.store.consent_records import sample_uses_of
from services.enrolment.store.participants import Participant
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSample:
    """`passed_to` is an organisation, `use` one that is consented to now."""

    sample_id: str
    passed_to: str
    use: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroySample:
    sample_id: str
    at: datetime


async def transfer_sample(tx: Tx, command: TransferSample, act: Act) -> None:
    """Note that a sample was passed on.

    Raises:
        Refused: `sample_destroyed`, `sample_use_stopped`, `sample_use_not_consented`, `time_in_future`.
    """
    at, sample = await _sample(tx, act, SITE_STAFF, command.sample_id)
    check_claimed(command.at, act.now)
    stopped = Element.SAMPLE_USE in at.participant.stopped
    uses = await sample_uses_of(tx, at.participant.screening_id)
    consented = [use for use, given in uses.items() if given]
    check_transfer(sample, command.use, consented, stopped=stopped)
    row = _row(at.act, sample, SampleHappening.TRANSFERRED, command.at, command.passed_to, command.use)
    await _keep(tx, at, row)


async def destroy_sample(tx: Tx, command: DestroySample, act: Act) -> None:
    """Note that a sample was destroyed, asked for or not.

    Raises:
        Refused: `sample_destroyed`, `time_in_future`.
    """
    at, sample = await _sample(tx, act, FOLLOWING, command.sample_id)
    check_claimed(command.at, act.now)
    check_destruction(sample)
    await _keep(tx, at, _row(at.act, sample, SampleHappening.DESTROYED, command.at))


async def request_destruction(tx: Tx, act: Act, participant: Participant, at: datetime) -> list[NewEvent]:
    """Ask for the destruction of every sample that exists; the event to be announced, if there is any."""
    samples = to_destroy(await samples_of(tx, participant.id))
    if not samples:
        return []
    rows = [_row(act, sample, SampleHappening.DESTRUCTION_REQUESTED, at) for sample in samples]
    await add_sample_events(tx, rows)
    body = SampleDestructionRequestedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        sample_ids=[sample.id for sample in samples],
        requested_at=at,
    )
    return [NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)]


async def _sample(tx: Tx, act: Act, roles: tuple[str, ...], sample_id: str) -> tuple[AtFollowed, Sample]:
    participant_id = await participant_of_sample(tx, sample_id)
    if participant_id is None:
        raise unknown(act, roles)
    at = await followed_participant(tx, act, roles, participant_id)
    samples = {sample.id: sample for sample in await samples_of(tx, participant_id)}
    return at, samples[sample_id]


def _row(
    act: Act,
    sample: Sample,
    happening: SampleHappening,
    at: datetime,
    passed_to: str = "",
    use: str = "",
) -> dict[str, Any]:
    return {
        "id": act.new_id(),
        "sample_id": sample.id,
        "happening": happening.value,
        "at": at,
        "passed_to": passed_to,
        "use": use,
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }


async def _keep(tx: Tx, at: AtFollowed, row: dict[str, Any]) -> None:
    details = {name: row[name] for name in ("sample_id", "passed_to", "use") if row[name]}
    action = f"sample.{row['happening']}"
    change = add_sample_events.write(tx, row)
    await record_audit(tx, at.act, at.participant.id, action, details, change)
