"""The receiving site has seen a referral."""

from services.enrolment.commands.at_referral import referral_at_site
from services.enrolment.domain.referrals import Referral, acknowledged
from services.enrolment.store.referrals import save_referral
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


async def acknowledge_referral(tx: Tx, referral_id: str, act: Act) -> Referral:
    """The referral, acknowledged.

    Raises:
        Refused: `referral_acknowledged_already`.
    """
    allowed, before = await referral_at_site(tx, act, referral_id)
    referral = acknowledged(before, act.actor, act.now)
    await save_referral(tx, referral)
    await record_audit(tx, allowed.act, referral.id, "referral.acknowledged", {})
    return referral
