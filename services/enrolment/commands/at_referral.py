"""Finding a referral for somebody at the site that received it."""

from services.enrolment.commands.permission import Allowed, allow, unknown
from services.enrolment.domain.referrals import Referral
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.store.referrals import find_referral
from shared.act import Act
from shared.database import Tx


async def referral_at_site(tx: Tx, act: Act, referral_id: str) -> tuple[Allowed, Referral]:
    """The referral, locked until the transaction ends.

    Raises:
        Problem: `forbidden`, or `not_found` for another site's referral as for none.
    """
    referral = await find_referral(tx, referral_id, lock=True)
    if referral is None:
        raise unknown(act, SITE_STAFF)
    allowed = await allow(tx, act, SITE_STAFF, referral.trial_id, referral.site_number)
    return allowed, referral
