"""Who may do what: the roles of each act, and the trial that somebody may act on.

A caller without any of the roles learns nothing (403 before anything is looked up); a caller with one of them
elsewhere gets the same 404 as for an id that does not exist.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from services.sponsor.domain.ids import TrialId
from services.sponsor.domain.trial import Trial
from services.sponsor.store.trials import load_trial
from shared.act import Act
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem

TRIAL_OFFICE = ("trial_manager",)
OFFICE_AND_QUALITY = ("trial_manager", "sponsor_qa")
SNAPSHOT_MAKERS = ("trial_manager", "trial_statistician", "src_chair", "medical_monitor")
CHARTER_WRITERS = ("trial_manager", "src_chair", "sponsor_qa")
MEETING_CALLERS = ("trial_manager", "src_chair")
PROPOSERS = (*SNAPSHOT_MAKERS, "src_member")
SIGNERS = ("src_chair", "src_member", "medical_monitor", "trial_statistician", "site_investigator")
WITHDRAWERS = ("src_chair", "medical_monitor", "trial_manager")
HALTERS = ("medical_monitor", "safety_officer", "trial_manager", "src_chair")
OFFICE_OR_INVESTIGATOR = (*TRIAL_OFFICE, "site_investigator")
SITE_ROLES = ("site_investigator", "site_nurse", "pharmacist")


class OfTrial(Protocol):
    """Anything that belongs to one trial."""

    @property
    def trial_id(self) -> TrialId: ...


T = TypeVar("T", bound=OfTrial)


def acting(act: Act) -> Principal:
    """The person behind an act that only a person can do."""
    if act.principal is None:
        raise Problem("forbidden")
    return act.principal


def require_role(act: Act, roles: Sequence[str]) -> None:
    """Refuse whoever holds none of the roles anywhere.

    Raises:
        Problem: 403 `forbidden`.
    """
    if not acting(act).has_role(*roles):
        raise Problem("forbidden")


async def permitted_trial(
    tx: Tx, act: Act, trial_id: str, roles: Sequence[str], *, unit: str = ANY
) -> tuple[Trial, Act]:
    """The trial, locked, and the act in the role that permits it.

    Args:
        tx: the transaction.
        act: of a person.
        trial_id: as the caller gave it.
        roles: that may do this, the first that fits counts.
        unit: site number when the act concerns one site.

    Raises:
        Problem: 403 `forbidden`, 404 `not_found`.
    """
    require_role(act, roles)
    trial = await load_trial(tx, trial_id)
    if trial is None:
        raise Problem("not_found")
    grant = permit(acting(act), roles, scope=trial.code, unit=unit)
    return trial, act.as_role(grant.role)


async def permitted_anywhere(tx: Tx, act: Act, trial_id: str, roles: Sequence[str]) -> tuple[Trial, Act]:
    """As `permitted_trial`, for acts that a role at any one site of the trial may do."""
    require_role(act, roles)
    trial = await load_trial(tx, trial_id)
    for role in roles:
        grants = acting(act).granted(role)
        if trial is not None and any(grant.scope in (ANY, trial.code) for grant in grants):
            return trial, act.as_role(role)
    raise Problem("not_found")


async def permitted(
    tx: Tx, act: Act, load: Callable[[], Awaitable[T | None]], roles: Sequence[str], *, anywhere: bool = False
) -> tuple[T, Trial, Act]:
    """Something of a trial, read again once the trial is locked, and the act in the role that permits it.

    Args:
        tx: the transaction.
        act: of a person.
        load: gives the thing as it is now, or None.
        roles: that may do this.
        anywhere: a role at any one site of the trial is enough.

    Raises:
        Problem: 403 `forbidden`, 404 `not_found`.
    """
    require_role(act, roles)
    seen = await load()
    if seen is None:
        raise Problem("not_found")
    permit_on = permitted_anywhere if anywhere else permitted_trial
    trial, act = await permit_on(tx, act, seen.trial_id, roles)
    thing = await load()
    if thing is None:
        raise Problem("not_found")
    return thing, trial, act
