"""Who reads lists, draws and arms: the unblinded statistician, and an unblinded pharmacist for their own site."""

from services.enrolment.domain.blinding import check_may_see
from services.enrolment.domain.roles import UNBLINDED, UNBLINDED_AT_SITES
from services.enrolment.store.trials import TrialName, delegations_of, find_trial, holds_duty
from shared.act import Act
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


async def unblinded_view(tx: Tx, act: Act, code_or_id: str | None) -> TrialName:
    """The trial, for its unblinded statistician.

    Raises:
        Problem: `forbidden` for every other role, `not_found` for another trial.
        Refused: `blinding_roles_conflict`.
    """
    trial = await _trial(tx, act, code_or_id, UNBLINDED)
    permit(_principal(act), UNBLINDED, scope=trial.code, unit=ANY)
    await _check_roles(tx, act, trial)
    return trial


async def unblinded_view_of_site(tx: Tx, act: Act, code_or_id: str | None, site_number: str) -> TrialName:
    """As `unblinded_view`; also for a pharmacist of the site whose delegation says that they are unblinded.

    Raises:
        Problem: `forbidden` for a pharmacist who is blinded.
    """
    roles = UNBLINDED + UNBLINDED_AT_SITES
    trial = await _trial(tx, act, code_or_id, roles)
    if not _principal(act).allows(UNBLINDED, trial.code, ANY):
        permit(_principal(act), roles, scope=trial.code, unit=site_number)
        delegated = await delegations_of(tx, trial.id, act.actor, act.now)
        unblinded = [one for one in delegated if one.unblinded]
        if not holds_duty(unblinded, site_number, UNBLINDED_AT_SITES):
            raise Problem("forbidden")
    await _check_roles(tx, act, trial)
    return trial


async def _trial(tx: Tx, act: Act, code_or_id: str | None, roles: tuple[str, ...]) -> TrialName:
    trial = await find_trial(tx, code_or_id) if code_or_id else None
    if trial is None:
        raise Problem("not_found" if _principal(act).has_role(*roles) else "forbidden")
    return trial


async def _check_roles(tx: Tx, act: Act, trial: TrialName) -> None:
    delegated = await delegations_of(tx, trial.id, act.actor, act.now)
    granted = {grant.role for grant in _principal(act).grants if grant.scope in (ANY, trial.code)}
    check_may_see(granted | {one.role for one in delegated})


def _principal(act: Act) -> Principal:
    if act.principal is None:
        raise LookupError("a person's question needs a person")
    return act.principal
