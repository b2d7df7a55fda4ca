"""What equal hashes say about a child who is to be registered: duplicates here, participations elsewhere."""

from dataclasses import replace

from services.enrolment.domain.identity import co_enrolment_allowed
from services.enrolment.domain.registration_facts import PersonFacts
from services.enrolment.domain.screening import Screening
from services.enrolment.store.co_enrolment import co_enrolment_named, trials_elsewhere
from shared.act import Act
from shared.database import Tx


async def with_identity(
    tx: Tx, act: Act, screening: Screening, trial_code: str, person: PersonFacts, *, known_by_number: bool
) -> PersonFacts:
    """The facts of the person with guard 14's, read while the screening and the trial are locked.

    Without a hash of the NHS number (`known_by_number`) nobody can be found in other trials.
    """
    refusing = await _not_allowed(tx, act, screening, trial_code) if known_by_number else 0
    return replace(
        person,
        unresolved_duplicates=screening.unresolved_duplicates,
        co_enrolments_not_allowed=refusing,
    )


async def _not_allowed(tx: Tx, act: Act, screening: Screening, trial_code: str) -> int:
    elsewhere = await trials_elsewhere(tx, screening.id)
    if not elsewhere:
        return 0
    names = await co_enrolment_named(tx, screening.trial_id, act.now)
    refusing = 0
    for trial in elsewhere:
        theirs = await co_enrolment_named(tx, trial.id, act.now)
        refusing += not co_enrolment_allowed(trial_code, names, trial.code, theirs)
    return refusing
