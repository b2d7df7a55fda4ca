"""Whether anything is given or done to participants under a trial: the kind of the trial says it."""

from services.enrolment.domain.kinds import no_treatment
from services.enrolment.store.trials import versions_of
from shared.database import Tx


async def has_treatment(tx: Tx, trial_id: str) -> bool:
    """By the newest version; a trial of which nothing is known is taken to have one."""
    versions = await versions_of(tx, trial_id)
    return not versions or versions[-1].kind.intervention


async def check_treatment(tx: Tx, trial_id: str) -> None:
    """Accepts an act about treatment.

    Raises:
        Refused: `no_treatment`.
    """
    if not await has_treatment(tx, trial_id):
        raise no_treatment()
