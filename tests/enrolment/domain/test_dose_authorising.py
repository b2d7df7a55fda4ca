from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.enrolment.domain.dose_authorising import (
    OpenAuthorisation,
    as_recorded,
    authorisation_for,
    check_planned_at,
)
from services.enrolment.domain.ids import AuthorisationId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.windows import window_ends_at

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def authorisation(name: str = "a", *, left: int = 1, begun: bool = False) -> OpenAuthorisation:
    return OpenAuthorisation(
        id=AuthorisationId(name), level=1, authorised_at=NOON, planned_at=NOON + HOUR, left=left, begun=begun
    )


@pytest.mark.parametrize(
    ("given_at", "fields", "covered"),
    [
        (NOON, {}, True),
        (NOON - timedelta(seconds=1), {}, False),
        (NOON + 25 * HOUR, {}, True),
        (NOON + 25 * HOUR + timedelta(seconds=1), {}, False),
        (NOON + 500 * HOUR, {"begun": True}, True),
        (NOON, {"left": 0}, False),
    ],
)
def test_an_authorisation_covers_a_dose_from_its_own_time_to_a_day_after_the_plan(
    given_at: datetime, fields: dict[str, int], covered: bool
) -> None:
    assert authorisation(**fields).covers(given_at, 1) is covered  # type: ignore[arg-type]


def test_the_oldest_authorisation_that_covers_is_used() -> None:
    spent, first, second = authorisation("spent", left=0), authorisation("first"), authorisation("second")

    assert authorisation_for(NOON, 1, [spent, first, second]) is first
    assert authorisation_for(NOON - HOUR, 1, [first]) is None
    assert as_recorded(None) is None


def test_an_authorisation_covers_no_dose_of_another_level() -> None:
    assert not authorisation().covers(NOON, 2)


@pytest.mark.parametrize("planned_at", [NOON - 25 * HOUR, NOON + timedelta(days=7, seconds=1)])
def test_a_planned_time_far_away_is_refused(planned_at: datetime) -> None:
    with pytest.raises(Refused, match="planned_time_out_of_range"):
        check_planned_at(planned_at, NOON)


def test_a_planned_time_within_a_day_back_and_a_week_ahead_is_accepted() -> None:
    check_planned_at(NOON - 24 * HOUR, NOON)
    check_planned_at(NOON + timedelta(days=7), NOON)


@pytest.mark.parametrize(
    ("first_dose_at", "ends_at"),
    [
        # Day 1 is 1 March, day 28 is 28 March; clocks change on 29 March 2026.
        (datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 29, 0, tzinfo=UTC)),
        (datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 29, 23, tzinfo=UTC)),
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), datetime(2026, 7, 28, 23, tzinfo=UTC)),
    ],
)
def test_a_window_of_28_days_ends_with_its_28th_local_day(first_dose_at: datetime, ends_at: datetime) -> None:
    assert window_ends_at(first_dose_at, 28, ZoneInfo("Europe/London")) == ends_at
