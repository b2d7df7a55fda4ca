"""Making a case of reports about one participant: its number for life, its first content."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.safety.commands.load_for_case import load_reports, permitted_route
from services.safety.commands.open_report import OpenedReport
from services.safety.domain.case import Case, CaseVersion, ChangeKind, one_participant
from services.safety.domain.case_content import CaseContent, require_opinion_kept
from services.safety.domain.causality import Writer, effective
from services.safety.domain.ids import CaseId
from services.safety.domain.refusals import Refused
from services.safety.events.published import CaseOpenedV1
from services.safety.store.cases import StoredCase, add_case, case_of_report, next_sequence
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCase:
    """`report_ids` are its events; `content` says of them what only the desk can."""

    route_id: str
    report_ids: tuple[str, ...]
    content: CaseContent


async def register_case(tx: Tx, command: RegisterCase, act: Act) -> StoredCase:
    """Open a case.

    Raises:
        Refused: `case_of_several_participants`, `report_in_another_case`, `investigator_causality_protected`.
        Problem: 404 for a report or a route that this person may not see.
    """
    opened = await load_reports(tx, act, command.report_ids)
    for one in opened:
        if await case_of_report(tx, one.record.event.id) is not None:
            raise Refused("report_in_another_case", "A report belongs to one case.")
    return await new_case(tx, act, opened, command)


async def new_case(tx: Tx, act: Act, opened: Sequence[OpenedReport], command: RegisterCase) -> StoredCase:
    """A case of these reports, under a number of its own."""
    participant_id = one_participant(one.record.participant_id for one in opened)
    first = opened[0]
    trial = first.place.trial
    stored_route = await permitted_route(tx, act, command.route_id, trial.code)
    sequence = await next_sequence(tx, trial.code)
    number = f"{stored_route.route.number_prefix}-{trial.code}-{sequence:04d}"
    received_on = min(received_by_us_on(one) for one in opened)
    version = CaseVersion(number=1, kind=ChangeKind.FIRST, latest_information_on=received_on)
    stored = StoredCase(
        case=Case(
            id=CaseId(act.new_id()),
            number=number,
            worldwide_number=number,
            first_received_on=received_on,
            versions=(version,),
        ),
        scope=trial.scope,
        trial_id=trial.id,
        trial_key=trial.code,
        participant_id=participant_id,
        participant_number=first.place.participant_key,
        report_ids=tuple(one.record.event.id for one in opened),
        content=written_on(command.content, opened),
        opened_by=act.actor,
        opened_at=act.now,
    )
    await add_case(tx, stored)
    await put(tx, first.act, _opened(stored, act))
    return stored


def written_on(content: CaseContent, opened: Sequence[OpenedReport]) -> CaseContent:
    """The content with the versions of the reports that it was written on.

    Raises:
        Refused: `investigator_causality_protected`.
    """
    for one in opened:
        said = effective(one.record.event.content.causality)
        require_opinion_kept(content, one.record.event.id, said)
    return replace(content, report_versions={one.record.event.id: one.record.event.version for one in opened})


def received_by_us_on(one: OpenedReport) -> date:
    """C.1.4: the local date on which the sponsor, or whoever acts for it, first held the report.

    That is its arrival; when the desk or the sponsor wrote it down after a call, the awareness it states, if earlier.
    """
    arrived = one.record.received_at
    writer = one.record.statement.report.author.writer
    if writer in (Writer.SAFETY_DESK, Writer.SPONSOR):
        arrived = min(arrived, one.record.event.content.aware.at)
    return arrived.astimezone(one.place.trial.zone).date()


def _opened(stored: StoredCase, act: Act) -> NewEvent:
    body = CaseOpenedV1(
        trial_id=stored.trial_id,
        case_id=stored.case.id,
        case_number=stored.case.number,
        participant_id=stored.participant_id,
        report_ids=list(stored.report_ids),
        opened_at=act.now,
    )
    return NewEvent(aggregate_id=stored.case.id, scope=stored.scope, body=body)
