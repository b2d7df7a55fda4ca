"""What a country says about age: who consents to a trial of a medicine, and when a leap-day child grows older.

What has not been read in an authoritative text of the country is not known here, and no answer rests on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.enrolment.domain.age import LeapDayBirthday, age_on, birthday_in


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryProfile:
    """Rules of one country; None where they are not known.

    `age_of_consent_ctimp` is in completed years.
    """

    age_of_consent_ctimp: int | None = None
    leap_day: LeapDayBirthday | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeInCountry:
    """Age on a local date; None where it depends on a rule of the country that is not known."""

    years: int | None
    days_since_birthday: int | None
    may_consent_ctimp: bool | None


UNKNOWN_COUNTRY = CountryProfile()


def profiles_from(document: Mapping[str, Any]) -> dict[str, CountryProfile]:
    """Profiles by ISO 3166 code from the shipped data file (`rules/countries.v1.json`).

    A rule counts when its status is `law` or `project`; `unverified` ones are there to be looked up, not used.
    """
    profiles = {}
    for country, rules in document["countries"].items():
        age, leap = rules["age_of_consent_ctimp"], rules["leap_day_birthday"]
        profiles[country] = CountryProfile(
            age_of_consent_ctimp=age["value"] if _may_be_used(age) else None,
            leap_day=LeapDayBirthday(leap["value"]) if _may_be_used(leap) else None,
        )
    return profiles


def _may_be_used(rule: Mapping[str, Any]) -> bool:
    return rule["status"] in ("law", "project")


def age_in_country(profile: CountryProfile, born_on: date, on: date) -> AgeInCountry:
    """Completed years on a local date, days since the last birthday, and own consent to a CTIMP.

    Args:
        profile: of the site's country.
        born_on: full date of birth; only a site knows it.
        on: the site's local date, not before birth; the birthday itself counts as completed.

    Returns:
        Null parts where the country's rules are not known: without a leap-day rule only for somebody born on
        29 February, on the dates on which the two rules differ.

    Raises:
        ValueError: `on` lies before birth.
    """
    rules = tuple(LeapDayBirthday) if profile.leap_day is None else (profile.leap_day,)
    ages = {age_on(born_on, on, rule) for rule in rules}
    days = {(on - _last_birthday(born_on, on, rule)).days for rule in rules}
    consent = (
        set()
        if profile.age_of_consent_ctimp is None
        else {age >= profile.age_of_consent_ctimp for age in ages}
    )
    return AgeInCountry(
        years=ages.pop() if len(ages) == 1 else None,
        days_since_birthday=days.pop() if len(days) == 1 else None,
        may_consent_ctimp=consent.pop() if len(consent) == 1 else None,
    )


def _last_birthday(born_on: date, on: date, leap_day: LeapDayBirthday) -> date:
    this_year = birthday_in(on.year, born_on, leap_day)
    return this_year if this_year <= on else birthday_in(on.year - 1, born_on, leap_day)
