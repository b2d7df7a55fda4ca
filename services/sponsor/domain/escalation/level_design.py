"""3+3, rolling six and IQ rolling six: one design around the table of a level.

A level that its table finds intolerable closes with all above; the highest level below it is filled and then is the
dose found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.sponsor.domain.escalation.design import Raw, Terms
from services.sponsor.domain.escalation.guards import lowest_closed
from services.sponsor.domain.escalation.isotonic import isotonic_rates
from services.sponsor.domain.escalation.level_table import LevelTable, ThreePlusThree
from services.sponsor.domain.escalation.observations import Observations
from services.sponsor.domain.escalation.result import Reason, RecommendationKind
from services.sponsor.domain.escalation.table import GOES_UP, TableDecision

if TYPE_CHECKING:
    from services.sponsor.domain.escalation.trial_course import CohortRule

COHORT_OF_THREE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelDesign:
    """A design that reads one level's table at a time.

    Attributes:
        name: as in a design file.
        table: rule of each level.
    """

    name: str
    terms: Terms
    table: LevelTable

    @property
    def poor_rate(self) -> None:
        return None

    @property
    def has_cohorts(self) -> bool:
        """Whether participants enter by threes and are waited for; else the table has cells for the pending."""
        return isinstance(self.table, ThreePlusThree)

    @property
    def reads_pending(self) -> bool:
        return not self.has_cohorts

    @property
    def goes_back(self) -> bool:
        """Whether a level below a closed one may take more participants."""
        return not isinstance(self.table, ThreePlusThree) or self.table.allow_deescalate

    def missing(self, data: Observations) -> int:
        """Participants who complete the level's three or six; one, where the level has more than six."""
        if not self.has_cohorts or data.current is None:
            return 0
        evaluated, _, pending = data.at(data.current)
        total = evaluated + pending
        return -total % COHORT_OF_THREE if total <= self.table.largest_total else 1

    def raw(self, data: Observations) -> Raw:
        level = data.current or self.terms.start_level
        toxic = self._lowest_toxic(data)
        closed = lowest_closed(data, Raw(level=None, closes_from=toxic)) or data.levels + 1
        if closed == 1:
            cell = self._cell(data, level)
            return Raw(level=None, kind=RecommendationKind.STOP_NO_MTD, closes_from=1, cell=cell)
        if level >= closed:
            return self._below_closed(data, level, closed, toxic)
        return self._at_current(data, level, closed, toxic)

    def final(self, data: Observations) -> Raw:
        toxic = self._lowest_toxic(data)
        closed = lowest_closed(data, Raw(level=None, closes_from=toxic)) or data.levels + 1
        treated = [level for level in range(1, closed) if level <= data.levels and data.evaluated[level - 1]]
        rates = isotonic_rates(data.evaluated, data.dlts, treated)
        found = self._dose_found(data, closed)
        kind = RecommendationKind.COMPLETE if found else RecommendationKind.STOP_NO_MTD
        return Raw(level=found, kind=kind, closes_from=toxic, model={"isotonic": list(rates)})

    def cohort_rule(self) -> "CohortRule":
        from services.sponsor.domain.escalation.level_courses import LevelCourses

        return LevelCourses(design=self)

    def _dose_found(self, data: Observations, closed: int) -> int | None:
        """Highest level that is enough below a closed one, or the top; or one that its cell calls the dose found."""
        for level in range(min(closed - 1, data.levels), 0, -1):
            is_bounded = closed <= data.levels or level == data.levels
            if self._read(data, level) is TableDecision.MTD:
                return level
            if is_bounded and self.table.is_enough(*data.at(level)):
                return level
        return None

    def _lowest_toxic(self, data: Observations) -> int | None:
        levels = range(1, data.levels + 1)
        return next((j for j in levels if self._read(data, j) is TableDecision.DEESCALATE), None)

    def _read(self, data: Observations, level: int) -> TableDecision:
        return self.table.read(*data.at(level))

    def _at_current(self, data: Observations, level: int, closed: int, toxic: int | None) -> Raw:
        """The current level is open: read its cell."""
        decision, cell = self._read(data, level), self._cell(data, level)
        if decision is TableDecision.SAME:
            return Raw(level=level, closes_from=toxic, cell=cell)
        if decision is TableDecision.MTD:
            return Raw(level=level, kind=RecommendationKind.COMPLETE, closes_from=toxic, cell=cell)
        if decision not in GOES_UP:
            return self._nobody_enters(decision, toxic, cell)
        if level < data.levels and level + 1 < closed:
            return Raw(level=level + 1, closes_from=toxic, cell=cell)
        reason = Reason.LAST_LEVEL if level == data.levels else Reason.ELIMINATED
        return self._filled_up(data, level, toxic, (reason,))

    def _below_closed(self, data: Observations, level: int, closed: int, toxic: int | None) -> Raw:
        """The current level is closed: fill the one below the closed ones, or name it."""
        target, cell = closed - 1, self._cell(data, level)
        just_down = self._read(data, level) is TableDecision.DEESCALATE and target == level - 1
        reasons = () if just_down else (Reason.ELIMINATED,)
        if not self.goes_back:
            seen = data.evaluated[target - 1] > 0
            kind = RecommendationKind.COMPLETE if seen else RecommendationKind.STOP_NO_MTD
            found = target if seen else None
            return Raw(level=found, kind=kind, closes_from=toxic, reasons=reasons, cell=cell)
        decision = self._read(data, target)
        if decision is TableDecision.MTD:
            kind = RecommendationKind.COMPLETE
            return Raw(level=target, kind=kind, closes_from=toxic, reasons=reasons, cell=cell)
        if decision in GOES_UP:
            return self._filled_up(data, target, toxic, reasons)
        if decision is TableDecision.SAME or self.has_cohorts:
            return Raw(level=target, closes_from=toxic, reasons=reasons, cell=cell)
        return self._nobody_enters(decision, toxic, self._cell(data, target))

    def _filled_up(
        self, data: Observations, level: int, toxic: int | None, reasons: tuple[Reason, ...]
    ) -> Raw:
        """Nowhere to go up to: the level is filled, and then is the dose found."""
        counts, cell = data.at(level), self._cell(data, level)
        if self.table.is_filled(*counts, is_top=level == data.levels):
            kind = RecommendationKind.COMPLETE
            return Raw(level=level, kind=kind, closes_from=toxic, reasons=reasons, cell=cell)
        if counts[0] + counts[2] >= self.table.largest_total:
            return self._nobody_enters(TableDecision.SUSPEND, toxic, cell)
        return Raw(level=level, closes_from=toxic, reasons=reasons, cell=cell)

    def _nobody_enters(self, decision: TableDecision, toxic: int | None, cell: Mapping[str, Any]) -> Raw:
        if decision is TableDecision.OUTSIDE and self.has_cohorts:
            reasons = (Reason.PARTIAL_COHORT,)
            return Raw(
                level=None, kind=RecommendationKind.WAIT, closes_from=toxic, reasons=reasons, cell=cell
            )
        outside = (Reason.OUTSIDE_TABLE,) if decision is TableDecision.OUTSIDE else ()
        return Raw(level=None, kind=RecommendationKind.SUSPEND, closes_from=toxic, reasons=outside, cell=cell)

    def _cell(self, data: Observations, level: int) -> Mapping[str, Any]:
        return {"design": self.name, "level": level, **self.table.shown(*data.at(level))}
