"""Rows of randomisations: what blinded people may read, and, in tables named `unblinded_…`, lists, draws and arms.

No statement joins the two sets: whatever reads for a blinded role reads the first set alone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant, JsonText


class RandomisedRow(EnrolmentTable, table=True):
    """Somebody was randomised; `open_arm` is empty wherever arms are blinded."""

    __tablename__ = "randomised"
    __table_args__ = (
        UniqueConstraint("trial_id", "randomisation", "participant_id", name="randomised_once"),
    )

    id: str = Field(primary_key=True)
    trial_id: str
    randomisation: str
    participant_id: str = Field(index=True)
    site_number: str
    design_version: str
    protocol_version: str
    levels: dict[str, Any] = Field(sa_type=JsonText)
    stated_group: str
    answers: dict[str, Any] = Field(sa_type=JsonText)
    open_arm: str
    randomised_by: str
    randomised_at: datetime = Field(sa_type=Instant)


class FactorCorrectionRow(EnrolmentTable, table=True):
    """Levels that were found wrong; `after_number` is the last assignment made before the correction."""

    __tablename__ = "factor_correction"

    id: str = Field(primary_key=True)
    randomised_id: str = Field(index=True)
    trial_id: str
    randomisation: str
    after_number: int
    levels_before: dict[str, Any] = Field(sa_type=JsonText)
    levels_after: dict[str, Any] = Field(sa_type=JsonText)
    reason: str
    corrected_by: str
    corrected_at: datetime = Field(sa_type=Instant)


class UnblindedListRow(EnrolmentTable, table=True):
    """A list, or the seed of a minimisation, prepared for one design; `source` is generated, uploaded or minimised."""

    __tablename__ = "unblinded_list"
    __table_args__ = (
        UniqueConstraint("trial_id", "randomisation", "design_version", name="unblinded_list_once"),
    )

    id: str = Field(primary_key=True)
    trial_id: str
    randomisation: str
    design_version: str
    source: str
    generator: str
    seed: str
    rows_per_stratum: int
    design: dict[str, Any] = Field(sa_type=JsonText)
    counts_follow_corrections: bool
    prepared_by: str
    prepared_at: datetime = Field(sa_type=Instant)


class UnblindedPlaceRow(EnrolmentTable, table=True):
    """One row of a list; `allocation_id` says who used it."""

    __tablename__ = "unblinded_place"

    list_id: str = Field(primary_key=True)
    stratum: str = Field(primary_key=True)
    place: int = Field(primary_key=True)
    block: int
    block_size: int
    arm: str
    allocation_id: str | None = Field(unique=True)


class UnblindedAllocationRow(EnrolmentTable, table=True):
    """An arm with everything that led to it; of minimisation `place` is null, of lists `counts` and what follows.

    The id is that of the row in `randomised`; `number` counts the assignments of a randomisation from 1.
    """

    __tablename__ = "unblinded_allocation"
    __table_args__ = (
        UniqueConstraint("trial_id", "randomisation", "number", name="unblinded_allocation_number"),
        UniqueConstraint("trial_id", "randomisation", "participant_id", name="unblinded_allocation_once"),
        UniqueConstraint("list_id", "stratum", "place", name="unblinded_allocation_place"),
    )

    id: str = Field(primary_key=True)
    trial_id: str
    randomisation: str
    number: int
    participant_id: str
    site_number: str
    list_id: str
    arm: str
    levels: dict[str, Any] = Field(sa_type=JsonText)
    stratum: str
    place: int | None
    block: int
    counts: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    draws: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    found: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    allocated_at: datetime = Field(sa_type=Instant)
