"""The follow-up that a protocol owes: dates by the site's calendar, and protocol versions."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.age import local_date
from services.enrolment.domain.follow_up import (
    ContactKind,
    Entry,
    FollowUpStart,
    FollowUpTerms,
    PlannedVisit,
    VersionFollowUp,
    anniversary,
    entries_of,
    follow_up_ends_on,
    schedule_of,
)
from services.enrolment.domain.follow_up_states import (
    EntryState,
)
from services.enrolment.domain.followed import AfterwardsTerms, Followed, follow_up_now

DAY = timedelta(days=1)
START = date(2024, 2, 29)
LONDON = ZoneInfo("Europe/London")


def once(day: int, visit: str = "day-28", kind: ContactKind = ContactKind.VISIT, **more: int) -> PlannedVisit:
    return PlannedVisit(visit=visit, label=visit, kind=kind, from_days=day, **more)


def yearly(
    years: int, every: int = 365, kind: ContactKind = ContactKind.CONTACT, **more: int
) -> PlannedVisit:
    return PlannedVisit(
        visit="yearly",
        label="Once a year",
        kind=kind,
        from_days=every,
        every_days=every,
        until_days=365 * years,
        **more,
    )


def terms(*visits: PlannedVisit, version: str = "1.0", years: int = 15) -> FollowUpTerms:
    return FollowUpTerms(version=version, starts=FollowUpStart.INFUSION, years=years, visits=visits)


def applied(
    of: FollowUpTerms, effective_on: date = date(2020, 1, 1), start_on: date | None = START
) -> VersionFollowUp:
    return VersionFollowUp(terms=of, effective_on=effective_on, start_on=start_on)


def days_of(entries: tuple[Entry, ...]) -> list[tuple[str, int, str]]:
    return [(entry.visit, entry.day, entry.protocol_version) for entry in entries]


# -- dates ----------------------------------------------------------------------------------------------


def test_days_are_counted_by_the_calendar_from_a_leap_day() -> None:
    entries = entries_of(terms(once(1, "next-day"), once(365, "a-year", days_before=14, days_after=7)), START)

    assert [entry.due_on for entry in entries] == [date(2024, 3, 1), date(2025, 2, 28)]
    assert (entries[1].opens_on, entries[1].closes_on) == (date(2025, 2, 14), date(2025, 3, 7))


def test_fifteen_years_of_yearly_contacts_are_fifteen_entries() -> None:
    entries = entries_of(terms(yearly(15)), START)

    assert [entry.day for entry in entries] == [365 * year for year in range(1, 16)]


def test_sixty_years_of_days_are_computed_and_a_changed_version_takes_over_in_the_middle() -> None:
    daily = PlannedVisit(
        visit="diary",
        label="Diary",
        kind=ContactKind.QUESTIONNAIRE,
        from_days=1,
        every_days=1,
        until_days=60 * 365,
    )
    change = START + 30 * 365 * DAY

    entries = schedule_of(
        [applied(terms(daily, years=60)), applied(terms(daily, version="2.0", years=60), change)]
    )

    assert [entry.day for entry in entries] == list(range(1, 60 * 365 + 1))
    assert {entry.protocol_version for entry in entries if entry.due_on >= change} == {"2.0"}


def test_a_window_never_opens_before_the_start() -> None:
    (entry,) = entries_of(terms(once(3, days_before=10)), START)

    assert entry.opens_on == START


def test_the_anniversary_of_a_leap_day_is_the_first_of_march_in_a_common_year() -> None:
    assert anniversary(START, 1) == date(2025, 3, 1)
    assert anniversary(START, 4) == date(2028, 2, 29)
    assert anniversary(date(2024, 6, 1), 60) == date(2084, 6, 1)


instants = st.integers(0, 60 * 366 * 24 * 60).map(
    lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
starts = st.dates(date(2000, 1, 1), date(2060, 12, 31))
visits = st.builds(
    PlannedVisit,
    visit=st.sampled_from(["a", "b", "c"]),
    label=st.just("A visit"),
    kind=st.sampled_from(ContactKind),
    from_days=st.integers(0, 400),
    every_days=st.integers(7, 400) | st.just(0),
    until_days=st.integers(400, 20 * 366),
    days_before=st.integers(0, 60),
    days_after=st.integers(0, 60),
)


@given(visits, starts)
def test_every_due_day_lies_the_planned_number_of_days_after_the_start(
    visit: PlannedVisit, start: date
) -> None:
    entries = entries_of(terms(visit), start)

    assert [entry.day for entry in entries] == list(visit.days)
    for entry in entries:
        assert (entry.due_on - start).days == entry.day
        assert start <= entry.opens_on <= entry.due_on <= entry.closes_on


@given(
    instants,
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
    st.integers(0, 60 * 366),
)
def test_a_clock_change_night_moves_no_due_date(at: datetime, zone: str, day: int) -> None:
    start = local_date(at, ZoneInfo(zone))

    (entry,) = entries_of(terms(once(day)), start)

    noon = datetime.combine(entry.due_on, time(12), tzinfo=ZoneInfo(zone))
    assert (local_date(noon.astimezone(UTC), ZoneInfo(zone)) - start).days == day


# -- versions -------------------------------------------------------------------------------------------


def test_a_new_version_changes_only_what_opens_after_it() -> None:
    old, new = terms(yearly(5)), terms(yearly(5, every=180), version="2.0")

    entries = schedule_of([applied(old), applied(new, START + 800 * DAY)])

    assert days_of(entries)[:4] == [
        ("yearly", 365, "1.0"),
        ("yearly", 730, "1.0"),
        ("yearly", 900, "2.0"),
        ("yearly", 1080, "2.0"),
    ]


def test_a_visit_that_a_new_version_moves_is_owed_once() -> None:
    old = terms(once(365, "month-12", days_before=14))
    new = terms(once(372, "month-12", days_before=7), version="2.0")

    entries = schedule_of([applied(old), applied(new, START + 355 * DAY)])

    assert days_of(entries) == [("month-12", 365, "1.0")]


def test_a_version_that_ends_follow_up_leaves_what_was_open() -> None:
    old, new = terms(yearly(5)), terms(version="2.0")

    entries = schedule_of([applied(old), applied(new, START + 366 * DAY)])

    assert days_of(entries) == [("yearly", 365, "1.0")]


def test_a_record_stays_when_a_later_version_would_have_moved_its_entry() -> None:
    old, new = terms(yearly(3)), terms(yearly(3, every=360), version="2.0")
    recorded = entries_of(old, START)[1]

    entries = schedule_of([applied(old), applied(new, START + 400 * DAY)], kept=[recorded])

    assert days_of(entries) == [
        ("yearly", 365, "1.0"),
        ("yearly", 720, "2.0"),
        ("yearly", 730, "1.0"),
        ("yearly", 1080, "2.0"),
    ]


def test_the_windows_of_one_series_may_touch_and_each_day_is_owed() -> None:
    weekly = PlannedVisit(
        visit="weekly",
        label="Weekly",
        kind=ContactKind.VISIT,
        from_days=7,
        every_days=7,
        until_days=28,
        days_before=5,
        days_after=5,
    )
    first = entries_of(terms(weekly), START)[0]

    entries = schedule_of([applied(terms(weekly))], kept=[first])

    assert [entry.day for entry in entries] == [7, 14, 21, 28]


@given(visits, visits, starts, st.integers(-100, 4000))
def test_without_a_record_no_window_of_another_version_changes_what_opened_before_it(
    old: PlannedVisit, new: PlannedVisit, start: date, after: int
) -> None:
    change = start + after * DAY
    versions = [
        applied(terms(old), start_on=start),
        applied(terms(new, version="2.0"), change, start_on=start),
    ]

    entries = schedule_of(versions)

    before = [entry for entry in entries_of(terms(old), start) if entry.opens_on < change]
    assert [entry for entry in entries if entry.opens_on < change] == before
    assert all(entry.protocol_version == "2.0" for entry in entries if entry.opens_on >= change)
    assert len({entry.key for entry in entries}) == len(entries)


def test_follow_up_ends_with_its_years_or_its_last_window() -> None:
    versions = [applied(terms(yearly(1, days_after=400), years=1))]

    assert follow_up_ends_on(versions, ()) == date(2025, 3, 1)
    assert follow_up_ends_on(versions, schedule_of(versions)) == START + (365 + 400) * DAY
    assert follow_up_ends_on([applied(terms(yearly(1)), start_on=None)], ()) is None
    assert follow_up_ends_on([], ()) is None


# -- one participant ------------------------------------------------------------------------------------


def test_today_is_the_day_at_the_site() -> None:
    infused = datetime(2024, 6, 1, 12, tzinfo=UTC)
    of = AfterwardsTerms(
        version="1.0",
        effective_at=datetime(2024, 1, 1, tzinfo=UTC),
        follow_up=FollowUpTerms(version="1.0", starts=FollowUpStart.FIRST_DOSE, years=1, visits=(once(28),)),
        course=(),
        treats=True,
        has_window=False,
    )
    child = Followed(
        participant_id="p",
        number="EP01-012-0018",
        site_number="012",
        site_closed=False,
        zone=LONDON,
        registered_at=infused - DAY,
        first_dose_at=infused,
        treatment_ended_at=None,
        voided=False,
        allocated=True,
    )
    midnight_in_london = datetime(2024, 6, 28, 23, 0, tzinfo=UTC)

    before = follow_up_now(child, [of], midnight_in_london - timedelta(seconds=1))
    after = follow_up_now(child, [of], midnight_in_london)

    assert [one.state for one in before.entries] == [EntryState.NOT_YET]
    assert [one.state for one in after.entries] == [EntryState.DUE]
