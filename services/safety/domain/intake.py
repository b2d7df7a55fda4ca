"""Intake: a readable report is always accepted; the decision says how it is coded, queried and announced."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from services.safety.domain.adverse_event import (
    AdverseEvent,
    Emergence,
    EventContent,
    Outcome,
    changed_fields,
    emergence,
)
from services.safety.domain.alert import AlertKind
from services.safety.domain.causality import DerivedCausality, derive_causality, effective
from services.safety.domain.coding import code_report
from services.safety.domain.corrections import keep_what_stands
from services.safety.domain.ctcae import GRADE_OF_DEATH
from services.safety.domain.ids import AdverseEventId
from services.safety.domain.queries import BLOCKING_SUBMISSION, Query, QueryCode, queries_about
from services.safety.domain.refusals import Refused
from services.safety.domain.report import Participant, Report, ReportContext, Unmatched
from services.safety.domain.seriousness import (
    Criterion,
    DerivedSeriousness,
    Urgency,
    derive_seriousness,
    urgency,
)

GRADE_THAT_MAY_BE_A_DLT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDecision:
    """What follows from a report: never a refusal.

    `alerts` are the gravest kind alone, or none; `holds_trial` says that the report belongs to nobody
    known and may matter, so the trial holds until it is matched or cleared.
    """

    content: EventContent
    emergence: Emergence
    seriousness: DerivedSeriousness
    urgency: Urgency
    causality: DerivedCausality
    queries: tuple[Query, ...]
    alerts: tuple[AlertKind, ...]
    matched: bool
    holds_trial: bool

    @property
    def submission_blocked(self) -> bool:
        return any(query.code in BLOCKING_SUBMISSION for query in self.queries)

    @property
    def seriousness_due_at(self) -> datetime | None:
        """When the unanswered question on seriousness turns into "serious", or None if it was answered."""
        asked = (query for query in self.queries if query.code is QueryCode.SERIOUSNESS_MISSING)
        return next((query.due_at for query in asked), None)


GRAVEST_FIRST = (
    AlertKind.DEATH,
    AlertKind.LIFE_THREATENING,
    AlertKind.LATE_EFFECT,
    AlertKind.UNMATCHED_REPORT,
    AlertKind.SERIOUS_ADVERSE_EVENT,
    AlertKind.SPECIAL_REPORT,
)
"""Alerts that a report itself may raise: nobody is woken twice by it unless it turns out to be graver."""


def still_to_raise(decided: Collection[AlertKind], raised: Collection[AlertKind]) -> tuple[AlertKind, ...]:
    """Of what a version of a report raises, what is graver than everything that its earlier ones have raised."""
    ranks = [GRAVEST_FIRST.index(kind) for kind in raised if kind in GRAVEST_FIRST]
    most = min(ranks, default=len(GRAVEST_FIRST))
    return tuple(kind for kind in decided if kind not in GRAVEST_FIRST or GRAVEST_FIRST.index(kind) < most)


def decide_report(report: Report, context: ReportContext, *, now: datetime) -> ReportDecision:
    """Decision on a new report.

    Args:
        report: as sent by anybody who is authenticated.
        context: the participant (or nobody known), the pinned dictionary, the site's zone, protocol rules.
        now: server time of receipt, aware UTC.
    """
    return decide_content(code_report(report, context, now=now), context, now=now, received_at=now)


def decide_content(
    content: EventContent, context: ReportContext, *, now: datetime, received_at: datetime
) -> ReportDecision:
    """Decision on content already coded: for a later version, or when the answer on seriousness is overdue.

    Args:
        content: the version to judge.
        context: facts and rules in force.
        now: server time, aware UTC.
        received_at: when the first report arrived; an unanswered seriousness is due from then.
    """
    participant = context.participant
    matched = not isinstance(participant, Unmatched)
    seriousness = derive_seriousness(
        content.seriousness,
        content.sponsor_seriousness,
        admission=content.admission,
        not_serious=context.not_serious,
    )
    due_at = received_at + context.answer_limit
    urgent = urgency(content.seriousness, seriousness, answer_due_at=due_at, now=now)
    unknown = not matched and _may_matter(content, seriousness)
    return ReportDecision(
        content=content,
        emergence=_emergence(content, participant),
        seriousness=seriousness,
        urgency=urgent,
        causality=derive_causality(
            effective(content.causality),
            effective(content.sponsor_causality),
            unlikely_is_suspected=context.unlikely_is_suspected,
        ),
        queries=queries_about(content, context, now=received_at),
        alerts=_alerts(content, seriousness, urgent, unknown=unknown),
        matched=matched,
        holds_trial=unknown,
    )


def decide_amendment(
    current: AdverseEvent,
    report: Report,
    context: ReportContext,
    *,
    reason: str,
    received_at: datetime,
    now: datetime,
) -> tuple[AdverseEvent, ReportDecision]:
    """Next version of an event from a complete new statement of it.

    What the statement repeats unchanged keeps who confirmed it; an assessment that it leaves out stays. The
    earliest awareness of all versions stays, because day 0 never moves later. A statement that is still
    serious is stored even without a reason, with a query; one that is not, is refused.

    Args:
        current: the version that the author has seen.
        report: the whole event as the author now states it.
        context: facts and rules in force.
        reason: why it changes.
        received_at: when the first version arrived.
        now: server time, aware UTC.

    Raises:
        Refused: `reason_required`, `nothing_changed`.
    """
    coded = code_report(report, context, now=now)
    content = keep_what_stands(current.content, coded, report, reason=reason.strip(), now=now)
    changed = changed_fields(current.content, content)
    if not changed:
        raise Refused("nothing_changed", "The new statement equals the version in force.")
    decision = decide_content(content, context, now=now, received_at=received_at)
    if not reason.strip():
        decision = _without_reason(decision)
    version = AdverseEvent(
        id=current.id,
        version=current.version + 1,
        content=content,
        recorded_by=report.author.person,
        recorded_at=now,
        reason=reason.strip(),
        changed=changed,
    )
    return version, decision


def _without_reason(decision: ReportDecision) -> ReportDecision:
    if not decision.seriousness.serious:
        raise Refused("reason_required", "A change to an adverse event needs a reason.")
    missing = Query(code=QueryCode.REASON_MISSING, field="reason")
    return replace(decision, queries=(*decision.queries, missing))


def first_version(
    id_: AdverseEventId, report: Report, decision: ReportDecision, *, now: datetime
) -> AdverseEvent:
    """Version 1 of an event, as the decision coded it."""
    return AdverseEvent(
        id=id_,
        version=1,
        content=decision.content,
        recorded_by=report.author.person,
        recorded_at=now,
    )


def _emergence(content: EventContent, participant: Participant) -> Emergence:
    if isinstance(participant, Unmatched):
        return Emergence.TREATMENT_EMERGENT
    return emergence(content.onset.coded, participant)


def _may_matter(content: EventContent, seriousness: DerivedSeriousness) -> bool:
    """Whether an unmatched report may be serious or a DLT of somebody in the trial."""
    grade = content.worst_reported_grade()
    return seriousness.serious or grade == 0 or grade >= GRADE_THAT_MAY_BE_A_DLT


def _alerts(
    content: EventContent, seriousness: DerivedSeriousness, urgent: Urgency, *, unknown: bool
) -> tuple[AlertKind, ...]:
    """What the report raises: one alert, for the gravest fact about it."""
    if _is_death(content, seriousness):
        return (AlertKind.DEATH,)
    if Criterion.LIFE_THREATENING in seriousness.criteria:
        return (AlertKind.LIFE_THREATENING,)
    if unknown:
        return (AlertKind.UNMATCHED_REPORT,)
    return (AlertKind.SERIOUS_ADVERSE_EVENT,) if urgent is Urgency.SERIOUS else ()


def _is_death(content: EventContent, seriousness: DerivedSeriousness) -> bool:
    """Any sign of a death counts, contradictory or not: the query comes after the alert."""
    return (
        Criterion.DEATH in seriousness.criteria
        or content.outcome is Outcome.FATAL
        or content.worst_reported_grade() == GRADE_OF_DEATH
        or any(character.isdigit() for character in content.death_on.text)
    )
