"""Finding a participant for somebody who may act at the participant's own site."""

from collections.abc import Sequence

from services.enrolment.commands.permission import Allowed, allow, unknown
from services.enrolment.store.boards import lock_trial
from services.enrolment.store.participants import Participant, find_participant, load_participant
from shared.act import Act
from shared.database import Tx


async def participant_under_gate(
    tx: Tx, act: Act, roles: Sequence[str], participant_id: str
) -> tuple[Allowed, Participant]:
    """The participant, locked, with the trial's gate held: always in this order.

    Raises:
        Problem: `forbidden`, or `not_found` for another site's participant as for none.
    """
    seen = await find_participant(tx, participant_id)
    if seen is None:
        raise unknown(act, roles)
    allowed = await allow(tx, act, roles, seen.trial_id, seen.site_number)
    await lock_trial(tx, seen.trial_id)
    participant = await load_participant(tx, participant_id)
    if participant is None:
        raise unknown(act, roles)
    return allowed, participant


async def participant_locked(
    tx: Tx, act: Act, roles: Sequence[str], participant_id: str
) -> tuple[Allowed, Participant]:
    """The participant, locked, for what no place, level or count depends on: the trial goes on beside it.

    Raises:
        Problem: `forbidden`, or `not_found` for another site's participant as for none.
    """
    participant = await load_participant(tx, participant_id)
    if participant is None:
        raise unknown(act, roles)
    return await allow(tx, act, roles, participant.trial_id, participant.site_number), participant
