"""Recording a party's view of an event: a record of its own, and a new version of the event that carries it."""

from dataclasses import dataclass, replace

from services.safety.commands.announce_report import announce_amendment
from services.safety.commands.follow_case import Followed, follow_case
from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.commands.open_report import OpenedReport, open_report
from services.safety.commands.raise_alert import RaisedAlert, raise_alerts
from services.safety.commands.raise_for_report import raise_for_report
from services.safety.domain.adverse_event import AdverseEvent, EventContent, changed_fields
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.assessment import Assessment, Assessor, Stated, decide_assessment
from services.safety.domain.assessment_content import content_with
from services.safety.domain.causality import Party
from services.safety.domain.delegation import ReportFlag, delegation_flag
from services.safety.domain.ids import PersonId
from services.safety.domain.intake import decide_content
from services.safety.domain.refusals import Refused
from services.safety.domain.report_record import Kept
from services.safety.domain.roles import ASSESSING, CONFIRMING, DESK
from services.safety.events.published import AssessmentRecordedV1
from services.safety.store.adverse_events import add_version
from services.safety.store.assessments import assessments_of, new_assessments
from services.safety.store.places import delegations_of
from shared.act import Act
from shared.audit import record as audit
from shared.auth import ANY
from shared.database import Tx
from shared.outbox import NewEvent, put

PROTECTED = frozenset({"investigator_causality_protected", "sponsor_causality_protected"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAssessment:
    """`seen_version` is the version of the event that the assessor had before them, None if that was not said."""

    report_id: str
    stated: Stated
    seen_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The view as recorded, the event that carries it, and what followed."""

    assessment: Assessment
    kept: Kept
    followed: Followed | None
    alerts: list[RaisedAlert]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Somebody tried to write another party's view: it is on record that they did, and nothing else is."""

    refused: Refused


async def record_assessment(tx: Tx, command: RecordAssessment, act: Act) -> Recorded | Denied:
    """Keep a view, and derive class, obligations, verdict and alerts anew.

    Returns:
        Denied, whose audit row stays, for an attempt to write another party's view.

    Raises:
        Refused: see `decide_assessment`; `version_conflict`.
    """
    opened = await open_report(tx, act, command.report_id, ASSESSING)
    event = opened.record.event
    if command.seen_version not in (None, event.version):
        raise Refused("version_conflict", "There is a newer version.", {"version": event.version})
    held = await assessments_of(tx, command.report_id)
    try:
        assessment = decide_assessment(
            command.stated,
            await _assessor(tx, opened),
            held,
            products=opened.place.reporting.at(opened.record.received_at).products,
            event_version=event.version,
            now=act.now,
        )
    except Refused as refused:
        if refused.code not in PROTECTED:
            raise
        details = {"kind": command.stated.kind.value, "party": command.stated.party.value}
        await audit(tx, opened.act, command.report_id, "assessment.denied", details)
        return Denied(refused=refused)
    return await _keep(tx, opened, assessment, held)


async def _assessor(tx: Tx, opened: OpenedReport) -> Assessor:
    """Whose views the actor writes: an investigator's of the participant's site, the sponsor's at the desk."""
    act, place = opened.act, opened.place
    principal = act.principal
    assert principal is not None
    code, site = place.trial.code, opened.record.site_number
    delegations = await delegations_of(tx, place.trial.id, act.actor)
    ended = delegation_flag(delegations, site, now=act.now) is ReportFlag.DELEGATION_ENDED
    parties = set()
    if principal.allows(CONFIRMING, code, site or ANY) and not ended:
        parties.add(Party.INVESTIGATOR)
    desk = principal.allows(DESK, code, ANY)
    if desk:
        parties.add(Party.SPONSOR)
    return Assessor(person=PersonId(act.actor), writes_for=frozenset(parties), is_desk=desk)


async def _keep(tx: Tx, opened: OpenedReport, assessment: Assessment, held: list[Assessment]) -> Recorded:
    act, place, before = opened.act, opened.place, opened.record.event
    content = content_with(before.content, assessment, held, now=act.now)
    kept = _next(opened, content, assessment)
    (row,) = new_assessments(tx, before.id, [assessment], [act.new_id()])
    if kept.record.event.version > before.version:
        await add_version(tx, kept.record, kept.decision, place.dictionary.pinned)
        changed = kept.record.event.changed
        await announce_amendment(tx, act, kept, place.dictionary.pinned, changed=changed)
    await tx.fetch(row.sql, *row.arguments)
    raised = await raise_for_report(tx, act, before.id, kept.decision.alerts, kept.trial)
    followed = await follow_case(tx, act, kept, place)
    await put(tx, act, _event(kept, assessment, followed))
    raised += followed.alerts if followed else []
    raised += await _disagreement(tx, act, kept)
    if kept.record.participant_id is not None:
        command = JudgeWindow(participant_id=kept.record.participant_id, cause="report", report_id=before.id)
        judged = await judge_participant(tx, command, act)
        raised += judged.alerts if judged else []
    return Recorded(assessment=assessment, kept=kept, followed=followed, alerts=raised)


def _next(opened: OpenedReport, content: EventContent, assessment: Assessment) -> Kept:
    """The event with the view in it: its next version, or as it is where the view changes nothing of it."""
    record, place, act = opened.record, opened.place, opened.act
    decision = decide_content(content, place.context(), now=act.now, received_at=record.received_at)
    changed = changed_fields(record.event.content, content)
    if changed:
        event = AdverseEvent(
            id=record.event.id,
            version=record.event.version + 1,
            content=content,
            recorded_by=assessment.recorded_by,
            recorded_at=act.now,
            reason=assessment.reason or "assessed",
            changed=changed,
        )
        record = replace(record, event=event)
    return Kept(record=record, decision=decision, trial=place.trial)


async def _disagreement(tx: Tx, act: Act, kept: Kept) -> list[RaisedAlert]:
    if not kept.decision.causality.disagreement:
        return []
    request = AlertRequest(kind=AlertKind.CAUSALITY_DISAGREEMENT, cause=kept.record.event.id)
    return await raise_alerts(tx, act, [request], kept.trial)


def _event(kept: Kept, assessment: Assessment, followed: Followed | None) -> NewEvent:
    body = AssessmentRecordedV1.model_validate(
        {
            "trial_id": kept.record.trial_id,
            "report_id": kept.record.event.id,
            "product": assessment.product,
            "kind": assessment.kind.value,
            "party": assessment.party.value,
            "version": assessment.version,
            "value": list(assessment.value),
            "standing": assessment.standing.value,
            "event_version": assessment.event_version,
            "event_class": followed.worst.event_class.value if followed else None,
            "provisional": followed.worst.provisional if followed else False,
            "recorded_at": assessment.recorded_at,
        }
    )
    return NewEvent(aggregate_id=kept.record.event.id, scope=kept.record.scope, body=body)
