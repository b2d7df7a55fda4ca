"""Coming of age: nothing is due while any possible day is still ahead, whatever the month, zone or leap year."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.adult_consent import (
    AdultConsent,
    AdultConsentAnswer,
    AdultConsentState,
    ComingOfAge,
    adult_consent_of,
    check_answer,
    coming_of_age,
)
from services.enrolment.domain.age import AgeStatement, BirthMonth, LeapDayBirthday, age_on
from services.enrolment.domain.consent import Consent, ConsentPolicy, ConsentPurpose, SignerCapacity
from services.enrolment.domain.ids import ConsentId, PersonId
from services.enrolment.domain.person_terms import AdultConsentTerms
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.signature import Signature

LONDON = ZoneInfo("Europe/London")
UK = ConsentPolicy(ctimp=True, country="GB", age_of_consent={"GB": 16, "DE": 18}, assent_from_years=6)
TERMS = AdultConsentTerms()
MARCH = LeapDayBirthday.ON_1_MARCH
BORN = BirthMonth(year=2010, month=6)
DATES = ComingOfAge(task_on=date(2026, 5, 2), earliest_on=date(2026, 6, 1), certain_on=date(2026, 6, 30))
PARENT = Consent(
    id=ConsentId("c1"),
    document="parents",
    version="1.0",
    purpose=ConsentPurpose.PARENTAL_CONSENT,
    capacity=SignerCapacity.PARENTAL_RESPONSIBILITY,
    signed_at=datetime(2026, 1, 1, tzinfo=UTC),
    delegated=True,
)


def own(signed_on: date) -> Consent:
    return replace(
        PARENT,
        purpose=ConsentPurpose.OWN_CONSENT,
        capacity=SignerCapacity.PARTICIPANT,
        signed_at=datetime.combine(signed_on, time(12), tzinfo=UTC),
    )


def stated(years: int, on: date, *, delegated: bool = True) -> AgeStatement:
    signature = Signature(
        signed_by=PersonId("nurse"), signed_at=datetime(2026, 6, 1, tzinfo=UTC), delegated=delegated
    )
    return AgeStatement(age_years=years, on=on, signature=signature)


def on(day: date, *consents: Consent, answer: AdultConsentAnswer | None = None) -> AdultConsent:
    """The state at noon of a local date."""
    return adult_consent_of(
        DATES, consents, answer, TERMS, datetime.combine(day, time(12), tzinfo=LONDON), LONDON
    )


def test_the_dates_span_the_month_and_the_task_counts_from_its_first_day() -> None:
    assert coming_of_age(BORN, (), MARCH, UK, TERMS) == DATES


def test_a_statement_of_age_narrows_the_dates_and_one_by_nobody_delegated_does_not() -> None:
    sixteen = stated(16, date(2026, 6, 10))

    narrowed = coming_of_age(BORN, [sixteen], MARCH, UK, TERMS)

    assert narrowed is not None
    assert (narrowed.earliest_on, narrowed.certain_on) == (date(2026, 6, 1), date(2026, 6, 10))
    unproved = stated(16, date(2026, 6, 10), delegated=False)
    assert coming_of_age(BORN, [unproved], MARCH, UK, TERMS) == DATES


def test_without_an_age_of_consent_or_with_contradictions_there_are_no_dates() -> None:
    contradicting = [stated(15, date(2026, 6, 20)), stated(16, date(2026, 6, 10))]

    assert coming_of_age(BORN, (), MARCH, replace(UK, country="XX"), TERMS) is None
    assert coming_of_age(BORN, contradicting, MARCH, UK, TERMS) is None
    now = datetime(2040, 1, 1, tzinfo=UTC)
    assert adult_consent_of(None, (), None, TERMS, now, LONDON).state is AdultConsentState.NOT_DUE


@given(
    st.integers(1990, 2030),
    st.integers(1, 12),
    st.sampled_from(list(LeapDayBirthday)),
    st.sampled_from(["GB", "DE"]),
    st.integers(0, 365),
)
def test_before_the_first_date_every_possible_age_is_under_and_from_the_last_none_is(
    year: int, month: int, leap_day: LeapDayBirthday, country: str, days_before: int
) -> None:
    born, policy = BirthMonth(year=year, month=month), replace(UK, country=country)
    terms = AdultConsentTerms(task_days_before=days_before)

    dates = coming_of_age(born, (), leap_day, policy, terms)

    assert dates is not None
    years = policy.age_of_consent[country]
    day_before = dates.earliest_on - timedelta(days=1)
    assert all(age_on(day, day_before, leap_day) < years for day in born.days())
    assert any(age_on(day, dates.earliest_on, leap_day) >= years for day in born.days())
    assert all(age_on(day, dates.certain_on, leap_day) >= years for day in born.days())
    assert any(age_on(day, dates.certain_on - timedelta(days=1), leap_day) < years for day in born.days())
    assert dates.task_on == dates.earliest_on - timedelta(days=days_before)


@pytest.mark.parametrize(
    ("day", "state", "blocked"),
    [
        (date(2026, 5, 1), AdultConsentState.NOT_DUE, False),
        (date(2026, 5, 2), AdultConsentState.SOON, False),
        (date(2026, 5, 31), AdultConsentState.SOON, False),
        (date(2026, 6, 1), AdultConsentState.SOON, True),
        (date(2026, 6, 29), AdultConsentState.SOON, True),
        (date(2026, 6, 30), AdultConsentState.DUE, True),
        (date(2030, 1, 1), AdultConsentState.DUE, True),
    ],
)
def test_the_state_follows_the_local_date(day: date, state: AdultConsentState, blocked: bool) -> None:
    adult = on(day, PARENT)

    assert (adult.state, bool(adult.blocked)) == (state, blocked)


def test_the_day_begins_at_local_midnight() -> None:
    minute = timedelta(minutes=1)
    midnight = datetime(2026, 6, 29, 23, 0, tzinfo=UTC)  # 30 June in London

    before = adult_consent_of(DATES, (PARENT,), None, TERMS, midnight - minute, LONDON)
    after = adult_consent_of(DATES, (PARENT,), None, TERMS, midnight, LONDON)

    assert (before.state, after.state) == (AdultConsentState.SOON, AdultConsentState.DUE)


@pytest.mark.parametrize(
    ("signed_on", "state"),
    [
        (date(2026, 5, 31), AdultConsentState.DUE),
        (date(2026, 6, 1), AdultConsentState.CONSENTED),
        (date(2026, 7, 20), AdultConsentState.CONSENTED),
    ],
)
def test_own_consent_counts_from_the_first_day_on_which_it_may_be_one(
    signed_on: date, state: AdultConsentState
) -> None:
    assert on(date(2026, 8, 1), PARENT, own(signed_on)).state is state


@pytest.mark.parametrize("answer", list(AdultConsentAnswer))
def test_an_answer_is_a_state_of_its_own_until_own_consent_takes_its_place(
    answer: AdultConsentAnswer,
) -> None:
    answered = on(date(2026, 7, 1), PARENT, answer=answer)
    consented = on(date(2026, 7, 1), PARENT, own(date(2026, 7, 1)), answer=answer)

    assert answered.state not in (AdultConsentState.DUE, AdultConsentState.CONSENTED)
    assert (answered.task, bool(answered.blocked)) == (True, True)
    assert (consented.state, consented.blocked) == (AdultConsentState.CONSENTED, frozenset())


def test_nobody_who_declines_gives_a_reason_and_whoever_could_not_be_asked_has_one() -> None:
    due = on(date(2026, 7, 1), PARENT)

    check_answer(due, AdultConsentAnswer.DECLINES, "")
    check_answer(due, AdultConsentAnswer.UNREACHABLE, "letters_unanswered")
    with pytest.raises(Refused, match="reason_required"):
        check_answer(due, AdultConsentAnswer.LACKS_CAPACITY, "")
    with pytest.raises(Refused, match="adult_consent_not_due"):
        check_answer(on(date(2026, 1, 1), PARENT), AdultConsentAnswer.DECLINES, "")
