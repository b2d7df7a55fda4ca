"""What is said of a randomisation: to everybody that it happened, to named readers the arm and how it came about."""

from services.enrolment.commands.draw_arm import Drawn
from services.enrolment.domain.minimisation import MinimisationDesign
from services.enrolment.domain.randomisation_records import FactorCorrection, Randomised
from services.enrolment.domain.randomisation_terms import RandomisationTerms
from services.enrolment.domain.randomising import Minimisation, RowDrawn
from services.enrolment.events.randomisation_events import (
    ArmAllocatedV1,
    ArmLevelsCorrectedV1,
    MinimisationUsedV1,
    RandomisationCommittedV1,
    RandomisationCorrectedV1,
    RowUsedV1,
)
from services.enrolment.store.randomisation_terms import scheme_of
from shared.outbox import NewEvent
from shared.topics import UNBLINDED_AGGREGATES


def allocation_aggregate(randomised_id: str) -> str:
    """The aggregate of an allocation, which is told on the unblinded topic alone."""
    return f"{UNBLINDED_AGGREGATES}{randomised_id}"


def randomisation_committed(randomised: Randomised, *, part: str, blinded: bool) -> NewEvent:
    """For everybody; the arm only where arms are open."""
    body = RandomisationCommittedV1(
        trial_id=randomised.trial_id,
        participant_id=randomised.participant_id,
        randomisation_id=randomised.id,
        randomisation=randomised.randomisation,
        design_version=randomised.design_version,
        part=part,
        site_number=randomised.site_number,
        protocol_version=randomised.protocol_version,
        blinded=blinded,
        arm=None if blinded else randomised.open_arm,
        randomised_at=randomised.randomised_at,
    )
    return NewEvent(aggregate_id=randomised.participant_id, scope=randomised.trial_id, body=body)


def arm_allocated(terms: RandomisationTerms, drawn: Drawn, participant_number: str) -> NewEvent:
    """For named readers."""
    allocation, by = drawn.allocation, drawn.by
    body = ArmAllocatedV1(
        trial_id=allocation.trial_id,
        participant_id=allocation.participant_id,
        participant_number=participant_number,
        randomisation_id=allocation.id,
        randomisation=allocation.randomisation,
        design_version=terms.version,
        list_id=allocation.list_id,
        number=allocation.number,
        arm=allocation.arm,
        levels=dict(allocation.levels),
        row=RowUsedV1(stratum=by.stratum, row=by.row, block=by.block) if isinstance(by, RowDrawn) else None,
        minimisation=_used(terms, by) if isinstance(by, Minimisation) else None,
        allocated_at=allocation.allocated_at,
    )
    return NewEvent(aggregate_id=allocation_aggregate(allocation.id), scope=allocation.trial_id, body=body)


def _used(terms: RandomisationTerms, by: Minimisation) -> MinimisationUsedV1:
    design, found = terms.method, by.found
    assert isinstance(design, MinimisationDesign)
    scheme, parameter = scheme_of(design.probability)
    return MinimisationUsedV1(
        arms=list(design.arms),
        imbalance=design.imbalance.value,
        weights={factor.name: str(factor.weight) for factor in design.factors},
        scheme=scheme,
        parameter=parameter,
        counts={name: list(on_arms) for name, on_arms in by.counts.items()},
        tie=by.tie,
        coin=by.coin,
        g=list(found.g),
        probabilities=list(found.probabilities),
        order=list(found.order),
    )


def levels_corrected(participant_id: str, correction: FactorCorrection, *, counted: bool) -> list[NewEvent]:
    """That levels were corrected, for everybody without the levels, and for named readers with them."""
    everybody = RandomisationCorrectedV1(
        trial_id=correction.trial_id,
        participant_id=participant_id,
        randomisation_id=correction.randomised_id,
        randomisation=correction.randomisation,
        reason_code=correction.reason,
        corrected_at=correction.corrected_at,
    )
    named = ArmLevelsCorrectedV1(
        trial_id=correction.trial_id,
        randomisation_id=correction.randomised_id,
        levels=dict(correction.levels_after),
        counted=counted,
        after_number=correction.after_number,
        corrected_at=correction.corrected_at,
    )
    scope = correction.trial_id
    aggregate = allocation_aggregate(correction.randomised_id)
    return [
        NewEvent(aggregate_id=participant_id, scope=scope, body=everybody),
        NewEvent(aggregate_id=aggregate, scope=scope, body=named),
    ]
