"""What an investigator confirms of an event: its grades, DLT exclusions, an opinion noted by telephone."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.safety.domain.adverse_event import AdverseEvent, EventContent, Exclusion, changed_fields
from services.safety.domain.causality import Standing, confirm_opinion
from services.safety.domain.ids import PersonId
from services.safety.domain.intake import ReportDecision, decide_content
from services.safety.domain.refusals import Refused
from services.safety.domain.report import ReportContext

CONFIRMED = "confirmed by the investigator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """`exclusions` are ids out of the DLT definition that the investigator finds to apply to the event."""

    by: PersonId
    grades: bool = False
    causality: bool = False
    exclusions: tuple[str, ...] = ()


def decide_confirmation(
    current: AdverseEvent,
    confirmation: Confirmation,
    context: ReportContext,
    *,
    received_at: datetime,
    now: datetime,
) -> tuple[AdverseEvent, ReportDecision]:
    """Next version of an event, with what the participant's investigator has confirmed.

    Args:
        current: the version in force.
        confirmation: by an investigator of the participant's site.
        context: facts and rules in force.
        received_at: when the first version arrived.
        now: domain time, aware UTC.

    Raises:
        Refused: `nothing_to_confirm`, `exclusion_not_in_definition`.
    """
    unknown = sorted(set(confirmation.exclusions) - context.exclusion_ids)
    if unknown:
        raise Refused("exclusion_not_in_definition", "The trial's DLT definition has no such exclusion.")
    content = _confirmed(current.content, confirmation, now)
    changed = changed_fields(current.content, content)
    if not changed:
        raise Refused("nothing_to_confirm", "Everything named stands as confirmed.")
    version = AdverseEvent(
        id=current.id,
        version=current.version + 1,
        content=content,
        recorded_by=confirmation.by,
        recorded_at=now,
        reason=CONFIRMED,
        changed=changed,
    )
    return version, decide_content(content, context, now=now, received_at=received_at)


def _confirmed(content: EventContent, confirmation: Confirmation, now: datetime) -> EventContent:
    by = confirmation.by
    if confirmation.grades:
        grades = tuple(
            entry if entry.confirmed else replace(entry, confirmed_by=by) for entry in content.grades
        )
        content = replace(content, grades=grades)
    opinion = content.causality
    if confirmation.causality and opinion is not None and opinion.standing is Standing.STATED:
        confirmed = confirm_opinion(opinion, by=by, now=now, investigators=frozenset({by}))
        content = replace(content, causality=confirmed)
    if confirmation.exclusions:
        content = replace(content, exclusions=_exclusions(content, confirmation))
    return content


def _exclusions(content: EventContent, confirmation: Confirmation) -> tuple[Exclusion, ...]:
    held = {exclusion.id: exclusion for exclusion in content.exclusions}
    for id_ in confirmation.exclusions:
        if id_ not in held or held[id_].confirmed_by is None:
            held[id_] = Exclusion(id=id_, confirmed_by=confirmation.by)
    return tuple(held.values())
