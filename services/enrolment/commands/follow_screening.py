"""One screening of a person follows another that has ended; each keeps its number."""

from services.enrolment.commands.permission import unknown
from services.enrolment.domain.identity import check_follows
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import Screening
from services.enrolment.store.identity import insert_rescreening, neighbours_of
from services.enrolment.store.people import find_screening
from shared.act import Act
from shared.database import Tx


async def follow_screening(tx: Tx, act: Act, screening: Screening, previous_id: str) -> None:
    """Link a screening that has just begun to the one before, under the trial's gate.

    Raises:
        Problem: `not_found` for another site's screening as for none.
        Refused: `previous_screening_mismatch`, `previous_screening_not_ended`.
    """
    previous = await find_screening(tx, previous_id)
    if previous is None or (previous.trial_id, previous.site_id) != (screening.trial_id, screening.site_id):
        raise unknown(act, SITE_STAFF)
    neighbours = await neighbours_of(tx, previous_id)
    check_follows(screening, previous, followed=bool(neighbours.following))
    await insert_rescreening(tx, screening.id, previous_id)
