"""Loading an alert that somebody acts on: locked and permitted."""

from collections.abc import Sequence

from services.safety.store.alerts import StoredAlert, load_alert
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


async def open_alert(tx: Tx, act: Act, alert_id: str, roles: Sequence[str]) -> tuple[StoredAlert, Act]:
    """The alert, and the act in the role that allowed it.

    A role at any site of the trial is enough, for an alert names no participant; an alert of no trial is open
    to whoever holds such a role anywhere.

    Raises:
        Problem: 403 without the role, 404 for an alert of another trial, as if there were none.
    """
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*roles):
        permit(principal, roles, scope=ANY, unit=ANY)
    alert = await load_alert(tx, alert_id, lock=True)
    if alert is None:
        raise Problem("not_found")
    for role in roles:
        for grant in principal.grants:
            if grant.role == role and (not alert.trial_key or grant.scope in (ANY, alert.trial_key)):
                return alert, act.as_role(role)
    raise Problem("not_found")
