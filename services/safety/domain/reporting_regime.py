"""Reporting regimes: what a law wants reported to whom by when, as dated rows with their source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.safety.domain.event_class import EventClass
from services.safety.domain.rule_condition import ANYTHING, Condition, RuledFacts, condition_from
from shared.deadlines import Deadline, Trigger, Unit, deadline


class TriggerKind(StrEnum):
    """What starts a rule's clock."""

    CASE = "case.minimum_criteria"
    SITE_AWARE = "site.aware"
    REPORT_SENT = "report.sent"
    INFORMATION_AFTER_REPORT = "information.after_report"
    DATA_REQUESTED = "data.requested"
    SAFETY_MEASURE = "safety_measure.taken"
    REPORTING_YEAR = "reporting_year.ended"


class DayZero(StrEnum):
    """What day 0 is: a local date in the sponsor's zone, or for hours the instant itself."""

    AWARENESS = "awareness_local_date"
    REPORT_SENT = "report_sent_local_date"
    TRIGGER = "trigger_local_date"
    INSTANT = "trigger_instant"


class NewJudgement(StrEnum):
    """Day 0 when somebody judges anew facts that were held already."""

    EARLIEST = "earliest"
    JUDGEMENT_DATE = "judgement_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingRule:
    """One version of one rule.

    Attributes:
        rule, version: together they name the row for ever.
        applies_from: first date of a trigger under it.
        when: tests on the case; only rules of the kind CASE have any.
        amount, unit: of time from the trigger.
        day_zero: what is counted from.
        recipients: who must be told.
        inform_investigators: whether the trial's investigators must be told too.
        after: rules whose report starts this one; only those of the kind REPORT_SENT.
        unless_complete: whether a report marked complete does not start this one.
        covered_by: rules beside which this one adds nothing.
        route: how it is sent, empty where nobody has confirmed it.
        cite: where it is written.
        status: `confirmed`, or `verify` until a sponsor's quality lead confirms it.
    """

    rule: str
    version: int
    applies_from: date
    trigger: TriggerKind
    when: Condition
    amount: int
    unit: Unit
    day_zero: DayZero
    recipients: tuple[str, ...]
    inform_investigators: bool
    after: tuple[str, ...]
    unless_complete: bool
    covered_by: tuple[str, ...]
    route: str
    cite: str
    status: str

    def due(self, trigger: Trigger, zone: ZoneInfo) -> Deadline:
        """See `shared.deadlines.deadline`."""
        return deadline(trigger, self.amount, self.unit, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """The rules in force for a trial under one law.

    Attributes:
        name: such as `uk-2026`.
        title: for people.
        applies_from: first date on which a trial can be under it.
        allows_exemptions: whether the protocol may name SUSARs that need no immediate report.
        annual_report: classes that its annual report holds.
        day_zero_on_new_judgement: unless the sponsor's profile says otherwise.
        rules: by id, in the order of the file.
    """

    name: str
    title: str
    applies_from: date
    allows_exemptions: bool
    annual_report: frozenset[EventClass]
    day_zero_on_new_judgement: NewJudgement
    rules: Mapping[str, ReportingRule]

    def triggered_by(self, kind: TriggerKind) -> tuple[ReportingRule, ...]:
        return tuple(rule for rule in self.rules.values() if rule.trigger is kind)

    def owed(self, facts: RuledFacts) -> tuple[ReportingRule, ...]:
        """The rules on single cases whose tests the facts meet."""
        return tuple(rule for rule in self.triggered_by(TriggerKind.CASE) if rule.when.holds(facts))


def regimes_from(documents: Iterable[Mapping[str, Any]], common: Mapping[str, Any]) -> dict[str, Regime]:
    """Regimes by name from the shipped data (`rules/regimes/*.v1.json`).

    Args:
        documents: one per regime.
        common: rules that belong to every regime.

    Raises:
        ValueError: a row that cannot be used; shipped data has none.
    """
    return {document["regime"]: _regime(document, common) for document in documents}


def _regime(document: Mapping[str, Any], common: Mapping[str, Any]) -> Regime:
    rules = [_rule(row) for row in (*document["rules"], *common["rules"])]
    by_id = {rule.rule: rule for rule in rules}
    named = {name for rule in rules for name in (*rule.after, *rule.covered_by)}
    if len(by_id) != len(rules) or not named <= by_id.keys():
        raise ValueError(f"{document['regime']}: a rule is there twice, or named and not there")
    return Regime(
        name=document["regime"],
        title=document["title"],
        applies_from=date.fromisoformat(document["applies_from"]),
        allows_exemptions=document["allows_exemptions"],
        annual_report=frozenset(map(EventClass, document["annual_report"])),
        day_zero_on_new_judgement=NewJudgement(document["day_zero_on_new_judgement"]),
        rules=by_id,
    )


def _rule(row: Mapping[str, Any]) -> ReportingRule:
    unit, day_zero = Unit(row["unit"]), DayZero(row["day_zero"])
    if (unit is Unit.HOURS) != (day_zero is DayZero.INSTANT):
        raise ValueError(f"{row['rule']}: hours, and nothing else, count from an instant")
    if row["status"] not in ("confirmed", "verify"):
        raise ValueError(f"{row['rule']}: a status is confirmed or verify")
    return ReportingRule(
        rule=row["rule"],
        version=row["version"],
        applies_from=date.fromisoformat(row["applies_from"]),
        trigger=TriggerKind(row["trigger"]),
        when=condition_from(row["when"]) if "when" in row else ANYTHING,
        amount=row["amount"],
        unit=unit,
        day_zero=day_zero,
        recipients=tuple(row["recipients"]),
        inform_investigators=row["inform_investigators"],
        after=tuple(row.get("after", ())),
        unless_complete=row.get("unless_complete", False),
        covered_by=tuple(row.get("covered_by", ())),
        route=row["route"],
        cite=row["cite"],
        status=row["status"],
    )
