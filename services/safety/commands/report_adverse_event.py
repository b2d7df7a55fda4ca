"""Taking in a report: stored whole, coded, judged, announced, and its alerts raised, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.safety.commands.announce_report import keep_and_announce, stated_views
from services.safety.commands.follow_case import follow_case
from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.commands.open_report import place_of
from services.safety.commands.raise_alert import RaisedAlert
from services.safety.commands.raise_for_report import raise_for_report
from services.safety.domain.delegation import Delegation, Duties, ReportFlag, author_of, delegation_flag
from services.safety.domain.identifiers import may_identify
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.intake import decide_report, first_version
from services.safety.domain.matching import Matched, reported_key
from services.safety.domain.place import Place
from services.safety.domain.report import Report
from services.safety.domain.report_record import Kept, ReportRecord, Statement
from services.safety.domain.roles import READING_REPORTS
from services.safety.store.assessments import assessments_of
from services.safety.store.places import locate
from shared.act import Act
from shared.auth import ANY, Principal
from shared.database import Tx
from shared.writes import write_together


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody states about an event, everything as sent; empty texts were not stated."""

    report: Report
    narrative: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAdverseEvent:
    """`trial`, `participant_number` and `site_number` as reported; whose author the report names is replaced."""

    trial: str
    participant_number: str
    site_number: str
    stated_by: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the reporter gets; `receipt_only` when he or she may not read the record.

    `site_limit` is the protocol's own time in which the sponsor must be told of a serious event.
    """

    kept: Kept
    alerts: list[RaisedAlert]
    receipt_only: bool
    site_limit: timedelta


async def report_adverse_event(tx: Tx, command: ReportAdverseEvent, act: Act) -> Receipt:
    """Take in a report from anybody who is authenticated; there is no refusal."""
    principal = act.principal
    assert principal is not None
    place = await locate(
        tx,
        trial_key=reported_key(command.trial),
        participant_key=reported_key(command.participant_number),
        site_key=reported_key(command.site_number),
        person=act.actor,
    )
    flags = flags_of(act, place, place.delegations, command.words)
    report = with_author(command.words.report, principal, place, flags, command.stated_by)
    decision = decide_report(report, place.context(), now=act.now)
    record = ReportRecord(
        event=first_version(AdverseEventId(act.new_id()), report, decision, now=act.now),
        statement=Statement(report=report, narrative=command.words.narrative, contact=command.words.contact),
        scope=place.trial.scope,
        trial_id=place.trial.id,
        trial_key=place.trial_key,
        participant_key=place.participant_key,
        participant_id=place.participant.id if place.participant else None,
        site_number=place.site_number,
        matched=Matched.MATCHED if place.participant else Matched.UNMATCHED,
        received_at=act.now,
        reported_by=PersonId(act.actor),
        flags=flags,
    )
    kept = Kept(record=record, decision=decision, trial=place.trial)
    await keep_and_announce(tx, act, kept, place.dictionary.pinned)
    alerts = await alerts_and_verdict(
        tx, act, kept, cause="report", window_locked=place.window_locked, place=place
    )
    unit = (
        record.site_number if record.matched is Matched.MATCHED else _site_named_by(record, place.trial.code)
    )
    may_read = principal.allows(READING_REPORTS, place.trial.code, unit)
    return Receipt(
        kept=kept,
        alerts=alerts,
        receipt_only=not may_read,
        site_limit=place.reporting.at(act.now).site_limit,
    )


def _site_named_by(record: ReportRecord, trial_code: str) -> str:
    """The site whose number an unknown participant number bears; its staff must see a slip of the pen at once."""
    site = record.participant_key.removeprefix(f"{trial_code}-").partition("-")[0]
    known_form = (
        record.participant_key.startswith(f"{trial_code}-{site}-") and site.isdigit() and len(site) == 3
    )
    return site if known_form else ANY


async def alerts_and_verdict(
    tx: Tx,
    act: Act,
    kept: Kept,
    *,
    cause: str,
    window_locked: bool = False,
    place: Place | None = None,
) -> list[RaisedAlert]:
    """What follows from any version of a report: its alerts, its class and obligations, and its participant's window.

    The place is found where it is not given.
    """
    report_id = kept.record.event.id
    raised = await raise_for_report(
        tx, act, report_id, kept.decision.alerts, kept.trial, first=kept.record.event.version == 1
    )
    if kept.record.event.version > 1:
        views = stated_views(tx, act, kept, await assessments_of(tx, report_id))
        if views:
            await write_together(tx, *views)
    followed = await follow_case(
        tx, act, kept, place or await place_of(tx, kept.record), first=kept.record.event.version == 1
    )
    raised += followed.alerts if followed else []
    participant_id = kept.record.participant_id
    if participant_id is not None:
        command = JudgeWindow(participant_id=participant_id, cause=cause, report_id=report_id)
        judged = await judge_participant(tx, command, act, window_locked=window_locked)
        raised += judged.alerts if judged else []
    return raised


def flags_of(
    act: Act, place: Place, delegations: Sequence[Delegation], words: Words
) -> tuple[ReportFlag, ...]:
    """What was not in order about the reporter or the text; none of it stops a report."""
    principal = act.principal
    assert principal is not None
    site = place.participant.site_number if place.participant else ""
    flags = [delegation_flag(delegations, site, now=act.now)]
    here = any(grant.covers(place.trial.code, site or ANY) for grant in principal.grants)
    if site and principal.grants and not here:
        flags.append(ReportFlag.REPORTER_OF_ANOTHER_SITE)
    report = words.report
    texts = (report.verbatim, report.term, report.other_specify, report.outcome, words.narrative)
    if may_identify(texts):
        flags.append(ReportFlag.IDENTIFIER_SUSPECTED)
    return tuple(flag for flag in flags if flag is not None)


def with_author(
    report: Report, principal: Principal, place: Place, flags: tuple[ReportFlag, ...], stated_by: str
) -> Report:
    """The report with its author's duty, by the access token and the delegation log."""
    code, site = place.trial.code, place.site_number
    duties = Duties(
        investigator=principal.allows(("site_investigator",), code, site or ANY),
        safety_desk=principal.allows(("safety_officer",), code, ANY),
        sponsor=principal.allows(("medical_monitor",), code, ANY),
    )
    flag = ReportFlag.DELEGATION_ENDED if ReportFlag.DELEGATION_ENDED in flags else None
    author = author_of(
        PersonId(principal.subject), duties, flag, stated_by=PersonId(stated_by) if stated_by else None
    )
    return replace(report, author=author)
