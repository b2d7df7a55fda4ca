"""The sender of a referral is told what came of it."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.at_referral import referral_at_site
from services.enrolment.domain.referrals import Outcome, Referral, ReplyWay, replied
from services.enrolment.domain.screening import check_claimed
from services.enrolment.events.people_events import ReferralRepliedV1
from services.enrolment.store.referrals import save_referral
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToReferral:
    """`sent_at` is when the reply went out, as the site says; what it said stays at the site."""

    referral_id: str
    sent_at: datetime
    by_way_of: ReplyWay


async def reply_to_referral(tx: Tx, command: ReplyToReferral, act: Act) -> Referral:
    """The referral, replied.

    Raises:
        Refused: `referral_undecided`, `time_in_future`.
    """
    allowed, before = await referral_at_site(tx, act, command.referral_id)
    check_claimed(command.sent_at, act.now)
    referral = replied(before, command.sent_at, command.by_way_of, act.actor)
    await save_referral(tx, referral)
    body = ReferralRepliedV1(
        trial_id=referral.trial_id,
        referral_id=referral.id,
        site_number=referral.site_number,
        outcome=(referral.outcome or Outcome.WAITING).value,
        by_way_of=command.by_way_of.value,
        sent_at=command.sent_at,
    )
    await put(tx, allowed.act, NewEvent(aggregate_id=referral.id, scope=referral.trial_id, body=body))
    return referral
