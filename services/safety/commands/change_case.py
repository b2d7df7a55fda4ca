"""Further information, a correction or the taking back of a case; what was said before stays as it was."""

from dataclasses import dataclass, replace
from datetime import date

from services.safety.commands.load_for_case import load_reports, open_stored_case
from services.safety.commands.register_case import RegisterCase, new_case, written_on
from services.safety.domain.case import CaseState, ChangeKind, changed, decide_change, one_participant
from services.safety.domain.case_content import CaseContent
from services.safety.domain.refusals import Refused
from services.safety.events.published import CaseNullifiedV1
from services.safety.store.cases import StoredCase, add_reports, save_change
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCase:
    """`received_on` is when the information came; `report_ids` are events that join the case."""

    case_id: str
    route_id: str
    kind: ChangeKind
    received_on: date
    reason: str
    content: CaseContent
    report_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NullifyCase:
    case_id: str
    reason: str


async def change_case(tx: Tx, command: ChangeCase, act: Act) -> StoredCase:
    """Keep the next version; information for a number that was nullified opens a linked case.

    Raises:
        Refused: `reason_required`, `impossible_date`, `case_nullified`, `case_of_several_participants`.
    """
    stored, act = await open_stored_case(tx, act, command.case_id)
    opened = await load_reports(tx, act, (*stored.report_ids, *command.report_ids))
    one_participant(one.record.participant_id for one in opened)
    report_ids = tuple(one.record.event.id for one in opened)
    if stored.case.state is CaseState.NULLIFIED and command.kind is ChangeKind.FOLLOW_UP:
        linked = (*command.content.linked_numbers, stored.case.number)
        content = replace(command.content, linked_numbers=tuple(dict.fromkeys(linked)))
        reopened = RegisterCase(route_id=command.route_id, report_ids=report_ids, content=content)
        return await new_case(tx, act, opened, reopened)
    if command.received_on > act.now.astimezone(opened[0].place.trial.zone).date():
        raise Refused("time_in_future", "Information does not come before its time.")
    version = decide_change(stored.case, command.kind, received_on=command.received_on, reason=command.reason)
    after = replace(
        stored,
        case=changed(stored.case, version),
        content=written_on(command.content, opened),
        report_ids=report_ids,
    )
    await add_reports(tx, stored.case.id, set(report_ids) - set(stored.report_ids))
    await save_change(tx, after, by=act.actor, at=act.now)
    details = {"version": version.number, "kind": version.kind.value}
    await audit(tx, act, stored.case.id, "case.changed", details, reason=version.reason or None)
    return after


async def nullify_case(tx: Tx, command: NullifyCase, act: Act) -> StoredCase:
    """Take the case back; the file that says so waits to be sent.

    Raises:
        Refused: `case_nullified`, `case_not_submitted`, `reason_required`.
    """
    stored, act = await open_stored_case(tx, act, command.case_id)
    version = decide_change(
        stored.case, ChangeKind.NULLIFICATION, received_on=act.now.date(), reason=command.reason
    )
    after = replace(stored, case=changed(stored.case, version))
    await save_change(tx, after, by=act.actor, at=act.now)
    body = CaseNullifiedV1(
        trial_id=stored.trial_id,
        case_id=stored.case.id,
        case_number=stored.case.number,
        nullified_at=act.now,
    )
    await put(
        tx,
        act,
        NewEvent(aggregate_id=stored.case.id, scope=stored.scope, body=body, reason=version.reason),
    )
    return after
