import json
from datetime import date
from pathlib import Path

import pytest

import services.enrolment
from services.enrolment.domain.age import LeapDayBirthday
from services.enrolment.domain.country import UNKNOWN_COUNTRY, CountryProfile, age_in_country, profiles_from
from services.enrolment.domain.registering import LEAP_DAY

SHIPPED = Path(services.enrolment.__path__[0]) / "rules" / "countries.v1.json"
GB = CountryProfile(age_of_consent_ctimp=16, leap_day=LeapDayBirthday.ON_1_MARCH)
LEAP_CHILD = date(2012, 2, 29)


def test_the_shipped_profiles_are_those_the_service_works_with() -> None:
    profiles = profiles_from(json.loads(SHIPPED.read_text(encoding="utf-8")))

    assert profiles == {"GB": GB}
    assert profiles["GB"].leap_day is LEAP_DAY


def test_a_rule_that_nobody_has_verified_is_not_used() -> None:
    rules = {
        "age_of_consent_ctimp": {"value": 18, "status": "unverified", "source": ""},
        "leap_day_birthday": {"value": "on_28_february", "status": "unverified", "source": ""},
    }

    assert profiles_from({"countries": {"XX": rules}}) == {"XX": UNKNOWN_COUNTRY}


@pytest.mark.parametrize(
    ("on", "years", "days", "consent"),
    [
        (date(2026, 11, 21), 15, 364, False),
        (date(2026, 11, 22), 16, 0, True),
        (date(2026, 11, 23), 16, 1, True),
        (date(2010, 11, 22), 0, 0, False),
    ],
)
def test_sixteen_is_reached_on_the_birthday_itself(on: date, years: int, days: int, consent: bool) -> None:
    found = age_in_country(GB, date(2010, 11, 22), on)

    assert (found.years, found.days_since_birthday, found.may_consent_ctimp) == (years, days, consent)


@pytest.mark.parametrize(
    ("on", "years", "days"),
    [
        (date(2027, 2, 28), 14, 364),
        (date(2027, 3, 1), 15, 0),
        (date(2028, 2, 28), 15, 364),
        (date(2028, 2, 29), 16, 0),
    ],
)
def test_a_leap_day_child_grows_older_by_the_rule_of_the_country(on: date, years: int, days: int) -> None:
    found = age_in_country(GB, LEAP_CHILD, on)

    assert (found.years, found.days_since_birthday) == (years, days)


@pytest.mark.parametrize(
    ("on", "years", "days"),
    [
        (date(2027, 2, 27), 14, None),
        (date(2027, 2, 28), None, None),
        (date(2027, 3, 1), 15, None),
        (date(2028, 2, 29), 16, 0),
        (date(2028, 3, 1), 16, 1),
    ],
)
def test_without_a_leap_day_rule_only_what_both_rules_say_is_said(
    on: date, years: int | None, days: int | None
) -> None:
    found = age_in_country(UNKNOWN_COUNTRY, LEAP_CHILD, on)

    assert (found.years, found.days_since_birthday) == (years, days)


def test_without_an_age_of_consent_nobody_is_said_to_consent_or_not() -> None:
    assert age_in_country(UNKNOWN_COUNTRY, date(1950, 1, 1), date(2026, 1, 1)).may_consent_ctimp is None


def test_a_leap_day_child_on_the_day_between_two_rules_is_not_said_to_consent() -> None:
    half_known = CountryProfile(age_of_consent_ctimp=15)

    assert age_in_country(half_known, LEAP_CHILD, date(2027, 2, 28)).may_consent_ctimp is None
    assert age_in_country(half_known, LEAP_CHILD, date(2027, 3, 1)).may_consent_ctimp is True


def test_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(ValueError, match="before birth"):
        age_in_country(GB, date(2020, 1, 2), date(2020, 1, 1))
