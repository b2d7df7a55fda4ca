"""What somebody may see: a whole trial, or their own sites of it and counts of the rest."""

from dataclasses import dataclass

from services.enrolment.domain.roles import AT_SITES, OF_THE_TRIAL
from services.enrolment.store.trials import TrialName, find_trial
from shared.act import Act
from shared.auth import ANY, Principal
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A trial as somebody may see it; `sites` are the numbers seen in full, None means every site."""

    trial: TrialName
    sites: frozenset[str] | None

    def shows(self, site_number: str) -> bool:
        return self.sites is None or site_number in self.sites


def _principal(act: Act) -> Principal:
    if act.principal is None:
        raise LookupError("a person's question needs a person")
    return act.principal


def unseen(act: Act) -> Problem:
    """The answer for what does not exist: the same as for what may not be seen."""
    return Problem("not_found" if _principal(act).has_role(*AT_SITES, *OF_THE_TRIAL) else "forbidden")


async def view_of(tx: Tx, act: Act, code_or_id: str | None) -> View:
    """What the asking person sees of a trial.

    Raises:
        Problem: `forbidden` without any reading role, `not_found` for a trial that is not theirs.
    """
    trial = await find_trial(tx, code_or_id) if code_or_id else None
    if trial is None:
        raise unseen(act)
    principal = _principal(act)
    if principal.allows(OF_THE_TRIAL, trial.code, ANY):
        return View(trial=trial, sites=None)
    units = {grant.unit for grant in principal.granted(*AT_SITES) if grant.scope in (ANY, trial.code)}
    if not units:
        raise unseen(act)
    return View(trial=trial, sites=None if ANY in units else frozenset(units))


async def view_site(tx: Tx, act: Act, code_or_id: str | None, site_number: str) -> View:
    """As `view_of`, for something that belongs to one site."""
    view = await view_of(tx, act, code_or_id)
    if not view.shows(site_number):
        raise unseen(act)
    return view
