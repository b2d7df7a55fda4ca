"""What the DLT rules take in about events and doses, and what they say about one criterion."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.safety.domain.causality import Causality
from services.safety.domain.dlt_timeline import DatedGrade, Strength


class Cause(StrEnum):
    TOXICITY = "toxicity"
    OTHER = "other"
    NOT_STATED = "not_stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class DltEvent:
    """One adverse event, newest version, as the DLT rules see it.

    `term` and `soc` come from the pinned dictionary and are empty while the event is not coded. An
    exclusion stands in `confirmed_exclusions` only when a person has confirmed that it applies.
    """

    id: str
    version: int = 1
    term: str
    soc: str
    causality: Causality
    sponsor_causality: Causality = Causality.NOT_ASSESSED
    confirmed_exclusions: frozenset[str] = frozenset()
    grades: tuple[DatedGrade, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseDelay:
    """A delayed dose that has been given after `days` days."""

    cause: Cause
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDelay:
    """A dose that was due on day `since_day` and has not been given yet."""

    cause: Cause
    since_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedDoses:
    cause: Cause
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Doses:
    """Doses of the window: planned by the protocol, given so far, delayed, missed.

    `unaccounted` are doses that were due and of which nobody has said whether they were given. With
    `counts_known` false nobody has said how many were planned and given: what is stated of delays and missed doses
    still stands.
    """

    planned: int
    given: int
    delays: tuple[DoseDelay | RunningDelay, ...] = ()
    missed: tuple[MissedDoses, ...] = ()
    unaccounted: int = 0
    counts_known: bool = True


class Open(StrEnum):
    """Why a criterion may still become true, or a finding needs a look."""

    WINDOW_OPEN = "window_open"
    NO_FIRST_DOSE = "no_first_dose"
    DURATION_RUNNING = "duration_running"
    GRADE_NOT_CONFIRMED = "grade_not_confirmed"
    GRADE_MISSING = "grade_missing"
    DATE_MISSING = "date_missing"
    CAUSALITY_MISSING = "causality_missing"
    TERM_NOT_CODED = "term_not_coded"
    CAUSE_NOT_STATED = "cause_not_stated"
    DOSES_NOT_KNOWN = "doses_not_known"
    RESULT_MISSING = "result_missing"
    JUDGEMENT_NOT_CONFIRMED = "judgement_not_confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionFinding:
    """One criterion's state; `since_day` is the onset of what qualifies, `true_from_day` when it sufficed.

    `assumed_ongoing` says that the duration rests on a value carried forward with no later result;
    `next_day` is the day on which time alone makes the criterion stand more firmly, None if it cannot.
    """

    id: str
    strength: Strength
    since_day: int | None = None
    true_from_day: int | None = None
    assumed_ongoing: bool = False
    next_day: int | None = None
    open: frozenset[Open] = frozenset()
    events: tuple[tuple[str, int], ...] = ()

    @property
    def met(self) -> bool:
        return self.strength is Strength.CERTAIN


def strongest(criterion_id: str, found: Iterable[CriterionFinding]) -> CriterionFinding:
    """One finding out of several: the firmest, then the earliest; the open questions are those of all."""
    relevant = [finding for finding in found if finding.strength > Strength.NO]
    if not relevant:
        return CriterionFinding(id=criterion_id, strength=Strength.NO)
    best = min(relevant, key=_firmest_then_earliest)
    equals = [finding for finding in relevant if finding.strength is best.strength]
    days = [finding.next_day for finding in relevant if finding.next_day is not None]
    return CriterionFinding(
        id=criterion_id,
        strength=best.strength,
        since_day=best.since_day,
        true_from_day=best.true_from_day,
        assumed_ongoing=all(finding.assumed_ongoing for finding in equals),
        next_day=None if best.met else min(days, default=None),
        open=frozenset(question for finding in relevant for question in finding.open),
        events=tuple(sorted({event for finding in equals for event in finding.events})),
    )


def _firmest_then_earliest(
    finding: CriterionFinding,
) -> tuple[int, float, float, tuple[tuple[str, int], ...]]:
    late = float("inf")
    true_from = late if finding.true_from_day is None else finding.true_from_day
    since = late if finding.since_day is None else finding.since_day
    return (-finding.strength, true_from, since, finding.events)
