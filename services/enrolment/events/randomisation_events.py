"""Randomisations: that somebody was randomised, for everybody; the arm, on `enrolment.unblinded.v1` alone."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field

from services.enrolment.events.event_model import Part, PublishedEvent, SiteNumber

RandomisationCode = Annotated[str, Field(description="The randomisation, as the protocol file names it")]


class RandomisationCommittedV1(PublishedEvent):
    """A participant was randomised; the arm is named only where arms are open. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.randomisation.committed.v1"

    trial_id: str
    participant_id: str
    randomisation_id: str
    randomisation: RandomisationCode
    design_version: str
    part: Part
    site_number: SiteNumber
    protocol_version: str
    blinded: bool
    arm: Annotated[str | None, Field(description="Null whenever `blinded`")]
    randomised_at: datetime


class RandomisationCorrectedV1(PublishedEvent):
    """Stated factor levels were wrong and are corrected; the arm stays. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.randomisation.corrected.v1"

    trial_id: str
    participant_id: str
    randomisation_id: str
    randomisation: RandomisationCode
    reason_code: str
    corrected_at: datetime


class RowUsedV1(BaseModel):
    """A row of a list; an uploaded table has no blocks (0)."""

    stratum: str
    row: Annotated[int, Field(ge=1)]
    block: Annotated[int, Field(ge=0)]


class MinimisationUsedV1(BaseModel):
    """What minimisation was made from, and what came out; lists are in the design's order of arms."""

    arms: list[str]
    imbalance: str
    weights: dict[str, str]
    scheme: str
    parameter: str
    counts: dict[str, list[int]]
    tie: str
    coin: str
    g: list[float]
    probabilities: list[float]
    order: list[str]


class ArmAllocatedV1(PublishedEvent):
    """The arm of a participant, and everything that led to it. Subject: the allocation."""

    event_type: ClassVar[str] = "enrolment.arm.allocated.v1"
    blinding: ClassVar[Literal["unblinded"]] = "unblinded"

    trial_id: str
    participant_id: str
    participant_number: str
    randomisation_id: str
    randomisation: RandomisationCode
    design_version: str
    list_id: str
    number: Annotated[int, Field(ge=1, description="Of the assignment within the randomisation")]
    arm: str
    levels: dict[str, str]
    row: RowUsedV1 | None
    minimisation: MinimisationUsedV1 | None
    allocated_at: datetime


class ArmLevelsCorrectedV1(PublishedEvent):
    """Factor levels of an allocation as they count from now on. Subject: the allocation."""

    event_type: ClassVar[str] = "enrolment.arm-levels.corrected.v1"
    blinding: ClassVar[Literal["unblinded"]] = "unblinded"

    trial_id: str
    randomisation_id: str
    levels: dict[str, str]
    counted: Annotated[bool, Field(description="Whether later minimisation counts the corrected levels")]
    after_number: int
    corrected_at: datetime


RANDOMISATION_EVENTS: tuple[type[PublishedEvent], ...] = (
    RandomisationCommittedV1,
    RandomisationCorrectedV1,
    ArmAllocatedV1,
    ArmLevelsCorrectedV1,
)
