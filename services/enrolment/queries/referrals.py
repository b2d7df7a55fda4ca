"""Referrals, for the site that received them and the site that sends them; for other sites there are none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.enrolment.domain.referrals import Referral
from services.enrolment.queries.visibility import View, unseen, view_of
from services.enrolment.store.referrals import find_referral, list_referrals
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralPage:
    items: Sequence[Referral]
    next_cursor: str | None


async def show_referral(tx: Tx, act: Act, referral_id: str) -> Referral:
    """One referral; the sender learns its state, its outcome and the reply, not the screening."""
    referral = await find_referral(tx, referral_id)
    view = await view_of(tx, act, referral.trial_id if referral else None)
    if referral is None or not (view.shows(referral.site_number) or view.shows(referral.from_site_number)):
        raise unseen(act)
    return _as_seen(referral, view)


async def show_referrals(tx: Tx, act: Act, trial: str, *, state: str, after: str, limit: int) -> ReferralPage:
    """Referrals to or from the sites that the asking person sees, a page at a time."""
    view = await view_of(tx, act, trial)
    found = await list_referrals(tx, view.trial.id, view.sites, state=state, after=after, limit=limit + 1)
    page = [_as_seen(referral, view) for referral in found[:limit]]
    return ReferralPage(items=page, next_cursor=page[-1].id if len(found) > limit else None)


def _as_seen(referral: Referral, view: View) -> Referral:
    return referral if view.shows(referral.site_number) else replace(referral, screening_id=None)
