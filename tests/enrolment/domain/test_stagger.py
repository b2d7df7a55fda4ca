from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from services.enrolment.domain.ids import ParticipantId
from services.enrolment.domain.stagger import (
    AtLevel,
    StaggerPolicy,
    StaggerStatus,
    evaluate_stagger,
    interval_end,
)

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = StaggerPolicy(sentinel_n=1, interval_after_sentinel_hours=168)


def someone(name: str, registered: int, dosed: int | None = None, *, authorised: bool = False) -> AtLevel:
    """A participant registered and dosed so many hours after NOON (before, where negative)."""
    return AtLevel(
        participant_id=ParticipantId(name),
        registered_at=NOON + registered * HOUR,
        first_dose_at=None if dosed is None else NOON + dosed * HOUR,
        authorised=authorised,
    )


SECOND = someone("p2", -1)


def test_a10_earliest_dosing_is_seven_days_after_the_sentinels_first_dose() -> None:
    stagger = evaluate_stagger(WEEK, SECOND, [someone("p1", -100, dosed=-72)], NOON)

    assert (stagger.status, stagger.code) == (StaggerStatus.INTERVAL_RUNS, "stagger_not_elapsed")
    assert stagger.earliest_at == NOON + timedelta(days=4)


def test_a10_no_date_while_the_sentinel_is_not_dosed() -> None:
    stagger = evaluate_stagger(WEEK, SECOND, [someone("p1", -100)], NOON)

    assert (stagger.earliest_at, stagger.code) == (None, "sentinel_not_dosed")


@pytest.mark.parametrize(("dosed", "clear"), [(-168, True), (-167, False)])
def test_the_interval_ends_on_the_hour(dosed: int, clear: bool) -> None:
    stagger = evaluate_stagger(WEEK, SECOND, [someone("p1", -300, dosed=dosed)], NOON)

    assert (stagger.code == "") is clear


def test_the_sentinel_itself_goes_first() -> None:
    sentinel = someone("p1", -100)

    assert evaluate_stagger(WEEK, sentinel, [SECOND], NOON).code == ""


def test_at_one_instant_only_one_of_two_is_the_sentinel() -> None:
    first, second = someone("p1", 0), someone("p2", 0)

    assert evaluate_stagger(WEEK, first, [second], NOON).code == ""
    assert evaluate_stagger(WEEK, second, [first], NOON).code == "sentinel_not_dosed"


def test_everybody_after_the_sentinels_keeps_the_shorter_interval() -> None:
    policy = StaggerPolicy(sentinel_n=1, interval_after_sentinel_hours=168, interval_between_hours=24)
    others = [someone("p1", -500, dosed=-400), someone("p2", -300, dosed=-10)]

    assert evaluate_stagger(policy, someone("p3", -1), others, NOON).earliest_at == NOON + 14 * HOUR


def test_the_latest_of_all_intervals_counts() -> None:
    policy = StaggerPolicy(sentinel_n=1, interval_after_sentinel_hours=168, interval_between_hours=24)
    others = [someone("p1", -500, dosed=-20), someone("p2", -300, dosed=-10)]

    assert evaluate_stagger(policy, someone("p3", -1), others, NOON).earliest_at == NOON + 148 * HOUR


def test_nobody_is_authorised_beside_a_first_dose_that_may_be_given_any_moment() -> None:
    policy = StaggerPolicy(interval_between_hours=24)
    stagger = evaluate_stagger(policy, SECOND, [someone("p1", -5, authorised=True)], NOON)

    assert (stagger.status, stagger.code) == (StaggerStatus.DOSE_AUTHORISED, "stagger_not_elapsed")
    assert stagger.earliest_at is None


def test_without_intervals_nobody_waits() -> None:
    others = [someone("p1", -5, authorised=True), someone("p3", -2, dosed=-1)]

    assert evaluate_stagger(StaggerPolicy(), SECOND, others, NOON).code == ""


def test_a_night_of_clock_change_neither_shortens_nor_doubles_an_interval() -> None:
    # London puts its clocks forward at 01:00 UTC on 29 March 2026.
    london = ZoneInfo("Europe/London")
    dosed = datetime(2026, 3, 28, 12, tzinfo=london)
    first = AtLevel(participant_id=ParticipantId("p1"), registered_at=dosed - HOUR, first_dose_at=dosed)
    policy = StaggerPolicy(interval_between_hours=24)
    candidate = AtLevel(participant_id=ParticipantId("p2"), registered_at=dosed)

    stagger = evaluate_stagger(policy, candidate, [first], datetime(2026, 3, 29, 11, 30, tzinfo=UTC))

    assert stagger.earliest_at == datetime(2026, 3, 29, 12, tzinfo=UTC)


def test_an_interval_is_elapsed_time_and_never_cut_short() -> None:
    local = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/London"))

    assert interval_end(local, 24) == datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert interval_end(NOON, Fraction(1, 3)) == NOON + timedelta(minutes=20)
    assert interval_end(NOON, Fraction(1, 10**11)) == NOON + timedelta(microseconds=1)
