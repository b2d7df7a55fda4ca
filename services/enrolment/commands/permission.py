"""Whether somebody may do something here: the token's grant, and the duty that the sponsor has delegated."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.enrolment.domain.identity import check_not_stopped
from services.enrolment.domain.screening import Screening, check_running
from services.enrolment.store.people import NamedScreening, lock_screening, named_screening
from services.enrolment.store.trials import TrialName, delegations_of, find_trial, holds_duty
from shared.act import Act
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.freshness import Stale
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The trial in which somebody may act, and the act in the role that allows it."""

    trial: TrialName
    act: Act


def principal_of(act: Act) -> Principal:
    if act.principal is None:
        raise LookupError("a person's command needs a person")
    return act.principal


def unknown(act: Act, roles: Sequence[str]) -> Problem:
    """The answer for what does not exist: the same as for what may not be seen."""
    return Problem("not_found" if principal_of(act).has_role(*roles) else "forbidden")


async def allow(
    tx: Tx, act: Act, roles: Sequence[str], code_or_id: str | None, site_number: str = ANY
) -> Allowed:
    """The trial and the act in a role that is granted there.

    Args:
        tx: the transaction.
        act: of a person.
        roles: those that may; the first that is granted counts.
        code_or_id: the trial by either name; None when what was asked for does not exist.
        site_number: where; every site when left out.

    Raises:
        Problem: `forbidden` without such a role anywhere, `not_found` with one elsewhere.
    """
    trial = await find_trial(tx, code_or_id) if code_or_id else None
    if trial is None:
        raise unknown(act, roles)
    grant = permit(principal_of(act), roles, scope=trial.code, unit=site_number)
    return Allowed(trial=trial, act=act.as_role(grant.role))


async def allow_screening(
    tx: Tx, act: Act, roles: Sequence[str], screening_id: str
) -> tuple[Allowed, Screening]:
    """As `allow`, at the site of a screening; the screening is not locked."""
    return allow_at_site(act, roles, await named_screening(tx, screening_id))


async def running_screening(
    tx: Tx, act: Act, roles: Sequence[str], screening_id: str
) -> tuple[Allowed, Screening]:
    """As `allow_screening`, locked until the transaction ends, and going on.

    Raises:
        Refused: `screening_ended`, `possible_duplicate`.
    """
    allowed, screening = await unended_screening(tx, act, roles, screening_id)
    check_not_stopped(screening)
    return allowed, screening


async def unended_screening(
    tx: Tx, act: Act, roles: Sequence[str], screening_id: str
) -> tuple[Allowed, Screening]:
    """As `running_screening`, also while a possible duplicate stops it.

    Raises:
        Refused: `screening_ended`.
    """
    allowed, screening = await locked_screening(tx, act, roles, screening_id)
    check_running(screening)
    return allowed, screening


async def locked_screening(
    tx: Tx, act: Act, roles: Sequence[str], screening_id: str
) -> tuple[Allowed, Screening]:
    """As `allow_screening`, locked until the transaction ends, whether or not it goes on."""
    return allow_at_site(act, roles, await lock_screening(tx, screening_id))


def allow_at_site(act: Act, roles: Sequence[str], found: NamedScreening | None) -> tuple[Allowed, Screening]:
    """As `allow_screening`, for a screening that has been looked up."""
    if found is None or not found.trial_code:
        raise unknown(act, roles)
    screening = found.screening
    grant = permit(principal_of(act), roles, scope=found.trial_code, unit=screening.site_id)
    trial = TrialName(id=screening.trial_id, code=found.trial_code)
    return Allowed(trial=trial, act=act.as_role(grant.role)), screening


async def has_duty(tx: Tx, act: Act, trial_id: str, site_number: str, roles: Sequence[str]) -> bool:
    """Whether a delegation of one of the roles is in force for the acting person at the site."""
    return holds_duty(await delegations_of(tx, trial_id, act.actor, act.now), site_number, roles)


def delegations_unknown(stale: Stale | None) -> bool:
    """Whether a duty that is not found may be there all the same: the copies are being rebuilt."""
    return stale is not None and stale.reason == "rebuilding"
