"""What stands of each follow-up entry today, and what may be said of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.enrolment.domain.follow_up import (
    ContactKind,
    Entry,
    FollowUpStart,
    FollowUpTerms,
    PlannedVisit,
    entries_of,
)
from services.enrolment.domain.follow_up_states import (
    Contacted,
    ContactFlag,
    ContactOutcome,
    EntryState,
    Standing,
    Stop,
    check_contact,
    contact_flags,
    find_entry,
    state_of,
    stops_of,
    to_do,
)
from services.enrolment.domain.participation import Course, Element
from services.enrolment.domain.refusals import Refused

DAY = timedelta(days=1)
START = date(2024, 2, 29)


def once(day: int, visit: str = "day-28", kind: ContactKind = ContactKind.VISIT, **more: int) -> PlannedVisit:
    return PlannedVisit(visit=visit, label=visit, kind=kind, from_days=day, **more)


def terms(*visits: PlannedVisit) -> FollowUpTerms:
    return FollowUpTerms(version="1.0", starts=FollowUpStart.INFUSION, years=15, visits=visits)


ENTRY = entries_of(terms(once(28, days_before=3, days_after=7)), START)[0]
CONTACT = entries_of(terms(once(365, "yearly", ContactKind.CONTACT, days_before=30, days_after=60)), START)[0]


def state(entry: Entry, today: date, **standing: object) -> EntryState:
    return state_of(entry, None, Standing(today=today, **standing)).state  # type: ignore[arg-type]


def test_an_entry_is_due_while_its_window_is_open_and_overdue_after_it() -> None:
    assert state(ENTRY, ENTRY.opens_on - DAY) is EntryState.NOT_YET
    assert state(ENTRY, ENTRY.opens_on) is EntryState.DUE
    assert state(ENTRY, ENTRY.closes_on) is EntryState.DUE
    assert state(ENTRY, ENTRY.closes_on + DAY) is EntryState.OVERDUE


@pytest.mark.parametrize("kind", list(ContactKind))
def test_a_death_leaves_no_contact_due(kind: ContactKind) -> None:
    entry = entries_of(terms(once(28, kind=kind)), START)[0]

    for today in (START, entry.due_on, entry.closes_on + DAY):
        assert state(entry, today, died=True) is EntryState.CANCELLED


def test_what_is_recorded_stays_after_a_death() -> None:
    done = Contacted(outcome=ContactOutcome.DONE, happened_on=ENTRY.due_on)

    now = state_of(ENTRY, done, Standing(today=ENTRY.closes_on, died=True))

    assert (now.state, now.happened_on) == (EntryState.DONE, ENTRY.due_on)


@pytest.mark.parametrize(
    ("element", "cancels"),
    [
        (Element.TRIAL_VISITS_PROCEDURES, {ContactKind.VISIT, ContactKind.SAMPLE}),
        (Element.CONTACT, {ContactKind.CONTACT, ContactKind.QUESTIONNAIRE, ContactKind.INTERVIEW}),
        (Element.SAMPLE_USE, {ContactKind.SAMPLE}),
        (Element.TREATMENT, set()),
        (Element.DATA_ALREADY_COLLECTED, set()),
    ],
)
def test_each_stop_cancels_its_own_kinds_of_contact(element: Element, cancels: set[ContactKind]) -> None:
    stops = (Stop(element=element, since=START, until=None),)
    entries = {kind: entries_of(terms(once(28, kind=kind)), START)[0] for kind in ContactKind}

    cancelled = {
        kind
        for kind, entry in entries.items()
        if state(entry, entry.due_on, stops=stops) is EntryState.CANCELLED
    }

    assert cancelled == cancels


def test_a_stop_that_was_taken_back_cancels_only_what_closed_during_it() -> None:
    closes = CONTACT.closes_on
    today = closes + 400 * DAY

    def after(since: date, until: date) -> EntryState:
        return state(CONTACT, today, stops=(Stop(element=Element.CONTACT, since=since, until=until),))

    assert after(closes, closes + DAY) is EntryState.CANCELLED
    assert after(closes - DAY, closes) is EntryState.OVERDUE
    assert after(closes + DAY, closes + 9 * DAY) is EntryState.OVERDUE


def test_stops_are_read_from_the_changes_in_the_order_they_were_made() -> None:
    stopped, goes_on = {Element.CONTACT: Course.STOPPED}, {Element.CONTACT: Course.CONTINUES}
    first, second, third = START, START + DAY, START + 2 * DAY

    stops = stops_of(
        [(first, stopped), (second, stopped), (third, goes_on), (third, goes_on), (third, stopped)]
    )

    assert stops == (
        Stop(element=Element.CONTACT, since=first, until=third),
        Stop(element=Element.CONTACT, since=third, until=None),
    )


def test_an_opt_out_ends_what_is_sent_and_asked_but_no_visit() -> None:
    questionnaire = entries_of(terms(once(28, kind=ContactKind.QUESTIONNAIRE)), START)[0]

    assert state(questionnaire, questionnaire.due_on, opted_out=True) is EntryState.CANCELLED
    assert state(ENTRY, ENTRY.due_on, opted_out=True) is EntryState.DUE


def test_a_worklist_has_what_is_due_overdue_or_opens_by_a_date() -> None:
    entries = entries_of(terms(once(10, "a"), once(20, "b"), once(30, "c"), once(40, "d")), START)
    today = entries[1].due_on
    done = Contacted(outcome=ContactOutcome.DONE, happened_on=START)
    now = [state_of(entries[0], done, Standing(today=today))]
    now += [state_of(entry, None, Standing(today=today)) for entry in entries[1:]]

    assert [one.entry.visit for one in to_do(now, today)] == ["b"]
    assert [one.entry.visit for one in to_do(now, entries[2].opens_on)] == ["b", "c"]


def test_what_may_be_said_of_an_entry() -> None:
    today = Standing(today=ENTRY.opens_on)
    early = Standing(today=ENTRY.opens_on - DAY)

    check_contact(ENTRY, ContactOutcome.DONE, ENTRY.opens_on, today, None)
    check_contact(ENTRY, ContactOutcome.REFUSED, early.today, early, None)
    for outcome, on, standing, died_on, code in (
        (ContactOutcome.DONE, ENTRY.due_on, today, None, "time_in_future"),
        (ContactOutcome.MISSED, early.today, early, None, "follow_up_not_open"),
        (ContactOutcome.DONE, today.today, today, today.today - DAY, "participant_died"),
        (ContactOutcome.MISSED, today.today, today, today.today, "participant_died"),
    ):
        with pytest.raises(Refused) as refused:
            check_contact(ENTRY, outcome, on, standing, died_on)
        assert refused.value.code == code


def test_a_visit_before_the_death_may_still_be_entered_after_it() -> None:
    standing = Standing(today=ENTRY.closes_on, died=True)

    check_contact(ENTRY, ContactOutcome.DONE, ENTRY.due_on, standing, died_on=ENTRY.due_on)


def test_an_unknown_entry_is_refused() -> None:
    with pytest.raises(Refused, match="follow_up_entry_unknown"):
        find_entry([ENTRY], "day-28", 29)


def test_what_was_not_in_order_about_a_contact_is_flagged() -> None:
    late = (datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 4, 9, tzinfo=UTC))
    stops = (Stop(element=Element.TRIAL_VISITS_PROCEDURES, since=START, until=None),)

    flags = contact_flags(
        ENTRY,
        ContactOutcome.DONE,
        ENTRY.closes_on + DAY,
        Standing(today=date(2024, 4, 9), stops=stops),
        entered=late,
        corrects=True,
    )

    assert flags == frozenset(ContactFlag)


def test_a_refusal_outside_the_window_is_in_order() -> None:
    now = datetime(2024, 3, 1, tzinfo=UTC)

    flags = contact_flags(
        ENTRY,
        ContactOutcome.REFUSED,
        START,
        Standing(today=START),
        entered=(now, now),
        corrects=False,
    )

    assert flags == frozenset()
