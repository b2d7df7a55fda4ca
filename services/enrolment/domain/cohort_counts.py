"""Counting a cohort: registrations of this service against the verdicts of the safety service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.enrolment.domain.ids import ParticipantId, PartLevel


class Verdict(StrEnum):
    """The safety service's judgement of one participant's DLT window; silence is never `no_dlt`."""

    DLT = "dlt"
    PENDING = "pending"
    NO_DLT = "no_dlt"
    NOT_EVALUABLE = "not_evaluable"


class Provisional(StrEnum):
    """Whether a DLT has been reported that nobody has confirmed or refused yet."""

    NONE = "none"
    DLT = "dlt"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictState:
    """Latest verdict on a participant; `place` is None when safety does not know the level."""

    participant_id: ParticipantId
    verdict: Verdict
    provisional: Provisional = Provisional.NONE
    place: PartLevel | None = None

    @property
    def speaks_of_dlt(self) -> bool:
        return self.verdict is Verdict.DLT or self.provisional is Provisional.DLT


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMember:
    """A registration at a level; `voided` means taken back before any dose."""

    participant_id: ParticipantId
    place: PartLevel
    dosed: bool
    voided: bool = False

    @property
    def counts(self) -> bool:
        # A dose given is a fact: it outweighs an earlier statement that there would be none.
        return self.dosed or not self.voided


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortCounts:
    """Counts of one cohort.

    `n` is everybody registered who can still be or is evaluable; `dlt` and `pending` are parts of n;
    `provisional` is the part of pending with an unconfirmed DLT; `unmatched` are DLTs outside n.
    """

    n: int
    dlt: int
    pending: int
    provisional: int = 0
    unmatched: int = 0

    def __post_init__(self) -> None:
        if min(self.n, self.dlt, self.pending, self.provisional, self.unmatched) < 0:
            raise ValueError("a count is never negative")
        if self.dlt + self.pending > self.n or self.provisional > self.pending:
            raise ValueError("the parts are more than the whole")


class _Standing(StrEnum):
    DLT = "dlt"
    PROVISIONAL = "provisional"
    PENDING = "pending"
    CLEAR = "clear"
    OUT = "out"


def _standing(member: CohortMember, state: VerdictState | None) -> _Standing:
    if state is None:
        return _Standing.PENDING
    if state.verdict is Verdict.DLT:
        return _Standing.DLT
    if state.provisional is Provisional.DLT:
        return _Standing.PROVISIONAL
    if state.verdict is Verdict.NOT_EVALUABLE:
        return _Standing.OUT
    if state.verdict is Verdict.NO_DLT and member.dosed:
        return _Standing.CLEAR
    return _Standing.PENDING


def count_cohort(
    members: Iterable[CohortMember],
    verdicts: Mapping[ParticipantId, VerdictState],
    places: frozenset[PartLevel],
) -> CohortCounts:
    """Counts the participants at `places`.

    Args:
        members: every registration of the trial, at whatever level, so that unmatched verdicts can be told.
        verdicts: the latest verdict on each participant of the trial that safety has judged.
        places: the levels counted together.

    Returns:
        Not dosed is pending; `not_evaluable` leaves n unless a provisional DLT is open; a registration voided
        before the first dose counts nowhere, and a DLT on it counts as unmatched. An unmatched DLT of unknown
        level counts at every level.
    """
    counted = [member for member in members if member.counts]
    standings = [
        _standing(member, verdicts.get(member.participant_id)) for member in counted if member.place in places
    ]
    known = {member.participant_id for member in counted}
    unmatched = sum(
        1
        for state in verdicts.values()
        if state.speaks_of_dlt
        and state.participant_id not in known
        and (state.place is None or state.place in places)
    )
    provisional = standings.count(_Standing.PROVISIONAL)
    return CohortCounts(
        n=len(standings) - standings.count(_Standing.OUT),
        dlt=standings.count(_Standing.DLT),
        pending=standings.count(_Standing.PENDING) + provisional,
        provisional=provisional,
        unmatched=unmatched,
    )
