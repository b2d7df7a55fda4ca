"""Countersign a dose authorised for one child by exception: each of the two people for themselves."""

from services.enrolment.commands.permission import allow, unknown
from services.enrolment.domain.dose_acts import check_countersigning
from services.enrolment.domain.roles import EXCEPTIONAL
from services.enrolment.store.exceptional_authorisations import (
    ExceptionalAuthorisation,
    keep_countersignature,
    load_exceptional,
)
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx

INVESTIGATOR, MONITOR = EXCEPTIONAL


async def countersign(tx: Tx, authorisation_id: str, act: Act) -> ExceptionalAuthorisation:
    """The authorisation with the signature; a late one is taken as well.

    Raises:
        Refused: `forbidden` for anybody but the two, `countersigned_already`.
        Problem: `not_found`, also for another site's.
    """
    found = await load_exceptional(tx, authorisation_id)
    if found is None:
        raise unknown(act, EXCEPTIONAL)
    own = _role_of(found, act.actor)
    roles = EXCEPTIONAL if own is None else (own,)
    allowed = await allow(tx, act, roles, found.trial_id, found.site_number)
    role = check_countersigning(own, found.missing)
    await keep_countersignature(tx, authorisation_id, role, act.now)
    details = {"authorisation_id": authorisation_id, "late": act.now > found.countersign_due_at}
    await record_audit(
        tx, allowed.act, found.participant_id, "exceptional-authorisation.countersigned", details
    )
    signed = await load_exceptional(tx, authorisation_id)
    assert signed is not None
    return signed


def _role_of(found: ExceptionalAuthorisation, person: str) -> str | None:
    if person == found.investigator:
        return INVESTIGATOR
    return MONITOR if person == found.medical_monitor else None
