"""What comes of a referral, decided at the receiving site."""

from dataclasses import dataclass

from services.enrolment.commands.at_referral import referral_at_site
from services.enrolment.commands.permission import unknown
from services.enrolment.domain.referrals import Outcome, Referral, decided
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.store.people import find_screening
from services.enrolment.store.referrals import referral_of_screening, save_referral
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReferral:
    """`screening_id` names the screening that was started; it is given with that outcome and no other."""

    referral_id: str
    outcome: Outcome
    screening_id: str | None = None


async def decide_referral(tx: Tx, command: DecideReferral, act: Act) -> Referral:
    """The referral with its outcome; one that waits may be decided anew.

    Raises:
        Refused: `referral_closed`, also for a screening that another referral has led to.
    """
    allowed, before = await referral_at_site(tx, act, command.referral_id)
    referral = decided(before, command.outcome, command.screening_id, act.actor, act.now)
    if command.screening_id is not None:
        await _check_screening(tx, act, before, command.screening_id)
    await save_referral(tx, referral)
    details = {"outcome": command.outcome.value, "screening_id": command.screening_id}
    await record_audit(tx, allowed.act, referral.id, "referral.decided", details)
    return referral


async def _check_screening(tx: Tx, act: Act, referral: Referral, screening_id: str) -> None:
    screening = await find_screening(tx, screening_id)
    here = (referral.trial_id, referral.site_number)
    if screening is None or (screening.trial_id, screening.site_id) != here:
        raise unknown(act, SITE_STAFF)
    if await referral_of_screening(tx, screening_id) is not None:
        raise Refused("referral_closed", "Another referral has led to this screening.")
