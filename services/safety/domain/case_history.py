"""The history of a case with regard to one product, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.safety.domain.classification import CaseFacts, CaseRules, Classification
from services.safety.domain.reporting_regime import NewJudgement
from shared.deadlines import Deadline, Trigger


class ChangeKind(StrEnum):
    """Facts that were not held before, or a new judgement on facts that were."""

    FACTS = "facts"
    JUDGEMENT = "judgement"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """From the date `on` these attributes of `CaseFacts` have these values.

    `sequence` orders the changes of one date: the last one stands.
    """

    on: date
    kind: ChangeKind
    values: Mapping[str, Any]
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHistory:
    """A case from its first awareness on.

    Attributes:
        first: what was known and judged at first.
        rules: of the participant, the product and the protocol.
        zone: the sponsor's, in which days are counted.
        aware: when the sponsor, or anyone acting for it, held the minimum criteria: one for every report merged
            into the case. Empty while nobody did: then no clock of the law runs.
        site_aware: when the site became aware, an instant; None if it is not to be timed.
        changes: in any order, repeats allowed.
        reports_sent: local dates of reports to the recipients, in any order, repeats allowed.
        complete_reports: those of them that were marked as leaving nothing to follow.
        on_new_judgement: None for what the regime says.
        known: further facts that the regime's rules may ask about, by the names of `RuledFacts`.
    """

    first: CaseFacts
    rules: CaseRules
    zone: ZoneInfo
    aware: tuple[Trigger, ...] = ()
    site_aware: Trigger | None = None
    changes: tuple[CaseChange, ...] = ()
    reports_sent: tuple[date, ...] = ()
    complete_reports: frozenset[date] = frozenset()
    on_new_judgement: NewJudgement | None = None
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One obligation.

    `opened_on` is the date from which it was known to be owed, `met_on` that of the report which met it, in time
    or not.
    """

    rule: str
    rule_version: int
    deadline: Deadline
    opened_on: date
    recipients: tuple[str, ...]
    inform_investigators: bool
    met_on: date | None = None

    @property
    def is_hours(self) -> bool:
        return self.deadline.due_date is None

    @property
    def met_late(self) -> bool:
        """Whether a report came, and after the last day."""
        due = self.deadline.due_date
        return self.met_on is not None and due is not None and self.met_on > due


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """What a history comes to: the class as it is now, day 0 of the first clock, and everything ever owed.

    `owed_now` names the rules that the case meets as it is now, whatever was owed before.
    """

    classification: Classification
    exempt_by: str | None
    day_0: date | None
    owed: tuple[Owed, ...]
    owed_now: frozenset[str]
    in_annual_report: bool

    @property
    def effective_due_date(self) -> date | None:
        """The earliest date that is still to be met; the site's clock of hours does not count."""
        due = [one.deadline.due_date for one in self.owed if one.met_on is None]
        return min((day for day in due if day is not None), default=None)
