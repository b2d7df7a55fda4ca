from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.age import (
    AgeStatement,
    BirthMonth,
    LeapDayBirthday,
    age_on,
    check_age_statement,
    local_date,
    possible_ages,
)
from services.enrolment.domain.ids import PersonId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.signature import Signature

MARCH = LeapDayBirthday.ON_1_MARCH
FEBRUARY = LeapDayBirthday.ON_28_FEBRUARY


def stated(age_years: int, on: date, *, delegated: bool = True) -> AgeStatement:
    signature = Signature(
        signed_by=PersonId("p1"),
        signed_at=datetime(on.year, on.month, on.day, 9, tzinfo=UTC),
        delegated=delegated,
    )
    return AgeStatement(age_years=age_years, on=on, signature=signature)


@pytest.mark.parametrize(
    ("on", "rule", "years"),
    [
        (date(2026, 2, 27), FEBRUARY, 13),
        (date(2026, 2, 28), FEBRUARY, 14),
        (date(2026, 2, 28), MARCH, 13),
        (date(2026, 3, 1), MARCH, 14),
        (date(2028, 2, 28), FEBRUARY, 15),
        (date(2028, 2, 29), FEBRUARY, 16),
        (date(2028, 2, 29), MARCH, 16),
    ],
)
def test_a_leap_day_child_grows_older_on_the_day_the_country_says(
    on: date, rule: LeapDayBirthday, years: int
) -> None:
    assert age_on(date(2012, 2, 29), on, rule) == years


def test_age_is_attained_on_the_birthday_itself() -> None:
    born = date(2010, 6, 15)

    assert age_on(born, date(2026, 6, 14), MARCH) == 15
    assert age_on(born, date(2026, 6, 15), MARCH) == 16


def test_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(ValueError, match="before birth"):
        age_on(date(2026, 6, 15), date(2026, 6, 14), MARCH)


@given(st.dates(date(1990, 1, 1), date(2030, 12, 31)), st.integers(0, 8000), st.sampled_from(LeapDayBirthday))
def test_the_true_age_is_always_among_the_possible_ones(
    born_on: date, days: int, rule: LeapDayBirthday
) -> None:
    on = born_on + timedelta(days=days)
    born = BirthMonth(year=born_on.year, month=born_on.month)
    true_age = age_on(born_on, on, rule)

    assert true_age in possible_ages(born, on, rule)
    assert possible_ages(born, on, rule, [stated(true_age, on)]) == {true_age}


def test_in_the_birthday_month_two_ages_are_possible_until_the_site_states_one() -> None:
    born, today = BirthMonth(year=2010, month=6), date(2026, 6, 15)

    assert possible_ages(born, today, MARCH) == {15, 16}
    assert possible_ages(born, today, MARCH, [stated(15, today)]) == {15}


def test_yesterdays_statement_of_fifteen_does_not_settle_today() -> None:
    born = BirthMonth(year=2010, month=6)
    yesterday = stated(15, date(2026, 6, 14))

    assert possible_ages(born, date(2026, 6, 15), MARCH, [yesterday]) == {15, 16}


def test_an_earlier_statement_of_sixteen_holds_for_the_rest_of_the_month() -> None:
    born = BirthMonth(year=2010, month=6)

    assert possible_ages(born, date(2026, 6, 20), MARCH, [stated(16, date(2026, 6, 3))]) == {16}


def test_contradicting_statements_leave_no_age() -> None:
    born, today = BirthMonth(year=2010, month=6), date(2026, 6, 15)

    assert possible_ages(born, today, MARCH, [stated(15, today), stated(16, today)]) == frozenset()


def test_a_statement_by_somebody_not_delegated_proves_nothing() -> None:
    born, today = BirthMonth(year=2010, month=6), date(2026, 6, 15)

    assert possible_ages(born, today, MARCH, [stated(15, today, delegated=False)]) == {15, 16}


def test_a_statement_that_does_not_fit_the_month_of_birth_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        check_age_statement(
            stated(17, date(2026, 6, 15)), BirthMonth(year=2010, month=6), date(2026, 6, 15), MARCH
        )

    assert refusal.value.code == "age_statement_mismatch"


def test_an_age_stated_for_tomorrow_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        check_age_statement(
            stated(16, date(2026, 6, 16)), BirthMonth(year=2010, month=6), date(2026, 6, 15), MARCH
        )

    assert refusal.value.code == "time_in_future"


def test_the_birthday_begins_at_local_midnight() -> None:
    before, after = datetime(2026, 6, 14, 22, 59, tzinfo=UTC), datetime(2026, 6, 14, 23, 0, tzinfo=UTC)

    assert local_date(before, ZoneInfo("Europe/London")) == date(2026, 6, 14)
    assert local_date(after, ZoneInfo("Europe/London")) == date(2026, 6, 15)
