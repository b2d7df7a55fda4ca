"""Loading what a case needs, locked and permitted: its reports, itself, its route, its files."""

from collections.abc import Sequence

from services.safety.commands.open_report import OpenedReport, open_report
from services.safety.domain.roles import WRITING_CASES
from services.safety.store.case_files import StoredBatch, load_batch
from services.safety.store.cases import StoredCase, StoredRoute, load_case, load_route
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


async def load_reports(tx: Tx, act: Act, report_ids: Sequence[str]) -> list[OpenedReport]:
    """The reports, in the order of their ids, each for a person who may write cases of its trial."""
    return [await open_report(tx, act, report_id, WRITING_CASES) for report_id in sorted(set(report_ids))]


async def open_stored_case(tx: Tx, act: Act, case_id: str) -> tuple[StoredCase, Act]:
    """The case for a person who writes it, and the act in the role that allowed it.

    Raises:
        Problem: 403 without the role, 404 for no case of this person's trials.
    """
    _require_role(act, WRITING_CASES)
    stored = await load_case(tx, case_id, lock=True)
    if stored is None:
        raise Problem("not_found")
    return stored, _in_role(act, WRITING_CASES, stored.trial_key)


async def open_batch(tx: Tx, act: Act, batch_id: str) -> tuple[StoredBatch, Act]:
    """The file for a person who sends it; see `open_stored_case`."""
    _require_role(act, WRITING_CASES)
    batch = await load_batch(tx, batch_id, lock=True)
    if batch is None:
        raise Problem("not_found")
    return batch, _in_role(act, WRITING_CASES, batch.trial_key)


async def permitted_route(tx: Tx, act: Act, route_id: str, trial_key: str) -> StoredRoute:
    """The route, for a person who writes cases of all sites of this trial.

    Raises:
        Problem: 404 for a route of another trial, as if there were none.
    """
    _in_role(act, WRITING_CASES, trial_key)
    stored = await load_route(tx, route_id)
    if stored is None or stored.trial_key != trial_key:
        raise Problem("not_found")
    return stored


def _require_role(act: Act, roles: Sequence[str]) -> None:
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*roles):
        permit(principal, roles, scope=ANY, unit=ANY)


def _in_role(act: Act, roles: Sequence[str], trial_key: str) -> Act:
    principal = act.principal
    assert principal is not None
    return act.as_role(permit(principal, roles, scope=trial_key, unit=ANY).role)
