"""The table of kinds of trial, for whoever reads trials."""

from services.sponsor.domain.trial_kind import TrialKinds
from services.sponsor.queries.visibility import READERS, reading_grants
from services.sponsor.store.trial_kinds import trial_kinds
from shared.act import Act


def kinds_shown(act: Act) -> TrialKinds:
    """The table.

    Raises:
        Problem: 403 `forbidden` for a caller who reads no trial.
    """
    reading_grants(act, READERS)
    return trial_kinds()
