"""Where each participant stands, and the counts that designs and boundaries are evaluated on."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.sponsor.domain.ids import ParticipantId, PartLevel


class Verdict(StrEnum):
    """The safety service's answer; `missing` means that it has given none."""

    DLT = "dlt"
    NO_DLT = "no_dlt"
    PENDING = "pending"
    NOT_EVALUABLE = "not_evaluable"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One registered participant as sponsor knows it; a voided registration has no standing.

    Attributes:
        first_dose_at: None until a first dose is recorded.
        provisional_dlt: a DLT that is not confirmed yet; only together with a pending verdict.
        registration_version: version of enrolment's aggregate behind this line.
        verdict_version: version of safety's aggregate behind this line; 0 when there is none.
    """

    participant_id: ParticipantId
    place: PartLevel
    verdict: Verdict
    provisional_dlt: bool = False
    first_dose_at: datetime | None = None
    window_closes_at: datetime | None = None
    registration_version: int
    verdict_version: int

    def __post_init__(self) -> None:
        if self.provisional_dlt and self.verdict is not Verdict.PENDING:
            raise ValueError("only a pending verdict can be provisionally a DLT")


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCounts:
    """Participants who count at a level: `n` with the pending ones, of them `dlt`, of them `pending`.

    `provisional` says how many of the pending have an unconfirmed DLT.
    """

    n: int = 0
    dlt: int = 0
    pending: int = 0
    provisional: int = 0

    def __post_init__(self) -> None:
        if min(self.n, self.dlt, self.pending, self.provisional) < 0:
            raise ValueError("a count is negative")
        if self.dlt + self.pending > self.n or self.provisional > self.pending:
            raise ValueError("the counts contradict each other")

    def provisional_as_dlt(self) -> "LevelCounts":
        """The same participants if every unconfirmed DLT were confirmed."""
        return self.readings()[-1]

    def readings(self) -> tuple["LevelCounts", ...]:
        """Everything the counts may turn out to be: none, one, ... all of the unconfirmed DLTs confirmed."""
        return tuple(
            replace(self, dlt=self.dlt + confirmed, pending=self.pending - confirmed, provisional=0)
            for confirmed in range(self.provisional + 1)
        )


def count(standings: Iterable[Standing], places: Collection[PartLevel]) -> LevelCounts:
    """Counts of everyone at any of `places`; not evaluable participants count in nothing.

    A registered participant who is not dosed yet, or has no verdict, is pending: silence is never "no DLT".
    """
    counted = [s for s in standings if s.place in places and s.verdict is not Verdict.NOT_EVALUABLE]
    answered = {Verdict.DLT, Verdict.NO_DLT}
    return LevelCounts(
        n=len(counted),
        dlt=sum(s.verdict is Verdict.DLT for s in counted),
        pending=sum(s.verdict not in answered for s in counted),
        provisional=sum(s.provisional_dlt for s in counted),
    )


def count_levels(standings: Iterable[Standing], part: str) -> Mapping[int, LevelCounts]:
    """Counts per level of one part; a level where nobody is registered is absent."""
    in_part = [s for s in standings if s.place.part == part]
    return {place.level: count(in_part, {place}) for place in {s.place for s in in_part}}
