"""Keep what a site states about the dates of its request; the reason to go first stays in the audit."""

from zoneinfo import ZoneInfo

from services.enrolment.domain.age import local_date
from services.enrolment.domain.dated_requests import StatedDates, check_dates, merged
from services.enrolment.domain.referrals import check_names_nobody
from services.enrolment.domain.screening import Screening
from services.enrolment.store.dated_requests import dates_of, new_dates
from services.enrolment.store.trials import site_zone
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


async def state_dates(tx: Tx, act: Act, screening: Screening, stated: StatedDates) -> None:
    """Keep them for a screening that the caller has locked; they stay with it whatever becomes of its place.

    Raises:
        Refused: `dates_implausible`, `identifier_in_text`.
    """
    if not stated.says_something:
        return
    check_names_nobody(stated.priority_reason)
    now_stated = merged(await dates_of(tx, screening.id), stated)
    zone = ZoneInfo(await site_zone(tx, screening.trial_id, screening.site_id))
    check_dates(now_stated, local_date(act.now, zone))
    start, washout = now_stated.earliest_start_on, now_stated.washout_ends_on
    values = {
        "screening_id": screening.id,
        "trial_id": screening.trial_id,
        "earliest_start_on": start,
        "washout_ends_on": washout,
        "priority_reason": now_stated.priority_reason,
        "stated_by": act.actor,
        "stated_at": act.now,
    }
    details = {
        "earliest_start_on": start.isoformat() if start else None,
        "washout_ends_on": washout.isoformat() if washout else None,
    }
    reason = stated.priority_reason or None
    kept = new_dates(tx, values)
    await record_audit(tx, act, screening.id, "place-request.dated", details, kept, reason=reason)
