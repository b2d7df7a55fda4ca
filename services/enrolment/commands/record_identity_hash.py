"""A site sends the keyed hash of a child's identity; an equal one in the trial stops a screening.

All of it happens under the trial's gate: of two sites that send the same child at once, one comes second.
"""

from dataclasses import dataclass

from services.enrolment.commands.permission import Allowed, allow_at_site, allow_screening
from services.enrolment.domain.identity import (
    OPEN,
    IdentityHash,
    check_identifiable,
    check_same_person,
    pair_of,
)
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import Screening
from services.enrolment.events.people_events import DuplicateSuspectedV1
from services.enrolment.store.boards import lock_trial
from services.enrolment.store.identity import (
    Suspicion,
    equal_screenings,
    hashes_of,
    insert_suspicion,
    keep_hash,
    neighbours_of,
    suspected_before,
)
from services.enrolment.store.people import find_screening, lock_screening
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordIdentityHash:
    screening_id: str
    given: IdentityHash


async def record_identity_hash(tx: Tx, command: RecordIdentityHash, act: Act) -> bool:
    """Whether the screening goes on; if not, a coordinator has to resolve a possible duplicate first.

    A hash that was sent before is not kept twice, and a pair that was resolved is not suspected again.

    Raises:
        Refused: `screening_ended`; `previous_screening_mismatch` when the earlier screening has another hash.
    """
    allowed, _ = await allow_screening(tx, act, SITE_STAFF, command.screening_id)
    await lock_trial(tx, allowed.trial.id)
    _, screening = allow_at_site(act, SITE_STAFF, await lock_screening(tx, command.screening_id))
    check_identifiable(screening)
    await _check_previous(tx, screening, command.given)
    await _keep(tx, allowed, screening, command.given)
    stopped = False
    for other_id in await equal_screenings(tx, screening.id, screening.trial_id, command.given):
        other = await find_screening(tx, other_id)
        if other is not None and not await suspected_before(tx, screening.id, other_id):
            stopped |= await _suspect(tx, allowed, screening, other, command.given)
    return not (stopped or screening.unresolved_duplicates)


async def _check_previous(tx: Tx, screening: Screening, given: IdentityHash) -> None:
    previous = (await neighbours_of(tx, screening.id)).previous
    if previous:
        check_same_person(given.digest, await hashes_of(tx, previous, given.kind, given.key_version))


async def _keep(tx: Tx, allowed: Allowed, screening: Screening, given: IdentityHash) -> None:
    act = allowed.act
    values = {
        "id": act.new_id(),
        "trial_id": screening.trial_id,
        "screening_id": screening.id,
        "kind": given.kind.value,
        "key_version": given.key_version,
        "hash": given.digest,
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }
    if await keep_hash(tx, values):
        details = {"kind": given.kind.value, "key_version": given.key_version}
        await record_audit(tx, act, screening.id, "identity-hash.recorded", details)


async def _suspect(
    tx: Tx, allowed: Allowed, screening: Screening, other: Screening, given: IdentityHash
) -> bool:
    """Whether it is this screening that stops."""
    act, pair = allowed.act, pair_of(screening, other)
    suspicion = Suspicion(
        id=act.new_id(),
        trial_id=screening.trial_id,
        screening_id=pair.stopped.id,
        other_screening_id=pair.other.id,
        kind=given.kind.value,
        key_version=given.key_version,
        state=OPEN,
        suspected_at=act.now,
    )
    await insert_suspicion(tx, suspicion)
    body = DuplicateSuspectedV1(
        trial_id=suspicion.trial_id,
        suspicion_id=suspicion.id,
        screening_id=suspicion.screening_id,
        suspected_at=act.now,
    )
    await put(tx, act, NewEvent(aggregate_id=suspicion.id, scope=suspicion.trial_id, body=body))
    return pair.stopped is screening
