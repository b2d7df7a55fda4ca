"""Cases as people read them: the queue, one with its versions and files, a file's bytes, a page for print."""

from dataclasses import dataclass
from typing import Any

from services.safety.domain.case_content import require_coded
from services.safety.domain.case_export import snapshot_of
from services.safety.domain.case_page import case_page
from services.safety.domain.roles import READING_CASES
from services.safety.store.case_files import (
    StoredBatch,
    acknowledgements_of,
    list_batches,
    list_received,
    load_batch,
)
from services.safety.store.cases import (
    StoredCase,
    StoredRoute,
    list_cases,
    load_case,
    load_route,
    routes_of,
    versions_of_case,
)
from services.safety.store.reported_events import reported_event
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    stored: StoredCase
    versions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    batch: StoredBatch
    acknowledgements: list[dict[str, Any]]


async def queue_of_cases(
    tx: Tx, principal: Principal, *, trial: str, waiting: bool | None, after: str, limit: int
) -> list[dict[str, Any]]:
    """Cases of a trial; `waiting` for those whose newest version is yet to be sent, or was rejected."""
    permit(principal, READING_CASES, scope=trial, unit=ANY)
    return await list_cases(tx, trial_key=trial, waiting=waiting, after=after, limit=limit)


async def show_case(tx: Tx, principal: Principal, case_id: str) -> ShownCase:
    """One case; 404 when there is none, or none that this person may see."""
    stored = await _case(tx, principal, case_id)
    return ShownCase(stored=stored, versions=await versions_of_case(tx, case_id))


async def print_case(tx: Tx, principal: Principal, case_id: str, route_id: str) -> str:
    """The case as a page, as the route's file would tell it.

    Raises:
        Refused: `meddra_not_loaded`, `meddra_code_missing`.
    """
    stored = await _case(tx, principal, case_id)
    route = await load_route(tx, route_id)
    if route is None or route.trial_key != stored.trial_key:
        raise Problem("not_found")
    require_coded(stored.content)
    events = [await reported_event(tx, report_id) for report_id in stored.report_ids]
    snapshot = snapshot_of(
        stored.case, stored.content, events, route.route, participant_number=stored.participant_number
    )
    return case_page(snapshot)


async def show_file(tx: Tx, principal: Principal, batch_id: str) -> ShownFile:
    """One file with what was answered; 404 when there is none, or none that this person may see."""
    if not principal.has_role(*READING_CASES):
        permit(principal, READING_CASES, scope=ANY, unit=ANY)
    batch = await load_batch(tx, batch_id)
    if batch is None:
        raise Problem("not_found")
    permit(principal, READING_CASES, scope=batch.trial_key, unit=ANY)
    return ShownFile(batch=batch, acknowledgements=await acknowledgements_of(tx, batch_id))


async def files_of(
    tx: Tx, principal: Principal, *, trial: str, after: str, limit: int
) -> list[dict[str, Any]]:
    permit(principal, READING_CASES, scope=trial, unit=ANY)
    return await list_batches(tx, trial_key=trial, after=after, limit=limit)


async def received_files(tx: Tx, principal: Principal, *, after: str, limit: int) -> list[dict[str, Any]]:
    """Files that others sent; they belong to no trial until a person reads them."""
    permit(principal, READING_CASES, scope=ANY, unit=ANY)
    return await list_received(tx, after=after, limit=limit)


async def routes(tx: Tx, principal: Principal, *, trial: str) -> list[StoredRoute]:
    permit(principal, READING_CASES, scope=trial, unit=ANY)
    return await routes_of(tx, trial)


async def _case(tx: Tx, principal: Principal, case_id: str) -> StoredCase:
    if not principal.has_role(*READING_CASES):
        permit(principal, READING_CASES, scope=ANY, unit=ANY)
    stored = await load_case(tx, case_id)
    if stored is None:
        raise Problem("not_found")
    permit(principal, READING_CASES, scope=stored.trial_key, unit=ANY)
    return stored
