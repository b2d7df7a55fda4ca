"""Merging two reports of one event: a person's act; the one received first is kept and loses nothing by it."""

from dataclasses import dataclass, replace

from services.safety.commands.announce_report import announce_amendment
from services.safety.commands.end_obligation import void_for_clearance
from services.safety.commands.open_report import OpenedReport, open_report
from services.safety.commands.report_adverse_event import alerts_and_verdict
from services.safety.domain.adverse_event import EventContent, changed_fields
from services.safety.domain.duplicates import DUPLICATE_OF, merged_content, require_mergeable
from services.safety.domain.ids import PersonId
from services.safety.domain.intake import decide_content
from services.safety.domain.matching import Matched
from services.safety.domain.refusals import Refused
from services.safety.domain.report_record import Kept, ReportRecord
from services.safety.domain.roles import DESK
from services.safety.store.adverse_events import add_version
from services.safety.store.report_links import ReportLink, add_link
from shared.act import Act
from shared.database import Tx

MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReports:
    """`duplicate_id` is closed and goes into `report_id`."""

    report_id: str
    duplicate_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    report_id: str
    version: int
    duplicate_id: str
    changed: tuple[str, ...]


async def merge_reports(tx: Tx, command: MergeReports, act: Act) -> Merged:
    """Keep one of two reports, with everything graver that the other says; close the other.

    Raises:
        Refused: `reason_required`, `merge_not_possible`, `merge_into_the_earlier`.
    """
    reason = command.reason.strip()
    if not reason:
        raise Refused("reason_required", "A merge needs a reason.")
    first, second = sorted((command.report_id, command.duplicate_id))
    opened = {first: await open_report(tx, act, first, DESK)}
    opened[second] = await open_report(tx, act, second, DESK)
    master, duplicate = opened[command.report_id], opened[command.duplicate_id]
    require_mergeable(master.record, duplicate.record)
    await _close(tx, duplicate, f"duplicate of {command.report_id}: {reason}")
    content = merged_content(master.record.event.content, duplicate.record.event.content)
    kept = await _next(tx, master, content, MERGED, reason, master.record.matched)
    link = ReportLink(
        id=act.new_id(),
        from_id=command.duplicate_id,
        to_id=command.report_id,
        relation=DUPLICATE_OF,
        reason=reason,
        linked_by=act.actor,
        linked_at=act.now,
    )
    await add_link(tx, link)
    await alerts_and_verdict(tx, master.act, kept, cause="report", place=master.place)
    event = kept.record.event
    return Merged(
        report_id=event.id, version=event.version, duplicate_id=command.duplicate_id, changed=event.changed
    )


async def _close(tx: Tx, opened: OpenedReport, reason: str) -> None:
    """The duplicate counts no more; its participant's window looks at the other one."""
    content = opened.record.event.content
    kept = await _next(tx, opened, content, "matched", reason, Matched.CLEARED)
    await void_for_clearance(tx, opened.act, kept.record.event.id, reason)


async def _next(
    tx: Tx, opened: OpenedReport, content: EventContent, what: str, reason: str, matched: Matched
) -> Kept:
    act, record, place = opened.act, opened.record, opened.place
    event = replace(
        record.event,
        version=record.event.version + 1,
        content=content,
        recorded_by=PersonId(act.actor),
        recorded_at=act.now,
        reason=reason,
        changed=(what, *changed_fields(record.event.content, content)),
    )
    decision = decide_content(content, place.context(), now=act.now, received_at=record.received_at)
    after: ReportRecord = replace(
        record,
        event=event,
        matched=matched,
        participant_id=record.participant_id if matched is Matched.MATCHED else None,
    )
    await add_version(tx, after, decision, place.dictionary.pinned)
    kept = Kept(record=after, decision=decision, trial=place.trial)
    await announce_amendment(tx, act, kept, place.dictionary.pinned, changed=event.changed)
    return kept
