"""The dose that a participant's windows count from, and what a correction makes of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDose:
    """The dose that the participant's windows count from, and the level that was given."""

    at: datetime
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseOnRecord:
    """A planned dose as it stands on record, given or missed; `id` is in the order of recording."""

    id: str
    at: datetime
    given: bool
    level: int
    recorded_at: datetime

    @property
    def counts_from(self) -> datetime:
        """A dose said to lie in the future was given by its entry at the latest."""
        return min(self.at, self.recorded_at)


def first_dose_of(doses: Iterable[DoseOnRecord], registered_at: datetime) -> FirstDose | None:
    """The earliest dose given at or after the registration, of equal ones the one that was recorded first.

    Args:
        doses: those that stand, in any order; what was corrected or voided is not among them.
        registered_at: a dose said to lie before it counts for nothing.
    """
    given = [dose for dose in doses if dose.given and dose.at >= registered_at]
    if not given:
        return None
    first = min(given, key=lambda dose: (dose.counts_from, dose.recorded_at, dose.id))
    return FirstDose(at=first.counts_from, level=first.level)


class FirstDoseChange(StrEnum):
    """What became of the first dose when a record was corrected; `corrected` is another time or level."""

    UNCHANGED = "unchanged"
    BEGUN = "begun"
    CORRECTED = "corrected"
    VOIDED = "voided"


def first_dose_change(before: FirstDose | None, after: FirstDose | None) -> FirstDoseChange:
    if before == after:
        return FirstDoseChange.UNCHANGED
    if before is None:
        return FirstDoseChange.BEGUN
    return FirstDoseChange.VOIDED if after is None else FirstDoseChange.CORRECTED


class CorrectionReason(StrEnum):
    """Why a recorded dose is corrected or voided."""

    WRONG_PARTICIPANT = "wrong_participant"
    WRONG_TIME = "wrong_time"
    WRONG_LEVEL = "wrong_level"
    WRONG_AMOUNT = "wrong_amount"
    NOT_GIVEN = "not_given"
    ENTERED_TWICE = "entered_twice"
    OTHER = "other"
