"""Clearing an unmatched report: two people state that it concerns nobody in the trial."""

from dataclasses import dataclass, replace

from services.safety.commands.announce_report import announce_amendment
from services.safety.commands.end_obligation import void_for_clearance
from services.safety.commands.open_report import OpenedReport, open_report
from services.safety.domain.ids import PersonId
from services.safety.domain.intake import decide_content
from services.safety.domain.matching import Matched, decide_clearance
from services.safety.domain.report_record import Kept
from services.safety.domain.roles import DESK
from services.safety.store.adverse_events import add_version, save_clearance_request
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearReport:
    report_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """`cleared` is false after the first of the two people."""

    report_id: str
    version: int
    cleared: bool


async def clear_report(tx: Tx, command: ClearReport, act: Act) -> Clearance:
    """Ask for a clearance, or complete it as the second person.

    Raises:
        Refused: `report_not_unmatched`, `report_already_cleared`, `reason_required`, `second_person_required`.
    """
    opened = await open_report(tx, act, command.report_id, DESK)
    record = opened.record
    request = decide_clearance(
        record.matched, record.clearance, by=PersonId(act.actor), reason=command.reason, now=act.now
    )
    if request is not None:
        await save_clearance_request(tx, record.event.id, request)
        await audit(tx, opened.act, record.event.id, "adverse-event.clearance-requested", {})
        return Clearance(report_id=record.event.id, version=record.event.version, cleared=False)
    version = await _clear(tx, opened, command.reason.strip())
    return Clearance(report_id=record.event.id, version=version, cleared=True)


async def _clear(tx: Tx, opened: OpenedReport, reason: str) -> int:
    act, record, place = opened.act, opened.record, opened.place
    event = replace(
        record.event,
        version=record.event.version + 1,
        recorded_by=PersonId(act.actor),
        recorded_at=act.now,
        reason=reason,
        changed=("matched",),
    )
    decision = decide_content(event.content, place.context(), now=act.now, received_at=record.received_at)
    cleared = replace(record, event=event, matched=Matched.CLEARED)
    await add_version(tx, cleared, decision, place.dictionary.pinned)
    kept = Kept(record=cleared, decision=decision, trial=place.trial)
    await announce_amendment(tx, act, kept, place.dictionary.pinned, changed=event.changed)
    await void_for_clearance(tx, act, event.id, reason)
    return event.version
