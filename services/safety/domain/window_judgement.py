"""One participant's window judged now: verdict, what it rests on, whom it wakes, and when to look again."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.safety.domain.adverse_event import AdverseEvent
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.dlt import DltFinding, Provisional, Verdict, WindowState, evaluate_dlt
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.dlt_events import alerts_for, dlt_event_of
from services.safety.domain.dlt_facts import CriterionFinding, DltEvent, Open
from services.safety.domain.dlt_judgement import DatedJudgement
from services.safety.domain.dlt_timeline import Strength, during_day
from services.safety.domain.dlt_unexplained import EVENT_MISSING, hold_unexplained
from services.safety.domain.dlt_window import DltWindow
from services.safety.domain.intake import GRADE_THAT_MAY_BE_A_DLT
from services.safety.domain.treatment_course import Course, doses_of_window, left_window

UNKNOWN = "unknown"
DEFINITION_NOT_KNOWN = "definition_not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFacts:
    """Everything a verdict is made of; `definition` is None while the protocol version is not known here."""

    participant_id: str
    window_id: str
    definition: DltDefinition | None
    doses_planned: int
    zone: ZoneInfo
    course: Course
    events: tuple[AdverseEvent, ...]
    judgements: tuple[DatedJudgement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict now. Only `verdict`, `provisional` and `criteria` make a new version worth telling."""

    verdict: Verdict
    provisional: Provisional
    criteria: tuple[str, ...]
    reasons: tuple[str, ...]
    findings: tuple[CriterionFinding, ...]
    definition: str
    dictionary: str
    convention: str
    as_of_day: int | None
    next_check_at: datetime | None
    closes_at: datetime | None
    closed: bool
    alerts: tuple[AlertRequest, ...]


def judge_window(facts: WindowFacts, *, now: datetime) -> Judgement:
    """Verdict on the facts as they stand.

    Args:
        facts: newest versions of everything known.
        now: domain time, aware UTC.

    Returns:
        `next_check_at` is the next instant at which time alone may change the answer or ends the window.
    """
    if facts.definition is None:
        return _without_definition(facts)
    started_at = facts.course.started_at(facts.definition.starts)
    if started_at is None:
        left = left_window(facts.course, None)
        finding = evaluate_dlt(facts.definition, WindowState.NOT_STARTED, (), None, left, during_day(0))
        return _judgement(facts, facts.definition, finding, window=None, now=now)
    window = DltWindow(started_at=started_at, zone=facts.zone, days=facts.definition.window_days)
    events = tuple(dlt_event_of(event, window) for event in facts.events)
    finding = _evaluate(facts, facts.definition, window, events, now)
    return _judgement(facts, facts.definition, finding, window=window, now=now)


def _evaluate(
    facts: WindowFacts,
    definition: DltDefinition,
    window: DltWindow,
    events: tuple[DltEvent, ...],
    now: datetime,
) -> DltFinding:
    left = left_window(facts.course, window)
    finding = evaluate_dlt(
        definition,
        WindowState.STARTED,
        events,
        doses_of_window(facts.course, window, planned=facts.doses_planned, now=now),
        left,
        during_day(window.day_at(now)),
        judgements=[judgement.within(window) for judgement in facts.judgements],
    )
    return hold_unexplained(finding, left, events, window_days=definition.window_days)


def _judgement(
    facts: WindowFacts,
    definition: DltDefinition,
    finding: DltFinding,
    *,
    window: DltWindow | None,
    now: datetime,
) -> Judgement:
    closed = window is not None and window.is_closed(now)
    next_check_at = _next_check(finding, window, now)
    return Judgement(
        verdict=finding.verdict,
        provisional=finding.provisional,
        criteria=tuple(sorted(criterion.id for criterion in finding.criteria if criterion.met)),
        reasons=finding.reasons,
        findings=tuple(one for one in finding.criteria if one.strength > Strength.NO),
        definition=f"{definition.id} {definition.version}",
        dictionary=definition.ctcae,
        convention=definition.convention.value,
        as_of_day=None if window is None else finding.as_of_day,
        next_check_at=next_check_at,
        closes_at=None if window is None else window.closes_at,
        closed=closed,
        alerts=_alerts(facts, finding, stuck=closed and next_check_at is None),
    )


def _next_check(finding: DltFinding, window: DltWindow | None, now: datetime) -> datetime | None:
    if window is None:
        return None
    instants = [window.closes_at]
    if finding.next_day_to_check is not None:
        instants.append(window.day_begins_at(finding.next_day_to_check))
    return min((instant for instant in instants if instant > now), default=None)


def _alerts(facts: WindowFacts, finding: DltFinding, *, stuck: bool) -> tuple[AlertRequest, ...]:
    """A DLT, provisional or not, once per cause; and a window over with something still to be entered."""
    alerts = list(alerts_for(facts.participant_id, None, finding))
    if EVENT_MISSING in finding.reasons:
        alerts.append(AlertRequest(kind=AlertKind.DLT, cause=f"{facts.participant_id}:{EVENT_MISSING}"))
    unanswered = stuck and finding.verdict is Verdict.PENDING
    if unanswered or Open.RESULT_MISSING.value in finding.reasons:
        alerts.append(AlertRequest(kind=AlertKind.RESULT_MISSING, cause=facts.window_id))
    return tuple(alerts)


def _without_definition(facts: WindowFacts) -> Judgement:
    """Nothing can be judged yet: pending, and provisionally a DLT as soon as a grave event is known."""
    grave = any(event.content.worst_reported_grade() >= GRADE_THAT_MAY_BE_A_DLT for event in facts.events)
    return Judgement(
        verdict=Verdict.PENDING,
        provisional=Provisional.DLT if grave else Provisional.NONE,
        criteria=(),
        reasons=(DEFINITION_NOT_KNOWN,),
        findings=(),
        definition=UNKNOWN,
        dictionary=UNKNOWN,
        convention=UNKNOWN,
        as_of_day=None,
        next_check_at=None,
        closes_at=None,
        closed=False,
        alerts=(),
    )
