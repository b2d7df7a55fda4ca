"""Who may act on lists and arms, and who may not because of what else they do in the trial."""

from services.enrolment.commands.permission import Allowed, allow, principal_of
from services.enrolment.domain.blinding import check_may_act, check_may_see
from services.enrolment.domain.roles import UNBLINDED
from services.enrolment.store.trials import delegations_of
from shared.act import Act
from shared.auth import ANY
from shared.database import Tx


async def allow_unblinded(tx: Tx, act: Act, code_or_id: str) -> Allowed:
    """The trial, for its unblinded statistician.

    Raises:
        Problem: `forbidden` for every other role, `not_found` for another trial.
        Refused: `blinding_roles_conflict`.
    """
    allowed = await allow(tx, act, UNBLINDED, code_or_id)
    delegated = await delegations_of(tx, allowed.trial.id, act.actor, act.now)
    check_may_see(_granted(allowed) | {one.role for one in delegated})
    return allowed


async def refuse_who_sees(tx: Tx, allowed: Allowed) -> None:
    """Nobody who randomises may see arms in the same trial.

    Raises:
        Refused: `blinding_roles_conflict`.
    """
    delegated = await delegations_of(tx, allowed.trial.id, allowed.act.actor, allowed.act.now)
    roles = _granted(allowed) | {one.role for one in delegated}
    check_may_act(roles, unblinded=any(one.unblinded for one in delegated))


def _granted(allowed: Allowed) -> set[str]:
    grants = principal_of(allowed.act).grants
    return {grant.role for grant in grants if grant.scope in (ANY, allowed.trial.code)}
