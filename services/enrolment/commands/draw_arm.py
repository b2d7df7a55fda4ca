"""Draw an arm: the next unused row of a list, or minimisation. Called under the trial's gate, in one transaction."""

from dataclasses import dataclass

from services.enrolment.domain.minimisation import MinimisationDesign
from services.enrolment.domain.permuted_blocks import PermutedBlocks, rows_of_list
from services.enrolment.domain.randomisation_records import (
    Allocation,
    FactorCorrection,
    PreparedList,
    Randomised,
)
from services.enrolment.domain.randomisation_terms import RandomisationTerms, stratum_of
from services.enrolment.domain.randomising import Minimisation, OnArm, RowDrawn, minimise_next
from services.enrolment.domain.refusals import Refused
from services.enrolment.store.participants import Participant
from services.enrolment.store.randomisation_terms import document_of
from services.enrolment.store.randomised import corrections_of
from services.enrolment.store.unblinded import (
    allocations_of,
    has_stratum,
    insert_allocation,
    insert_stratum,
    last_number,
    lists_of,
    take_place,
)
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An arm as it was drawn and kept."""

    allocation: Allocation
    by: RowDrawn | Minimisation


async def draw_arm(
    tx: Tx, terms: RandomisationTerms, participant: Participant, randomised: Randomised
) -> Drawn:
    """The participant's arm, kept with everything that led to it.

    Raises:
        Refused: `randomisation_list_missing`, `randomisation_list_exhausted`.
    """
    prepared = await _list_for(tx, terms, participant.trial_id)
    number = await last_number(tx, participant.trial_id, terms.code) + 1
    by: RowDrawn | Minimisation
    if isinstance(terms.method, PermutedBlocks):
        by = await _from_list(tx, terms.method, prepared, stratum_of(terms, randomised.levels), randomised.id)
    else:
        by = await _minimised(tx, terms.method, prepared, randomised, number)
    row = by if isinstance(by, RowDrawn) else None
    allocation = Allocation(
        id=randomised.id,
        trial_id=participant.trial_id,
        randomisation=terms.code,
        number=number,
        participant_id=participant.id,
        site_number=participant.site_number,
        list_id=prepared.id,
        arm=by.arm,
        levels=randomised.levels,
        stratum=row.stratum if row else "",
        place=row.row if row else None,
        block=row.block if row else 0,
        counts=None if isinstance(by, RowDrawn) else {name: list(on) for name, on in by.counts.items()},
        draws=None if isinstance(by, RowDrawn) else {"tie": by.tie, "coin": by.coin},
        found=None if isinstance(by, RowDrawn) else _found(by),
        allocated_at=randomised.randomised_at,
    )
    await insert_allocation(tx, allocation)
    return Drawn(allocation=allocation, by=by)


def _found(by: Minimisation) -> dict[str, list[object]]:
    found = by.found
    return {
        "g": list(found.g),
        "probabilities": list(found.probabilities),
        "preferred": list(found.preferred),
        "order": list(found.order),
        "warnings": [warning.value for warning in found.warnings],
    }


async def _list_for(tx: Tx, terms: RandomisationTerms, trial_id: str) -> PreparedList:
    """What was prepared for exactly this design."""
    for prepared in await lists_of(tx, trial_id, terms.code):
        if prepared.design_version == terms.version and dict(prepared.design) == document_of(terms):
            return prepared
    raise Refused(
        "randomisation_list_missing", "The unblinded statistician has prepared no list for this design."
    )


async def _from_list(
    tx: Tx, design: PermutedBlocks, prepared: PreparedList, stratum: str, allocation_id: str
) -> RowDrawn:
    if prepared.source == "generated" and not await has_stratum(tx, prepared.id, stratum):
        rows = rows_of_list(design, stratum, prepared.seed, prepared.rows_per_stratum)
        await insert_stratum(tx, prepared.id, stratum, rows)
    place = await take_place(tx, prepared.id, stratum, allocation_id)
    if place is None:
        raise Refused("randomisation_list_exhausted", "The list of this stratum has no row left.")
    return RowDrawn(stratum=stratum, row=place.place, block=place.block, arm=place.arm)


async def _minimised(
    tx: Tx, design: MinimisationDesign, prepared: PreparedList, randomised: Randomised, number: int
) -> Minimisation:
    """Counted on everybody allocated before, with the levels that count now."""
    trial_id, code = randomised.trial_id, randomised.randomisation
    before = await allocations_of(tx, trial_id, code)
    corrections: list[FactorCorrection] = []
    if prepared.counts_follow_corrections:
        corrections = await corrections_of(tx, trial_id, code)
    corrected = {one.randomised_id: one.levels_after for one in corrections}
    on_arms = [OnArm(arm=one.arm, levels=corrected.get(one.id, one.levels)) for one in before]
    return minimise_next(design, on_arms, randomised.levels, seed=prepared.seed, number=number)
