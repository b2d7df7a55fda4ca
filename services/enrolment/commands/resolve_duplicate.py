"""A coordinator, who sees both screenings, says what a possible duplicate is."""

from dataclasses import dataclass

from services.enrolment.commands.fail_screening import end_screening
from services.enrolment.commands.permission import Allowed, allow, unknown
from services.enrolment.commands.propose_transfer import transfer_proposed
from services.enrolment.domain.board import ScreeningState
from services.enrolment.domain.identity import Pair, Resolution, check_open, check_resolvable
from services.enrolment.domain.roles import COORDINATING
from services.enrolment.domain.screening import Screening
from services.enrolment.events.people_events import DuplicateResolvedV1
from services.enrolment.store.boards import lock_trial
from services.enrolment.store.identity import (
    Suspicion,
    find_suspicion,
    insert_rescreening,
    neighbours_of,
    save_resolution,
)
from services.enrolment.store.people import lock_screening
from services.enrolment.store.transfers import participant_of_screening
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveDuplicate:
    """`reason` is the coordinator's words for the record; events never carry it."""

    suspicion_id: str
    resolution: Resolution
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """`transfer_id` names the proposal that waits for the receiving investigator; None without one."""

    suspicion_id: str
    resolution: Resolution
    transfer_id: str | None


async def resolve_duplicate(tx: Tx, command: ResolveDuplicate, act: Act) -> Resolved:
    """A false match lets the screening go on; the same person is refused, or moves to the second site.

    Raises:
        Refused: `duplicate_resolved_already`, `resolution_not_possible`, and for a transfer what
            `transfer_proposed` raises.
    """
    allowed, suspicion = await _opened(tx, act, command.suspicion_id)
    pair = Pair(
        stopped=await _screening(tx, suspicion.screening_id),
        other=await _screening(tx, suspicion.other_screening_id),
    )
    check_resolvable(pair, command.resolution)
    transfer_id = await _follow(tx, allowed, pair, command.resolution)
    await save_resolution(
        tx, suspicion.id, command.resolution.value, act.actor, act.now, command.reason, transfer_id
    )
    body = DuplicateResolvedV1(
        trial_id=suspicion.trial_id,
        suspicion_id=suspicion.id,
        screening_id=suspicion.screening_id,
        resolution=command.resolution.value,
        resolved_at=act.now,
    )
    event = NewEvent(aggregate_id=suspicion.id, scope=suspicion.trial_id, body=body, reason=command.reason)
    await put(tx, allowed.act, event)
    return Resolved(suspicion_id=suspicion.id, resolution=command.resolution, transfer_id=transfer_id)


async def _opened(tx: Tx, act: Act, suspicion_id: str) -> tuple[Allowed, Suspicion]:
    seen = await find_suspicion(tx, suspicion_id)
    if seen is None:
        raise unknown(act, COORDINATING)
    allowed = await allow(tx, act, COORDINATING, seen.trial_id)
    await lock_trial(tx, seen.trial_id)
    suspicion = await find_suspicion(tx, suspicion_id, lock=True)
    if suspicion is None:
        raise unknown(act, COORDINATING)
    check_open(suspicion.state)
    return allowed, suspicion


async def _screening(tx: Tx, screening_id: str) -> Screening:
    found = await lock_screening(tx, screening_id)
    if found is None:
        raise LookupError("a suspicion names screenings that are stored")
    return found.screening


async def _follow(tx: Tx, allowed: Allowed, pair: Pair, resolution: Resolution) -> str | None:
    if resolution is Resolution.SAME_PERSON_REFUSED:
        await _end(tx, allowed.act, pair.stopped, "duplicate")
    if resolution is Resolution.TRANSFER:
        return await _move(tx, allowed, pair)
    return None


async def _move(tx: Tx, allowed: Allowed, pair: Pair) -> str | None:
    """A registered child is transferred, with number and allocation; one in screening goes on where it is now."""
    act, stopped, other = allowed.act, pair.stopped, pair.other
    if other.state is ScreeningState.REGISTERED:
        participant = await participant_of_screening(tx, other.id)
        if participant is None:
            raise LookupError("a registered screening has a participant")
        await _end(tx, act, stopped, "transferred")
        return (await transfer_proposed(tx, act, participant, stopped.site_id, "duplicate")).id
    await _end(tx, act, other, "transferred")
    before, after = await neighbours_of(tx, stopped.id), await neighbours_of(tx, other.id)
    if not before.previous and not after.following:
        await insert_rescreening(tx, stopped.id, other.id)
    return None


async def _end(tx: Tx, act: Act, screening: Screening, reason_code: str) -> None:
    if screening.state is ScreeningState.IN_SCREENING:
        await end_screening(tx, act, screening, reason_code)
