"""Dates stated with a request: within a year, a wash-out that fits the start, and what is left out stays."""

from datetime import date, timedelta

import pytest

from services.enrolment.domain.dated_requests import NOTHING_STATED, StatedDates, check_dates, merged
from services.enrolment.domain.refusals import Refused

TODAY = date(2026, 6, 15)


def stated(start: int | None, washout: int | None) -> StatedDates:
    def day(distance: int | None) -> date | None:
        return None if distance is None else TODAY + timedelta(days=distance)

    return StatedDates(earliest_start_on=day(start), washout_ends_on=day(washout))


@pytest.mark.parametrize(
    ("start", "washout"), [(None, None), (-366, None), (366, 366), (0, 28), (10, 3), (None, -366)]
)
def test_dates_within_a_year_and_a_wash_out_that_fits_are_accepted(
    start: int | None, washout: int | None
) -> None:
    check_dates(stated(start, washout), TODAY)


@pytest.mark.parametrize(("start", "washout"), [(-367, None), (367, None), (None, 367), (0, 29)])
def test_dates_that_cannot_be_meant_are_refused(start: int | None, washout: int | None) -> None:
    with pytest.raises(Refused) as refused:
        check_dates(stated(start, washout), TODAY)

    assert refused.value.code == "dates_implausible"


def test_what_a_later_request_leaves_out_stays_as_it_was() -> None:
    before = StatedDates(earliest_start_on=TODAY, washout_ends_on=TODAY, priority_reason="relapse")
    later = StatedDates(washout_ends_on=TODAY + timedelta(days=7))

    assert merged(before, NOTHING_STATED) == before
    assert merged(before, later) == StatedDates(
        earliest_start_on=TODAY, washout_ends_on=TODAY + timedelta(days=7), priority_reason="relapse"
    )
