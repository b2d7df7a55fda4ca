"""Reports besides adverse events as people read them, and what belongs together."""

from services.safety.domain.duplicates import Candidate, duplicate_candidates
from services.safety.domain.roles import READING_REPORTS
from services.safety.queries.adverse_events import show_adverse_event
from services.safety.queries.visibility import visible_sites
from services.safety.store.report_links import ReportLink, links_of, reports_of
from services.safety.store.special_reports import (
    SpecialVersion,
    StoredSpecial,
    list_specials,
    load_special,
    special_versions,
)
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


async def list_special_reports(
    tx: Tx, principal: Principal, *, trial_key: str, after: str, limit: int
) -> list[StoredSpecial]:
    """Reports of a trial; site staff see their site's."""
    sites = visible_sites(principal, READING_REPORTS, trial_key)
    return await list_specials(tx, trial_key=trial_key, sites=sites, after=after, limit=limit)


async def show_special_report(
    tx: Tx, principal: Principal, report_id: str
) -> tuple[StoredSpecial, list[SpecialVersion]]:
    """One report with its versions; 404 when there is none, or none that this person may see."""
    if not principal.has_role(*READING_REPORTS):
        permit(principal, READING_REPORTS, scope=ANY, unit=ANY)
    report = await load_special(tx, report_id)
    if report is None:
        raise Problem("not_found")
    unit = report.site_number if report.participant_id else ANY
    permit(principal, READING_REPORTS, scope=report.trial_key, unit=unit)
    return report, await special_versions(tx, report_id)


async def show_relations(
    tx: Tx, principal: Principal, report_id: str
) -> tuple[list[ReportLink], tuple[Candidate, ...]]:
    """Links of an adverse event, and reports that may be the same one."""
    record = (await show_adverse_event(tx, principal, report_id)).record
    others = await reports_of(tx, record.participant_id) if record.participant_id else []
    return await links_of(tx, report_id), duplicate_candidates(record, others)
