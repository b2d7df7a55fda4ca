"""Correct factor levels that were stated wrongly. The arm stays: nobody is ever randomised twice."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.enrolment.commands.announce_randomised import levels_corrected
from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.domain.minimisation import MinimisationDesign
from services.enrolment.domain.randomisation_records import FactorCorrection
from services.enrolment.domain.randomisation_terms import find_randomisation, levels_of
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import CORRECTING_LEVELS
from services.enrolment.store.randomisation_terms import randomisations_of
from services.enrolment.store.randomised import corrections_of, insert_correction, randomised_of
from services.enrolment.store.unblinded import last_number
from shared.act import Act
from shared.database import Tx
from shared.outbox import put_all


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectLevels:
    """All levels as they should have been stated, without the site; `reason` is a code."""

    participant_id: str
    randomisation: str
    levels: Mapping[str, str]
    reason: str


async def correct_levels(tx: Tx, command: CorrectLevels, act: Act) -> FactorCorrection:
    """The correction, recorded beside the draw.

    Of a list, row and stratum stay as they were drawn. Minimisation counts the corrected levels from the next
    assignment on, unless the protocol says otherwise.

    Raises:
        Refused: `not_randomised`, `randomisation_unknown`, `factor_unknown`.
    """
    allowed, participant = await participant_under_gate(tx, act, CORRECTING_LEVELS, command.participant_id)
    act = allowed.act
    made = {one.randomisation: one for one in await randomised_of(tx, participant.id)}
    randomised = made.get(command.randomisation)
    if randomised is None:
        raise Refused("not_randomised", "The participant was not randomised here.")
    versions = await randomisations_of(tx, participant.trial_id)
    terms = find_randomisation(versions.get(randomised.protocol_version, ()), command.randomisation)
    # The site is where they were randomised: a transfer later moves nobody's stratum.
    after = levels_of(terms, command.levels, randomised.site_number)
    before = dict(randomised.levels)
    for one in await corrections_of(tx, participant.trial_id, terms.code):
        if one.randomised_id == randomised.id:
            before = dict(one.levels_after)
    correction = FactorCorrection(
        id=act.new_id(),
        randomised_id=randomised.id,
        trial_id=participant.trial_id,
        randomisation=terms.code,
        after_number=await last_number(tx, participant.trial_id, terms.code),
        levels_before=before,
        levels_after=after,
        reason=command.reason,
        corrected_by=act.actor,
        corrected_at=act.now,
    )
    await insert_correction(tx, correction)
    counted = terms.counts_follow_corrections and isinstance(terms.method, MinimisationDesign)
    await put_all(tx, act, levels_corrected(participant.id, correction, counted=counted))
    return correction
