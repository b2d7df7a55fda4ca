"""Mailings to people in follow-up: never to somebody who has died, and never to somebody who opted out.

A letter to bereaved parents cannot be called back. So each mailing asks for a check for deaths in the days
before it, and an opt-out holds for ever: nobody takes it back, and joining again does not either.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.enrolment.domain.refusals import Refused

DEATH_CHECK_DAYS = 30
"""Days for which a check holds where the protocol names none."""


class DeathCheckResult(StrEnum):
    NO_DEATH_FOUND = "no_death_found"
    DEATH_FOUND = "death_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathCheck:
    """A look into the records of deaths on a local date of the site."""

    checked_on: date
    result: DeathCheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingFacts:
    """What is known of somebody before a letter leaves; `checks` in the order they were made."""

    died: bool
    opted_out: bool
    contact_stopped: bool
    checks: tuple[DeathCheck, ...]
    valid_days: int = DEATH_CHECK_DAYS


def check_mailing(facts: MailingFacts, sent_on: date) -> DeathCheck:
    """The check on which a mailing of this local date rests.

    Raises:
        Refused: `participant_died`, `opted_out`, `contact_stopped`; `death_check_required` when the newest
            check is too old, was made after the mailing, or found a death.
    """
    if facts.died:
        raise Refused("participant_died", "A death is recorded; every contact has ended.")
    if facts.opted_out:
        raise Refused("opted_out", "Mailings were refused for ever.")
    if facts.contact_stopped:
        raise Refused("contact_stopped", "Contact has stopped.")
    last = max(facts.checks, key=lambda check: check.checked_on, default=None)
    newest = next((it for it in reversed(facts.checks) if last and it.checked_on == last.checked_on), None)
    if newest is None or newest.result is DeathCheckResult.DEATH_FOUND:
        raise Refused("death_check_required", "No check for deaths without a finding stands.")
    oldest = sent_on - timedelta(days=facts.valid_days)
    if not oldest <= newest.checked_on <= sent_on:
        raise Refused(
            "death_check_required", f"The check must lie in the {facts.valid_days} days before the mailing."
        )
    return newest
