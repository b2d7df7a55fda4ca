"""An example of each event about randomisations."""

from datetime import UTC, datetime

from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.randomisation_events import (
    ArmAllocatedV1,
    ArmLevelsCorrectedV1,
    MinimisationUsedV1,
    RandomisationCommittedV1,
    RandomisationCorrectedV1,
)

_TRIAL = "01993f6e-0000-7000-8000-000000000001"
_PARTICIPANT = "01993f6e-0000-7000-8000-000000000014"
_RANDOMISED = "01993f6e-0000-7000-8000-000000000031"
_LIST = "01993f6e-0000-7000-8000-000000000032"
_AT = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)

RANDOMISATION_EXAMPLES: tuple[PublishedEvent, ...] = (
    RandomisationCommittedV1(
        trial_id=_TRIAL,
        participant_id=_PARTICIPANT,
        randomisation_id=_RANDOMISED,
        randomisation="after-induction",
        design_version="1",
        part="induction",
        site_number="012",
        protocol_version="3.0",
        blinded=True,
        arm=None,
        randomised_at=_AT,
    ),
    RandomisationCorrectedV1(
        trial_id=_TRIAL,
        participant_id=_PARTICIPANT,
        randomisation_id=_RANDOMISED,
        randomisation="after-induction",
        reason_code="stated_from_wrong_report",
        corrected_at=_AT,
    ),
    ArmAllocatedV1(
        trial_id=_TRIAL,
        participant_id=_PARTICIPANT,
        participant_number="EP01-012-0078",
        randomisation_id=_RANDOMISED,
        randomisation="after-induction",
        design_version="1",
        list_id=_LIST,
        number=24,
        arm="new",
        levels={"sex": "male", "risk": "high"},
        row=None,
        minimisation=MinimisationUsedV1(
            arms=["standard", "new"],
            imbalance="range",
            weights={"sex": "1", "risk": "1"},
            scheme="best_p_rest_equal",
            parameter="0.8",
            counts={"sex": [10, 9], "risk": [2, 2]},
            tie="5534023222112865484/18446744073709551616",
            coin="9223372036854775808/18446744073709551616",
            g=[3.0, 1.0],
            probabilities=[0.2, 0.8],
            order=["new", "standard"],
        ),
        allocated_at=_AT,
    ),
    ArmLevelsCorrectedV1(
        trial_id=_TRIAL,
        randomisation_id=_RANDOMISED,
        levels={"sex": "male", "risk": "low"},
        counted=True,
        after_number=31,
        corrected_at=_AT,
    ),
)
