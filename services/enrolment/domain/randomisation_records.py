"""What is kept of randomisations: two records for everybody, three that only unblinded people read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomised:
    """That somebody was randomised; `open_arm` is empty wherever arms are blinded, `levels` are as first stated."""

    id: str
    trial_id: str
    randomisation: str
    participant_id: str
    site_number: str
    design_version: str
    protocol_version: str
    levels: Mapping[str, str]
    stated_group: str
    answers: Mapping[str, Any]
    open_arm: str
    randomised_by: str
    randomised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorCorrection:
    """A correction of stated levels; `after_number` is the last assignment made before it."""

    id: str
    randomised_id: str
    trial_id: str
    randomisation: str
    after_number: int
    levels_before: Mapping[str, str]
    levels_after: Mapping[str, str]
    reason: str
    corrected_by: str
    corrected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedList:
    """A list, or the seed of a minimisation, for one design; an uploaded one has no seed and no generator."""

    id: str
    trial_id: str
    randomisation: str
    design_version: str
    source: str
    generator: str
    seed: str
    rows_per_stratum: int
    design: Mapping[str, Any]
    counts_follow_corrections: bool
    prepared_by: str
    prepared_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One row of a list."""

    list_id: str
    stratum: str
    place: int
    block: int
    block_size: int
    arm: str
    allocation_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """An arm with what led to it; the id is that of the randomisation as blinded people know it."""

    id: str
    trial_id: str
    randomisation: str
    number: int
    participant_id: str
    site_number: str
    list_id: str
    arm: str
    levels: Mapping[str, str]
    stratum: str
    place: int | None
    block: int
    counts: Mapping[str, Sequence[int]] | None
    draws: Mapping[str, str] | None
    found: Mapping[str, Any] | None
    allocated_at: datetime
