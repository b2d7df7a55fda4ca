"""Who may read what: trial-level roles of the trial, quality assurance and inspectors; never operations."""

from collections.abc import Sequence

from services.sponsor.domain.trial import Trial
from services.sponsor.store.trials import look_at_trial, trial_coded
from shared.act import Act
from shared.auth import ANY, Grant
from shared.database import Tx
from shared.problems import Problem

READERS = (
    "trial_manager",
    "trial_statistician",
    "unblinded_statistician",
    "medical_monitor",
    "safety_officer",
    "src_chair",
    "src_member",
    "sponsor_qa",
    "inspector",
)
READERS_AND_INVESTIGATORS = (*READERS, "site_investigator")
"""For what investigators sign or are bound by."""


async def visible_trial(tx: Tx, act: Act, trial: str, roles: Sequence[str]) -> Trial:
    """The trial of this id or code, for somebody who holds one of the roles in it, at whatever site.

    Raises:
        Problem: 403 `forbidden` when no such role is held anywhere; 404 `not_found` when not in this trial,
            as if the trial did not exist.
    """
    grants = reading_grants(act, roles)
    found = await look_at_trial(tx, trial) or await trial_coded(tx, trial)
    if found is None or not any(grant.scope in (ANY, found.code) for grant in grants):
        raise Problem("not_found")
    return found


def reading_grants(act: Act, roles: Sequence[str]) -> frozenset[Grant]:
    """The caller's grants of these roles, of which there is at least one.

    Raises:
        Problem: 403 `forbidden`.
    """
    grants = act.principal.granted(*roles) if act.principal is not None else frozenset()
    if not grants:
        raise Problem("forbidden")
    return grants
