"""Reports as people read them: lists, and one with all its versions."""

from dataclasses import dataclass

from services.safety.domain.matching import Matched
from services.safety.domain.report_record import RecordedVersion, ReportRecord
from services.safety.domain.roles import READING_REPORTS
from services.safety.queries.visibility import visible_sites
from services.safety.store.adverse_events import ListedReport, list_reports, load_report, versions_of
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReport:
    """A report with every version, oldest first."""

    record: ReportRecord
    versions: list[RecordedVersion]


async def list_adverse_events(
    tx: Tx, principal: Principal, *, trial_key: str | None, after: str, limit: int
) -> list[ListedReport]:
    """Reports of a trial, or of every trial for a role that has every trial.

    Site staff see the matched reports of their site; unmatched ones belong to the safety desk.
    """
    if trial_key is None:
        permit(principal, READING_REPORTS, scope=ANY, unit=ANY)
        return await list_reports(tx, trial_key=None, sites=None, after=after, limit=limit)
    sites = visible_sites(principal, READING_REPORTS, trial_key)
    return await list_reports(tx, trial_key=trial_key, sites=sites, after=after, limit=limit)


async def show_adverse_event(tx: Tx, principal: Principal, report_id: str) -> ShownReport:
    """One report; 404 when there is none, or none that this person may see."""
    if not principal.has_role(*READING_REPORTS):
        permit(principal, READING_REPORTS, scope=ANY, unit=ANY)
    record = await load_report(tx, report_id)
    if record is None:
        raise Problem("not_found")
    unit = record.site_number if record.matched is Matched.MATCHED else ANY
    permit(principal, READING_REPORTS, scope=record.trial_key, unit=unit)
    return ShownReport(record=record, versions=await versions_of(tx, report_id))
