"""Loading all that the rules of one trial look at, in a handful of statements."""

from datetime import datetime

from services.sponsor.domain.observation import observe
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.protocol_version import version_in_force
from services.sponsor.domain.trial import Trial
from services.sponsor.store.copies import registrations_of, verdicts_of
from services.sponsor.store.decisions import decisions_of
from services.sponsor.store.protocol_versions import versions_of
from shared.database import Tx


async def load_picture(tx: Tx, trial: Trial, now: datetime) -> TrialPicture | None:
    """The trial as known now; None while no protocol version is in force."""
    versions = await versions_of(tx, trial.id)
    version = version_in_force(versions, now)
    if version is None:
        return None
    return TrialPicture(
        trial=trial,
        version=version,
        versions={one.terms.version: one.terms for one in versions},
        observed=observe(await registrations_of(tx, trial.id), await verdicts_of(tx, trial.id)),
        decisions=tuple(await decisions_of(tx, trial.id)),
    )
