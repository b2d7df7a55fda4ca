"""What has been seen in a dose-finding trial: participants in order, or counts by level."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.sponsor.domain.escalation.blrm_samples import PosteriorSamples


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One participant treated at a level.

    Attributes:
        level: 1-based.
        dlt: None while the window is open without a DLT.
        cohort: number of the cohort in the order of entry, from 0.
        follow_up: time since the first dose in the unit of the design's window, where it is known.
        weight: share of the window that counts, 0 to 1, where it is given instead of a follow-up.
    """

    level: int
    dlt: bool | None
    cohort: int
    follow_up: float | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortSeen:
    """The last cohort: evaluated participants, their DLTs, pending ones, and how its last evaluated one did.

    Attributes:
        last_had_dlt: None while nobody of it is evaluated.
    """

    evaluated: int
    dlts: int
    pending: int
    last_had_dlt: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """One data cut; tuples by level start at level 1.

    Attributes:
        evaluated: treated participants with an answer; the pending ones are not in it.
        dlts: of the evaluated.
        pending: window open, no DLT yet.
        current: level of the last participant, or the level where the next ones go; None before anybody.
        participants: in the order of entry; None when only counts are known.
        closed_from: lowest level closed by an earlier decision, all above closed too; None when none is.
        dose_limit: highest dose allowed now, where a design has doses.
        samples: posterior draws from elsewhere, in place of participants.
    """

    evaluated: tuple[int, ...]
    dlts: tuple[int, ...]
    pending: tuple[int, ...]
    current: int | None = None
    participants: tuple[Participant, ...] | None = None
    closed_from: int | None = None
    dose_limit: float | None = None
    samples: "PosteriorSamples | None" = None

    @property
    def levels(self) -> int:
        return len(self.evaluated)

    @property
    def treated(self) -> int:
        """Everyone on a level, pending included."""
        return sum(self.evaluated) + sum(self.pending)

    @property
    def highest_tried(self) -> int:
        """Highest level with anybody, pending included; 0 before anybody."""
        tried = (j for j in range(self.levels, 0, -1) if self.evaluated[j - 1] or self.pending[j - 1])
        return next(tried, 0)

    def at(self, level: int) -> tuple[int, int, int]:
        """Evaluated, DLTs and pending at a level."""
        return self.evaluated[level - 1], self.dlts[level - 1], self.pending[level - 1]

    @property
    def last_cohort(self) -> CohortSeen:
        """The last cohort; from counts alone everybody at the current level stands for it."""
        if self.participants is None:
            evaluated, dlts, pending = self.at(self.current) if self.current else (0, 0, 0)
            had_dlt = dlts > 0 if evaluated else None
            return CohortSeen(evaluated=evaluated, dlts=dlts, pending=pending, last_had_dlt=had_dlt)
        last = self.participants[-1].cohort if self.participants else 0
        answers = [one.dlt for one in self.participants if one.cohort == last]
        known = [answer for answer in answers if answer is not None]
        return CohortSeen(
            evaluated=len(known),
            dlts=sum(known),
            pending=len(answers) - len(known),
            last_had_dlt=known[-1] if known else None,
        )

    def resolved(self, dlts_by_level: Sequence[int]) -> "Observations":
        """The same people once every pending one has an answer.

        Args:
            dlts_by_level: how many of the pending of each level have a DLT; the earliest entered have it.
        """
        evaluated = tuple(n + c for n, c in zip(self.evaluated, self.pending, strict=True))
        dlts = tuple(y + more for y, more in zip(self.dlts, dlts_by_level, strict=True))
        people = self.participants
        if people is not None:
            people = _resolved(people, list(dlts_by_level))
        nobody = (0,) * self.levels
        return replace(self, evaluated=evaluated, dlts=dlts, pending=nobody, participants=people)

    def followed_by(
        self, level: int, outcomes: Sequence[bool], *, same_cohort: bool = False
    ) -> "Observations":
        """These people and then some evaluated ones at a level, which becomes the current one.

        Args:
            level: of the new participants.
            outcomes: whether each had a DLT.
            same_cohort: they complete the last cohort instead of forming one of their own.
        """
        people = self.participants
        if people is not None:
            number = (people[-1].cohort + (not same_cohort)) if people else 0
            people = (*people, *(Participant(level=level, dlt=dlt, cohort=number) for dlt in outcomes))
        return replace(
            self,
            evaluated=_added(self.evaluated, level, len(outcomes)),
            dlts=_added(self.dlts, level, sum(outcomes)),
            current=level,
            participants=people,
        )


def observed(
    levels: int, participants: Iterable[Participant], closed_from: int | None = None
) -> Observations:
    """Counts and order of participants; the last one's level is the current one."""
    people = tuple(participants)
    evaluated, dlts, pending = [0] * levels, [0] * levels, [0] * levels
    for one in people:
        at = one.level - 1
        if one.dlt is None:
            pending[at] += 1
        else:
            evaluated[at] += 1
            dlts[at] += one.dlt
    return Observations(
        evaluated=tuple(evaluated),
        dlts=tuple(dlts),
        pending=tuple(pending),
        current=people[-1].level if people else None,
        participants=people,
        closed_from=closed_from,
    )


def _resolved(people: tuple[Participant, ...], dlts_left: list[int]) -> tuple[Participant, ...]:
    """Everybody with an answer and a whole window."""
    answered = []
    for one in people:
        if one.dlt is None:
            with_dlt = dlts_left[one.level - 1] > 0
            dlts_left[one.level - 1] -= with_dlt
            one = replace(one, dlt=with_dlt, follow_up=None, weight=1.0)
        answered.append(one)
    return tuple(answered)


def _added(counts: tuple[int, ...], level: int, more: int) -> tuple[int, ...]:
    return tuple(count + more * (at == level - 1) for at, count in enumerate(counts))
