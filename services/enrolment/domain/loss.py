"""Loss to follow-up: a state that somebody declares, once the protocol's attempts were made in vain.

There is no single definition, so the protocol gives the numbers; what was tried stays on record, and any
contact ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.enrolment.domain.follow_up import LossTerms
from services.enrolment.domain.refusals import Refused


class Channel(StrEnum):
    TELEPHONE = "telephone"
    TEXT_MESSAGE = "text_message"
    EMAIL = "email"
    LETTER = "letter"
    HOME_VISIT = "home_visit"
    GENERAL_PRACTITIONER = "general_practitioner"
    OTHER_HOSPITAL = "other_hospital"
    NATIONAL_RECORDS = "national_records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to reach the participant, on a local date of the site."""

    channel: Channel
    on: date
    reached: bool


def decide_loss(
    attempts: Sequence[Attempt], terms: LossTerms | None, last_contact_on: date | None, today: date
) -> tuple[Attempt, ...]:
    """The attempts in vain that establish the loss.

    Args:
        attempts: every attempt on record.
        terms: the protocol's numbers; None where it gives none.
        last_contact_on: of a visit or contact that took place; attempts up to that day prove nothing.
        today: the site's local date; attempts count when they lie at most `within_days` days back.

    Raises:
        Refused: `loss_not_established`, with what was tried and what is asked for.
    """
    if terms is None:
        raise Refused("loss_not_established", "The protocol does not say when somebody counts as lost.")
    reached = [one.on for one in attempts if one.reached]
    since = max([it for it in (last_contact_on, *reached) if it is not None], default=date.min)
    oldest = today - timedelta(days=terms.within_days)
    vain = tuple(one for one in attempts if not one.reached and one.on > since and one.on >= oldest)
    channels = {one.channel for one in vain}
    if len(vain) < terms.attempts or len(channels) < terms.channels:
        raise Refused(
            "loss_not_established",
            f"{len(vain)} of {terms.attempts} attempts by {len(channels)} of {terms.channels} channels"
            f" within {terms.within_days} days.",
            attempts=len(vain),
            channels=sorted(channels),
        )
    return vain


def check_not_lost(*, lost: bool) -> None:
    """Accepts a loss of somebody who does not count as lost.

    Raises:
        Refused: `lost_already`.
    """
    if lost:
        raise Refused("lost_already", "The participant counts as lost already.")
