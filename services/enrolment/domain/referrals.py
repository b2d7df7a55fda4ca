"""A referral: somebody sends a patient to a site, which acknowledges, decides and replies.

What is known of the patient is an age, a condition by one word, and what is asked for. Who sends is an
organisation and a reference into the receiving site's own address book: no person is named here.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.refusals import Refused


class ReferralState(StrEnum):
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    DECIDED = "decided"
    REPLIED = "replied"


class Outcome(StrEnum):
    SCREENING_STARTED = "screening_started"
    NOT_SUITABLE = "not_suitable"
    NO_PLACE = "no_place"
    WAITING = "waiting"
    ELSEWHERE = "elsewhere"
    WITHDRAWN = "withdrawn"


class ReplyWay(StrEnum):
    LETTER = "letter"
    TELEPHONE = "telephone"
    EMAIL = "email"
    PORTAL = "portal"
    IN_PERSON = "in_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """One referral; texts are empty and times None for what has not come.

    `site_number` receives, `from_site_number` sends where the sender is a site of the trial. Exactly one of
    `age_years` (completed) and `birth_year` is known. `part` is the part that was asked for, if any.
    """

    id: str
    trial_id: str
    site_number: str
    from_site_number: str
    organisation: str
    contact_reference: str
    age_years: int | None
    birth_year: int | None
    condition: str
    part: str
    urgency: str
    state: ReferralState
    sent_at: datetime
    received_at: datetime
    received_by: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    outcome: Outcome | None = None
    outcome_at: datetime | None = None
    outcome_by: str | None = None
    screening_id: str | None = None
    reply_sent_at: datetime | None = None
    reply_by_way_of: str | None = None
    replied_by: str | None = None


_MANY_DIGITS = re.compile(r"(?:[0-9][ ./-]?){8,}")


def check_names_nobody(*texts: str) -> None:
    """Accepts texts without an address of e-mail and without digits enough for a number, date or telephone.

    Raises:
        Refused: `identifier_in_text`; the text is not repeated.
    """
    if any("@" in text or _MANY_DIGITS.search(text) for text in texts):
        raise Refused("identifier_in_text", "Send a reference that only the site can follow to a person.")


def check_addressed(
    site: str, from_site: str, sites: Collection[str], part: str, parts: Collection[str]
) -> None:
    """Accepts a receiver, a sender (empty: outside the trial) and a part (empty: any) that the trial has.

    Raises:
        Refused: `site_unknown`, also for a site that refers to itself; `part_unknown`.
    """
    if not {site, from_site} - {""} <= set(sites) or site == from_site:
        raise Refused("site_unknown", "Sender and receiver are two sites, each with a number in the trial.")
    if part and part not in parts:
        raise Refused("part_unknown", "No approved protocol version has this part.")


def acknowledged(referral: Referral, by: str, now: datetime) -> Referral:
    """The referral, seen by somebody at the receiving site.

    Raises:
        Refused: `referral_acknowledged_already`.
    """
    if referral.acknowledged_at is not None:
        raise Refused("referral_acknowledged_already", "The receiving site has acknowledged the referral.")
    return replace(referral, state=ReferralState.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=by)


def decided(
    referral: Referral, outcome: Outcome, screening_id: str | None, by: str, now: datetime
) -> Referral:
    """The referral with what came of it; to decide is to acknowledge. Only `waiting` may be decided anew.

    Args:
        referral: as it was.
        outcome: what came of it.
        screening_id: the screening that follows, for `screening_started` and for nothing else.
        by: who decides.
        now: when.

    Raises:
        Refused: `referral_closed`.
    """
    if referral.outcome not in (None, Outcome.WAITING):
        raise Refused("referral_closed", f"The outcome is {referral.outcome}; send a new referral.")
    return replace(
        referral,
        state=ReferralState.DECIDED,
        acknowledged_at=referral.acknowledged_at or now,
        acknowledged_by=referral.acknowledged_by or by,
        outcome=outcome,
        outcome_at=now,
        outcome_by=by,
        screening_id=screening_id,
    )


def replied(referral: Referral, sent_at: datetime, way: ReplyWay, by: str) -> Referral:
    """The referral whose sender has been told the outcome.

    Raises:
        Refused: `referral_undecided` without an outcome, or when this outcome was replied before.
    """
    if referral.state is not ReferralState.DECIDED:
        raise Refused("referral_undecided", "There is no outcome that the sender has not been told.")
    return replace(
        referral,
        state=ReferralState.REPLIED,
        reply_sent_at=sent_at,
        reply_by_way_of=way.value,
        replied_by=by,
    )
