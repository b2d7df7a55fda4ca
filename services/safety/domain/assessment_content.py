"""Assessments and versions of an event: what a version states as assessments, and what an assessment makes of one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.safety.domain.adverse_event import EventContent, Outcome
from services.safety.domain.assessment import ALL_PRODUCTS, Assessment, AssessmentKind, Source, latest
from services.safety.domain.causality import Causality, Opinion, Party, Standing, Writer, decide_opinion
from services.safety.domain.ids import PersonId
from services.safety.domain.seriousness import Answer, Criterion, View


def stated_in(
    content: EventContent,
    held: Sequence[Assessment],
    *,
    by: PersonId,
    event_version: int,
    reason: str,
    now: datetime,
) -> tuple[Assessment, ...]:
    """Views that a version of the event states and no record holds yet.

    Args:
        content: the version.
        held: every assessment of the event so far.
        by: who recorded the version.
        event_version: its number.
        reason: of the version.
        now: domain time, aware UTC.
    """
    found = []
    for kind, value, standing, opinion_of in _views(content, by):
        previous = latest(held, kind, Party.INVESTIGATOR, ALL_PRODUCTS)
        if previous is not None and (previous.value, previous.standing) == (value, standing):
            continue
        found.append(
            Assessment(
                kind=kind,
                party=Party.INVESTIGATOR,
                product=ALL_PRODUCTS,
                version=1 if previous is None else previous.version + 1,
                value=value,
                standing=standing,
                opinion_of=opinion_of,
                recorded_by=by,
                recorded_at=now,
                reason=reason,
                event_version=event_version,
                source=Source.REPORT,
            )
        )
    return tuple(found)


def _views(
    content: EventContent, by: PersonId
) -> list[tuple[AssessmentKind, tuple[str, ...], Standing, PersonId]]:
    views: list[tuple[AssessmentKind, tuple[str, ...], Standing, PersonId]] = []
    if content.seriousness.answer is Answer.ASSESSED:
        criteria = tuple(sorted(one.value for one in content.seriousness.criteria))
        views.append((AssessmentKind.SERIOUSNESS, criteria, Standing.OWN, by))
    opinion = content.causality
    if opinion is not None:
        views.append((AssessmentKind.CAUSALITY, (opinion.value.value,), opinion.standing, opinion.opinion_of))
    if content.outcome is not Outcome.NOT_STATED:
        views.append((AssessmentKind.OUTCOME, (content.outcome.value,), Standing.OWN, by))
    return views


def opinion_from(
    content: EventContent, assessment: Assessment, held: Sequence[Assessment], *, now: datetime
) -> Opinion:
    """The opinion on causality that stands for the event: of several products the highest."""
    party = assessment.party
    newest = {one.key: one for one in sorted((*held, assessment), key=lambda one: one.version)}
    values = [
        Causality(one.value[0])
        for one in newest.values()
        if one.kind is AssessmentKind.CAUSALITY and one.party is party
    ]
    # A view of all products that was there before views of single ones stays one of them.
    previous = content.causality if party is Party.INVESTIGATOR else content.sponsor_causality
    order = list(Causality)
    writer = Writer.INVESTIGATOR if assessment.standing is Standing.OWN else Writer.SAFETY_DESK
    return decide_opinion(
        party,
        max(values, key=order.index),
        previous=previous,
        writer=writer if party is Party.INVESTIGATOR else Writer.SPONSOR,
        recorded_by=assessment.recorded_by,
        stated_by=assessment.opinion_of if assessment.standing is Standing.STATED else None,
        reason=assessment.reason or "assessed",
        now=now,
    )


def content_with(
    content: EventContent, assessment: Assessment, held: Sequence[Assessment], *, now: datetime
) -> EventContent:
    """The event with a view in it; expectedness is of products and is no part of it.

    A note by telephone that an event is not serious, or how it ended, waits in its record until the investigator
    states it; criteria that it adds count at once.
    """
    own = assessment.standing is Standing.OWN
    match assessment.kind:
        case AssessmentKind.CAUSALITY:
            opinion = opinion_from(content, assessment, held, now=now)
            if assessment.party is Party.SPONSOR:
                return replace(content, sponsor_causality=opinion)
            return replace(content, causality=opinion)
        case AssessmentKind.SERIOUSNESS:
            view = View(answer=Answer.ASSESSED, criteria=frozenset(map(Criterion, assessment.value)))
            if assessment.party is Party.SPONSOR:
                return replace(content, sponsor_seriousness=view)
            return replace(content, seriousness=view) if own or assessment.value else content
        case AssessmentKind.OUTCOME:
            outcome = Outcome(assessment.value[0])
            return replace(content, outcome=outcome) if own or outcome is Outcome.FATAL else content
        case AssessmentKind.EXPECTEDNESS:
            return content
