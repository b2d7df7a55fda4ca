"""Verdicts as people read them: each participant's now, and one participant's from the beginning."""

from services.safety.domain.roles import READING_VERDICTS
from services.safety.queries.visibility import visible_sites
from services.safety.store.dlt_windows import StoredVerdict, verdict_history, verdicts_now
from services.safety.store.places import trial_named
from services.safety.store.stored_window import StoredWindow
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


async def list_dlt_verdicts(
    tx: Tx, principal: Principal, *, trial_key: str, after: str, limit: int
) -> list[tuple[StoredWindow, StoredVerdict]]:
    """The verdict in force of each participant of a trial; voided registrations are left out."""
    sites = visible_sites(principal, READING_VERDICTS, trial_key)
    trial = await trial_named(tx, None, trial_key)
    if trial.id is None:
        raise Problem("not_found")
    return await verdicts_now(tx, trial_id=trial.id, sites=sites, after=after, limit=limit)


async def show_dlt_verdicts(
    tx: Tx, principal: Principal, participant_id: str
) -> tuple[StoredWindow, list[StoredVerdict]]:
    """Every version of one participant's verdict; 404 when there is none, or none to be seen."""
    if not principal.has_role(*READING_VERDICTS):
        permit(principal, READING_VERDICTS, scope=ANY, unit=ANY)
    history = await verdict_history(tx, participant_id)
    if history is None:
        raise Problem("not_found")
    window, versions = history
    trial_key = versions[0].participant_number.partition("-")[0]
    permit(principal, READING_VERDICTS, scope=trial_key, unit=versions[0].site_number)
    return window, versions
