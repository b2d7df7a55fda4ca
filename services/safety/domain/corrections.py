"""Corrections: what a new statement repeats stands as confirmed, and protected opinions stay protected."""

from dataclasses import replace
from datetime import datetime

from services.safety.domain.adverse_event import EventContent, Exclusion, GradeEntry
from services.safety.domain.causality import (
    Causality,
    Opinion,
    Party,
    Standing,
    Writer,
    decide_opinion,
    read_causality,
)
from services.safety.domain.refusals import Refused
from services.safety.domain.report import Author, Report
from services.safety.domain.reported_time import ReportedDate

REPORTED_WITHOUT_REASON = "no reason stated"


def keep_what_stands(
    before: EventContent, coded: EventContent, report: Report, *, reason: str, now: datetime
) -> EventContent:
    """The new content, with confirmations, opinions and the sponsor's views of the version before.

    Args:
        before: content in force.
        coded: the new statement, coded on its own.
        report: the new statement as sent.
        reason: why the author changes the event.
        now: server time, aware UTC.
    """
    return replace(
        coded,
        aware=min(before.aware, coded.aware, key=lambda aware: aware.at),
        grades=tuple(_grade_as_confirmed(before, entry) for entry in coded.grades),
        exclusions=tuple(_exclusion_as_confirmed(before, entry) for entry in coded.exclusions),
        seriousness=before.seriousness if report.seriousness is None else coded.seriousness,
        sponsor_seriousness=before.sponsor_seriousness,
        reported_causality=coded.reported_causality or before.reported_causality,
        causality=_opinion(before, report, reason, now),
        sponsor_causality=before.sponsor_causality,
    )


def _grade_as_confirmed(before: EventContent, entry: GradeEntry) -> GradeEntry:
    for held in before.grades:
        same = _same_date(held.on, entry.on) and (held.reported, held.coded) == (entry.reported, entry.coded)
        if same and held.confirmed:
            return held
    return entry


def _same_date(one: ReportedDate, other: ReportedDate) -> bool:
    return (one.coded, one.text.strip()) == (other.coded, other.text.strip())


def _exclusion_as_confirmed(before: EventContent, entry: Exclusion) -> Exclusion:
    for held in before.exclusions:
        if held.id == entry.id and held.confirmed_by is not None:
            return held
    return entry


def _opinion(before: EventContent, report: Report, reason: str, now: datetime) -> Opinion | None:
    """The opinion that stands now; words of somebody who may not give it change nothing and are queried."""
    held = before.causality
    value, _ = read_causality(report.causality)
    settled = held is not None and held.value is value and not confirms(held, report.author)
    if value is Causality.NOT_ASSESSED or settled:
        return held
    try:
        return decide_opinion(
            Party.INVESTIGATOR,
            value,
            previous=held,
            writer=report.author.writer,
            recorded_by=report.author.person,
            stated_by=report.author.stated_by,
            reason=reason or REPORTED_WITHOUT_REASON,
            now=now,
        )
    except Refused:
        return held


def confirms(held: Opinion, author: Author) -> bool:
    """Whether the author makes a stated opinion an investigator's own by giving it too."""
    return held.standing is Standing.STATED and author.writer is Writer.INVESTIGATOR
