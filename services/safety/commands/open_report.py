"""Loading a report that somebody wants to change: locked, permitted, with its place and rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.safety.domain.matching import Matched
from services.safety.domain.place import Place
from services.safety.domain.report_record import ReportRecord
from services.safety.store.adverse_events import load_report
from services.safety.store.places import locate, place_of_participant
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedReport:
    """The report with its place, and the act in the role that allowed it."""

    record: ReportRecord
    place: Place
    act: Act


async def open_report(tx: Tx, act: Act, report_id: str, roles: Sequence[str]) -> OpenedReport:
    """The report for a person with one of these roles at its trial and participant's site.

    Raises:
        Problem: 404 when there is no such report, or none that this person may see; 403 without the role.
    """
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*roles):
        permit(principal, roles, scope=ANY, unit=ANY)
    record = await load_report(tx, report_id, lock=True)
    if record is None:
        raise Problem("not_found")
    place = await place_of(tx, record)
    unit = record.site_number if record.matched is Matched.MATCHED else ANY
    grant = permit(principal, roles, scope=place.trial.code, unit=unit)
    return OpenedReport(record=record, place=place, act=act.as_role(grant.role))


async def place_of(tx: Tx, record: ReportRecord) -> Place:
    """The place of a stored report: its participant's, else what its number and trial lead to now."""
    report_id = record.event.id
    if record.participant_id is not None:
        place = await place_of_participant(tx, record.participant_id, report_id=report_id)
        if place is not None:
            return place
    return await locate(
        tx, trial_key=record.trial_key, participant_key="", site_key=record.site_number, report_id=report_id
    )
