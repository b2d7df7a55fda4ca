"""What stands of a follow-up schedule today: open, done, missed, refused or cancelled."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.enrolment.domain.claimed_times import entered_late
from services.enrolment.domain.follow_up import ContactKind, Entry
from services.enrolment.domain.participation import Course, Element
from services.enrolment.domain.refusals import Refused


class EntryState(StrEnum):
    """`due`: the window is open; `overdue`: it has closed and nothing is recorded."""

    NOT_YET = "not_yet"
    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"
    MISSED = "missed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class ContactOutcome(StrEnum):
    DONE = "done"
    MISSED = "missed"
    REFUSED = "refused"


# Who stops contact is not rung up, written to or interviewed; who stops visits does not come to hospital.
_CANCELLED_BY: Mapping[ContactKind, frozenset[Element]] = {
    ContactKind.VISIT: frozenset({Element.TRIAL_VISITS_PROCEDURES}),
    ContactKind.SAMPLE: frozenset({Element.TRIAL_VISITS_PROCEDURES, Element.SAMPLE_USE}),
    ContactKind.CONTACT: frozenset({Element.CONTACT}),
    ContactKind.QUESTIONNAIRE: frozenset({Element.CONTACT}),
    ContactKind.INTERVIEW: frozenset({Element.CONTACT}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """An element was stopped on `since` and taken up again on `until`; None while it is stopped."""

    element: Element
    since: date
    until: date | None


def stops_of(changes: Iterable[tuple[date, Mapping[Element, Course]]]) -> tuple[Stop, ...]:
    """Every stop of an element with its end, from the changes of participation in the order they were made."""
    since: dict[Element, date] = {}
    stops: list[Stop] = []
    for on, elements in changes:
        for element, course in elements.items():
            if course is Course.STOPPED:
                since.setdefault(element, on)
            elif element in since:
                stops.append(Stop(element=element, since=since.pop(element), until=on))
    return (*stops, *(Stop(element=element, since=on, until=None) for element, on in since.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacted:
    """What was recorded last for an entry."""

    outcome: ContactOutcome
    happened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What bears on every entry of one participant.

    `opted_out`: mailings are refused for ever, which ends questionnaires and contacts with them.
    """

    today: date
    died: bool = False
    voided: bool = False
    opted_out: bool = False
    stops: tuple[Stop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryNow:
    entry: Entry
    state: EntryState
    happened_on: date | None = None


def state_of(entry: Entry, recorded: Contacted | None, standing: Standing) -> EntryNow:
    """The state of one entry today.

    A death or a stop that lasts cancels everything of which nothing is recorded, windows that had closed
    included: nobody is to be rung up about them. A stop that was taken back cancels only what closed during it.
    """
    if recorded is not None:
        state = EntryState(recorded.outcome.value)
        return EntryNow(entry=entry, state=state, happened_on=recorded.happened_on)
    if _cancelled(entry, standing):
        return EntryNow(entry=entry, state=EntryState.CANCELLED)
    if standing.today < entry.opens_on:
        return EntryNow(entry=entry, state=EntryState.NOT_YET)
    state = EntryState.DUE if standing.today <= entry.closes_on else EntryState.OVERDUE
    return EntryNow(entry=entry, state=state)


def states_of(
    entries: Sequence[Entry], recorded: Mapping[tuple[str, int], Contacted], standing: Standing
) -> tuple[EntryNow, ...]:
    return tuple(state_of(entry, recorded.get(entry.key), standing) for entry in entries)


def _cancelled(entry: Entry, standing: Standing) -> bool:
    mailed = entry.kind in (ContactKind.CONTACT, ContactKind.QUESTIONNAIRE)
    if standing.died or standing.voided or (standing.opted_out and mailed):
        return True
    return any(
        stop.until is None or stop.since <= entry.closes_on < stop.until
        for stop in standing.stops
        if stop.element in _CANCELLED_BY[entry.kind]
    )


def to_do(entries: Iterable[EntryNow], until: date) -> tuple[EntryNow, ...]:
    """What somebody has to do: due, overdue, or opening by `until`."""
    return tuple(
        one
        for one in entries
        if one.state in (EntryState.DUE, EntryState.OVERDUE)
        or (one.state is EntryState.NOT_YET and one.entry.opens_on <= until)
    )


class ContactFlag(StrEnum):
    """What was not in order about a contact as it was recorded; none of it keeps it out."""

    OUTSIDE_WINDOW = "outside_window"
    LATE_ENTRY = "late_entry"
    AFTER_STOP = "after_stop"
    CORRECTS_EARLIER = "corrects_earlier"


def find_entry(entries: Iterable[Entry], visit: str, day: int) -> Entry:
    """The entry of this name.

    Raises:
        Refused: `follow_up_entry_unknown`.
    """
    for entry in entries:
        if entry.key == (visit, day):
            return entry
    raise Refused("follow_up_entry_unknown", "The follow-up of this participant has no such entry.")


def check_day(day: date, today: date) -> None:
    """Accepts a local date that has come.

    Raises:
        Refused: `time_in_future`.
    """
    if day > today:
        raise Refused("time_in_future", "The day given lies in the future.")


def check_contact(
    entry: Entry, outcome: ContactOutcome, happened_on: date, standing: Standing, died_on: date | None
) -> None:
    """Accepts what may be said of an entry.

    Raises:
        Refused: `time_in_future`; `follow_up_not_open` for a missed or refused entry whose window has not
            opened; `participant_died` for anything said to lie after the death, or missed because of it.
    """
    check_day(happened_on, standing.today)
    if died_on is not None and (happened_on > died_on or outcome is not ContactOutcome.DONE):
        raise Refused("participant_died", "A death is recorded; every contact has ended.")
    if outcome is ContactOutcome.MISSED and standing.today < entry.opens_on:
        raise Refused("follow_up_not_open", f"The window opens on {entry.opens_on.isoformat()}.")


def contact_flags(
    entry: Entry,
    outcome: ContactOutcome,
    happened_on: date,
    standing: Standing,
    *,
    entered: tuple[datetime, datetime],
    corrects: bool,
) -> frozenset[ContactFlag]:
    """What was not in order.

    Args:
        entry: the entry recorded for.
        outcome: what is said of it.
        happened_on: local date of it.
        standing: of the participant.
        entered: the end of that local day, and now.
        corrects: something else was recorded for the entry before.
    """
    done = outcome is ContactOutcome.DONE
    checks = {
        ContactFlag.OUTSIDE_WINDOW: done and not entry.opens_on <= happened_on <= entry.closes_on,
        ContactFlag.LATE_ENTRY: entered_late(*entered),
        ContactFlag.AFTER_STOP: done and _after_stop(entry.kind, happened_on, standing.stops),
        ContactFlag.CORRECTS_EARLIER: corrects,
    }
    return frozenset(flag for flag, applies in checks.items() if applies)


def _after_stop(kind: ContactKind, happened_on: date, stops: Collection[Stop]) -> bool:
    return any(
        stop.since < happened_on and (stop.until is None or happened_on < stop.until)
        for stop in stops
        if stop.element in _CANCELLED_BY[kind]
    )
