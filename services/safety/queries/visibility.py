"""What a person may see, by the grants of the roles that may read."""

from collections.abc import Sequence

from shared.auth import ANY, Principal, permit


def visible_sites(principal: Principal, roles: Sequence[str], trial_key: str) -> frozenset[str] | None:
    """Sites of a trial that the person may see; None for all of it.

    Raises:
        Problem: 403 without any of the roles, 404 when none is held for this trial.
    """
    units = {grant.unit for grant in principal.granted(*roles) if grant.scope in (ANY, trial_key)}
    if not units:
        permit(principal, roles, scope=trial_key, unit=ANY)
    return None if ANY in units else frozenset(units)


def visible_trials(
    principal: Principal, roles: Sequence[str], trial_key: str | None
) -> frozenset[str] | None:
    """Trials that a list shows: the one asked for, else all that the person may see; None for every trial.

    Raises:
        Problem: 403 without any of the roles, 404 when none is held for the trial asked for.
    """
    scopes = {grant.scope for grant in principal.granted(*roles)}
    if not scopes or (trial_key is not None and not scopes & {ANY, trial_key}):
        permit(principal, roles, scope=trial_key or ANY, unit=ANY)
    if trial_key is not None:
        return frozenset({trial_key})
    return None if ANY in scopes else frozenset(scopes)
