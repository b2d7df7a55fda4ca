"""Reaching the age of consent in the trial: the task before it, the state from then on, and what waits.

The day of birth is not known here, so there are two dates: the earliest and the latest day on which the
participant may reach the age. The task counts from the earliest. The state is due from the latest, when every
possible day has passed, or as soon as a signed statement of age leaves no other day. Nobody is asked for a
reason to decline, and declining changes nothing by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import (
    AgeStatement,
    BirthMonth,
    LeapDayBirthday,
    birthday_in,
    local_date,
    possible_birthdays,
)
from services.enrolment.domain.consent import Consent, ConsentPolicy, ConsentPurpose, SignerCapacity
from services.enrolment.domain.person_terms import AdultConsentTerms
from services.enrolment.domain.refusals import Refused


class AdultConsentState(StrEnum):
    NOT_DUE = "not_due"
    SOON = "adult_consent_soon"
    DUE = "adult_consent_due"
    CONSENTED = "adult_consented"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    LACKS_CAPACITY = "lacks_capacity"


class AdultConsentAnswer(StrEnum):
    DECLINES = "declines"
    UNREACHABLE = "unreachable"
    LACKS_CAPACITY = "lacks_capacity"


_ANSWERED = {
    AdultConsentAnswer.DECLINES: AdultConsentState.DECLINED,
    AdultConsentAnswer.UNREACHABLE: AdultConsentState.UNREACHABLE,
    AdultConsentAnswer.LACKS_CAPACITY: AdultConsentState.LACKS_CAPACITY,
}
_WAITING = frozenset(AdultConsentState) - {AdultConsentState.NOT_DUE, AdultConsentState.CONSENTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingOfAge:
    """Local dates: the task appears, the age may be reached for the first time, it is reached for certain."""

    task_on: date
    earliest_on: date
    certain_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultConsent:
    """Where a participant stands; `blocked` names the acts that wait until it is settled."""

    state: AdultConsentState
    dates: ComingOfAge | None
    blocked: frozenset[str] = frozenset()

    @property
    def task(self) -> bool:
        """Whether somebody has something to do about it."""
        return self.state in _WAITING


def coming_of_age(
    born: BirthMonth,
    statements: Iterable[AgeStatement],
    leap_day: LeapDayBirthday,
    policy: ConsentPolicy,
    terms: AdultConsentTerms,
) -> ComingOfAge | None:
    """The dates of one participant; None without an age of consent, or where the facts contradict each other."""
    days = possible_birthdays(born, leap_day, statements)
    if not days or not policy.country_known:
        return None
    years = policy.age_of_consent[policy.country]
    birthdays = [birthday_in(day.year + years, day, leap_day) for day in days]
    earliest, certain = min(birthdays), max(birthdays)
    return ComingOfAge(
        task_on=earliest - timedelta(days=terms.task_days_before), earliest_on=earliest, certain_on=certain
    )


def adult_consent_of(
    dates: ComingOfAge | None,
    consents: Iterable[Consent],
    answer: AdultConsentAnswer | None,
    terms: AdultConsentTerms,
    now: datetime,
    zone: ZoneInfo,
) -> AdultConsent:
    """Where a participant stands now; every consent given before stays in the record beside it.

    Args:
        dates: see `coming_of_age`.
        consents: those that stand.
        answer: what was recorded last instead of a consent; it counts until a consent is recorded.
        terms: of the version in use.
        now: domain time.
        zone: the site's time zone.
    """
    today = local_date(now, zone)
    if dates is None or today < dates.task_on:
        return AdultConsent(state=AdultConsentState.NOT_DUE, dates=dates)
    if any(own_consent_of_age(consent, dates, zone) for consent in consents):
        return AdultConsent(state=AdultConsentState.CONSENTED, dates=dates)
    if answer is not None:
        state = _ANSWERED[answer]
    else:
        state = AdultConsentState.DUE if today >= dates.certain_on else AdultConsentState.SOON
    # What is not known lets nothing new begin: from the first day on which the age may be reached.
    blocked = terms.blocks if today >= dates.earliest_on else frozenset()
    return AdultConsent(state=state, dates=dates, blocked=blocked)


def own_consent_of_age(consent: Consent, dates: ComingOfAge, zone: ZoneInfo) -> bool:
    """Whether this is the participant's own consent, signed when they may have been old enough."""
    return (
        consent.purpose is ConsentPurpose.OWN_CONSENT
        and consent.capacity is SignerCapacity.PARTICIPANT
        and local_date(consent.signed_at, zone) >= dates.earliest_on
    )


def check_answer(adult: AdultConsent, answer: AdultConsentAnswer, reason: str) -> None:
    """Accepts an answer once the task is there; only that nobody could be asked needs a reason.

    Raises:
        Refused: `adult_consent_not_due`, or `reason_required`.
    """
    if not adult.task:
        raise Refused("adult_consent_not_due", f"The state is {adult.state.value}.")
    if answer is not AdultConsentAnswer.DECLINES and not reason:
        raise Refused("reason_required", "Say by a code why the participant could not be asked.")
