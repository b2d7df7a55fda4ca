"""BOIN, keyboard, mTPI-2, mTPI and i3+3: one design around different rules for a level's counts.

A level closes, with all above, when the target is very probably exceeded there; at the end the dose found is the
admissible level whose isotonic rate is closest to the target.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from services.sponsor.domain.escalation.design import Raw, Terms, missing_from_cohort
from services.sponsor.domain.escalation.guards import guarded, lowest_closed
from services.sponsor.domain.escalation.interval_rules import BoinRule, IntervalRule, fewest_above
from services.sponsor.domain.escalation.isotonic import closest_level, isotonic_rates
from services.sponsor.domain.escalation.observations import Observations
from services.sponsor.domain.escalation.result import Reason, RecommendationKind

if TYPE_CHECKING:
    from services.sponsor.domain.escalation.trial_course import CohortRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Numbers of DLTs among n that move the trial; None where no number does.

    Attributes:
        escalate: at most so many go up.
        deescalate: at least so many go down; the smaller of de-escalation and elimination.
        eliminate: at least so many close the level and all above.
        stop: at least so many end the trial at the lowest level, where the protocol is extra safe.
    """

    escalate: int | None
    deescalate: int | None
    eliminate: int | None
    stop: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """When a level closes.

    Attributes:
        cutoff: probability of exceeding the target above which it closes.
        min_n: fewest evaluated participants for it.
        offset: at the lowest level the cut-off is smaller by this much; None where the protocol is not extra safe.
    """

    cutoff: Fraction = Fraction(95, 100)
    min_n: int = 3
    offset: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalDesign:
    """A design that compares a level's counts with an interval.

    Attributes:
        name: as in a design file.
        rule: when the counts move the trial.
        n_earlystop: evaluated at the current level from which a decision to keep it ends the trial; None for never.
        bound_mtd: only levels with a rate up to BOIN's de-escalation boundary can be the dose found.
    """

    name: str
    terms: Terms
    target: Fraction
    rule: IntervalRule
    closing: Closing = Closing()
    n_earlystop: int | None = None
    bound_mtd: bool = False
    _seen: dict[int, Limits] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def poor_rate(self) -> Fraction:
        return self.target

    @property
    def reads_pending(self) -> bool:
        return False

    @property
    def highest_rate(self) -> float | None:
        """Rate above which a level cannot be the dose found."""
        if self.bound_mtd and isinstance(self.rule, BoinRule):
            return float(self.rule.lambda_d)
        return None

    def missing(self, data: Observations) -> int:
        return missing_from_cohort(self.terms, data)

    def limits(self, n: int) -> Limits:
        """The row of the decision table for n evaluated participants, 1 or more."""
        found = self._seen.get(n)
        if found is None:
            found = self._seen[n] = _limits(self.rule, self.target, self.closing, n)
        return found

    def closes_at(self, level: int, n: int) -> int | None:
        """Fewest DLTs of n that close a level."""
        if not n:
            return None
        limits = self.limits(n)
        return limits.eliminate if level > 1 or self.closing.offset is None else limits.stop

    def raw(self, data: Observations) -> Raw:
        level = data.current or self.terms.start_level
        n, dlts, pending = data.at(level)
        closed = self._closed_from(data)
        if not n:
            return Raw(level=level, closes_from=closed)
        limits, closes = self.limits(n), self.closes_at(level, n)
        reasons = self._too_few_to_close(level, n, dlts)
        cell = _cell(self.name, level, (n, dlts, pending), limits)
        if closes is not None and dlts >= closes:
            kind = RecommendationKind.ELIMINATE
            return Raw(level=level - 1, kind=kind, closes_from=closed, cell=cell | {"decision": "eliminate"})
        move = _move(limits, dlts)
        word = {1: "escalate", 0: "stay", -1: "deescalate"}[move]
        found = Raw(level=level + move, closes_from=closed, reasons=reasons, cell=cell | {"decision": word})
        return self._stopped_early(data, found, n) or found

    def final(self, data: Observations) -> Raw:
        closed = self._closed_from(data)
        lowest = lowest_closed(data, Raw(level=None, closes_from=closed)) or data.levels + 1
        admissible = [level for level in range(1, lowest) if data.evaluated[level - 1]]
        rates = isotonic_rates(data.evaluated, data.dlts, admissible)
        found = closest_level(rates, float(self.target), self.highest_rate)
        kind = RecommendationKind.COMPLETE if found else RecommendationKind.STOP_NO_MTD
        return Raw(level=found, kind=kind, closes_from=closed, model={"isotonic": list(rates)})

    def cohort_rule(self) -> "CohortRule":
        from services.sponsor.domain.escalation.interval_courses import IntervalCourses

        return IntervalCourses(design=self)

    def _closed_from(self, data: Observations) -> int | None:
        for level, (n, dlts) in enumerate(zip(data.evaluated, data.dlts, strict=True), 1):
            closes = self.closes_at(level, n)
            if closes is not None and dlts >= closes:
                return level
        return None

    def _too_few_to_close(self, level: int, n: int, dlts: int) -> tuple[Reason, ...]:
        """The guard that a level closes on no fewer than `min_n` participants, where it binds."""
        if n >= self.closing.min_n:
            return ()
        would = _fewest_that_close(self.target, self.closing, n, lowest=level == 1)
        return (Reason.MIN_N_ELIMINATION,) if would is not None and dlts >= would else ()

    def _stopped_early(self, data: Observations, found: Raw, n: int) -> Raw | None:
        """The dose found, where enough participants are at the current level and it would be kept."""
        if self.n_earlystop is None or n < self.n_earlystop:
            return None
        kept = guarded(self, data, found)
        if kept.level != data.current:
            return None
        final = self.final(data)
        return Raw(
            level=final.level,
            kind=final.kind,
            closes_from=final.closes_from,
            reasons=kept.reasons,
            cell=found.cell,
            model=final.model,
        )


@lru_cache(maxsize=65536)
def _limits(rule: IntervalRule, target: Fraction, closing: Closing, n: int) -> Limits:
    escalate, deescalate = rule.moves(n)
    eliminate = stop = None
    if n >= closing.min_n:
        eliminate = _fewest_that_close(target, closing, n, lowest=False)
        if closing.offset is not None:
            stop = _fewest_that_close(target, closing, n, lowest=True)
    if eliminate is not None:
        deescalate = eliminate if deescalate is None else min(deescalate, eliminate)
    return Limits(escalate=escalate, deescalate=deescalate, eliminate=eliminate, stop=stop)


@lru_cache(maxsize=65536)
def _fewest_that_close(target: Fraction, closing: Closing, n: int, *, lowest: bool) -> int | None:
    """Fewest DLTs of n that would close a level, whatever the least number of participants."""
    extra = closing.offset if lowest and closing.offset is not None else Fraction(0)
    return fewest_above(n, target, closing.cutoff - extra)


def _move(limits: Limits, dlts: int) -> int:
    if limits.deescalate is not None and dlts >= limits.deescalate:
        return -1
    return int(limits.escalate is not None and dlts <= limits.escalate)


def _cell(name: str, level: int, counts: tuple[int, int, int], limits: Limits) -> dict[str, Any]:
    n, dlts, pending = counts
    return {
        "design": name,
        "level": level,
        "n": n,
        "dlt": dlts,
        "pending": pending,
        "escalate_if_at_most": limits.escalate,
        "deescalate_if_at_least": limits.deescalate,
        "eliminate_if_at_least": limits.eliminate,
    }
