"""From stored adverse events to what the DLT rules take in, and from findings to alerts."""

from services.safety.domain.adverse_event import AdverseEvent, GradeEntry
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.causality import effective
from services.safety.domain.dlt import DltFinding, Provisional, Verdict
from services.safety.domain.dlt_facts import DltEvent
from services.safety.domain.dlt_timeline import DatedGrade, Strength
from services.safety.domain.dlt_window import DltWindow


def dlt_event_of(event: AdverseEvent, window: DltWindow) -> DltEvent:
    """The event in day numbers of the participant's window.

    Args:
        event: its newest version; a withdrawn event is left out by the caller.
        window: the participant's window, whose zone gave the local dates.
    """
    content = event.content
    return DltEvent(
        id=event.id,
        version=event.version,
        term=content.term.name if content.term is not None else "",
        soc=content.term.soc if content.term is not None else "",
        causality=effective(content.causality),
        sponsor_causality=effective(content.sponsor_causality),
        confirmed_exclusions=frozenset(
            exclusion.id for exclusion in content.exclusions if exclusion.confirmed_by is not None
        ),
        grades=tuple(_dated(entry, window) for entry in content.grades) or _unknown_grade(event, window),
    )


def _dated(entry: GradeEntry, window: DltWindow) -> DatedGrade:
    """A grade in day numbers; one that could not be coded counts as reported, unconfirmed until corrected."""
    return DatedGrade(
        day=window.day_of(entry.on.coded) if entry.on.coded is not None else None,
        grade=entry.coded if entry.coded is not None else entry.reported,
        confirmed=entry.confirmed and entry.coded is not None,
    )


def _unknown_grade(event: AdverseEvent, window: DltWindow) -> tuple[DatedGrade, ...]:
    onset = event.content.onset.coded
    day = window.day_of(onset) if onset is not None else None
    return (DatedGrade(day=day, grade=None, confirmed=False),)


def alerts_for(participant_id: str, before: DltFinding | None, after: DltFinding) -> tuple[AlertRequest, ...]:
    """Alerts that a new finding raises: a DLT, provisional or not, that its cause has not raised before.

    Args:
        participant_id: names the cause where no adverse event does (a delayed or missed dose).
        before: the finding in force so far, if any.
        after: the new finding.

    Returns:
        One alert per cause; provisional and certain DLT share a kind, so confirming wakes nobody twice.
    """
    known = _causes(participant_id, before) if before is not None else frozenset()
    new = _causes(participant_id, after) - known
    return tuple(AlertRequest(kind=AlertKind.DLT, cause=cause) for cause in sorted(new))


def _causes(participant_id: str, finding: DltFinding) -> frozenset[str]:
    if finding.verdict is not Verdict.DLT and finding.provisional is not Provisional.DLT:
        return frozenset()
    causes: set[str] = set()
    for criterion in finding.criteria:
        if criterion.strength >= Strength.PROVISIONAL:
            causes |= {event_id for event_id, _ in criterion.events} or {f"{participant_id}:{criterion.id}"}
    return frozenset(causes)
