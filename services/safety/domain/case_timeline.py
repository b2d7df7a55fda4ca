"""What is owed for a case: its obligations follow from its whole history, in whatever order that arrived.

Every fact stands from the date on which it was received, every judgement from the date on which it was made. An
obligation once owed is never taken back here, and its day 0 only ever moves earlier: the rest needs a signature.

Source: SI 2004/1031 regs 33 and 34; Regulation (EU) 536/2014 Article 42; 21 CFR 312.32; for upgrades the earliest
deadline wins (safety reference, sections 7.3 and 7.4).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from services.safety.domain.case_history import CaseChange, CaseHistory, CaseOutcome, ChangeKind, Owed
from services.safety.domain.causality import Causality
from services.safety.domain.classification import (
    CaseFacts,
    Classification,
    ExemptSusar,
    classify,
    exempt_by,
)
from services.safety.domain.reporting_regime import NewJudgement, Regime, ReportingRule, TriggerKind
from services.safety.domain.rule_condition import RuledFacts
from shared.deadlines import Trigger, Unit, day_begins, day_zero, deadline

PROTOCOL_PREFIX = "protocol."
_PROTOCOL_VERSION = 1
_BEFORE = -1
"""The place before the first change."""


def follow(history: CaseHistory, regime: Regime) -> CaseOutcome:
    """Class and obligations of a case.

    Args:
        history: everything known, whenever it arrived.
        regime: the law it is reported under; several laws are asked one by one.

    Raises:
        OverflowError: a deadline leads beyond the years 1 to 9999.
    """
    timeline = _Timeline(history, regime)
    facts = timeline.facts_now
    found, exemption = timeline.judged(facts)
    owed = timeline.owed()
    days = [one.deadline.day_0 for one in owed if one.deadline.day_0 is not None]
    return CaseOutcome(
        classification=found,
        exempt_by=None if exemption is None else exemption.rule,
        day_0=min(days, default=timeline.aware_on),
        owed=owed,
        owed_now=timeline.owed_now(facts),
        in_annual_report=found.event_class in regime.annual_report,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duty:
    """A rule, or a period of the protocol, as something to be owed."""

    name: str
    version: int
    amount: int
    unit: Unit
    recipients: tuple[str, ...]
    inform_investigators: bool
    covered_by: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Open:
    """One obligation while the history is walked; `trigger` is the date or instant that is counted from."""

    duty: _Duty
    trigger: Trigger
    opened_on: date
    met_on: date | None = None


class _Timeline:
    """The walk along one history: at each date first what became known, then what was sent."""

    def __init__(self, history: CaseHistory, regime: Regime) -> None:
        self._history = history
        self._regime = regime
        self._earliest = (
            history.on_new_judgement or regime.day_zero_on_new_judgement
        ) is NewJudgement.EARLIEST
        aware = min(history.aware, key=lambda one: (day_zero(one, history.zone), str(one)), default=None)
        self._aware = aware
        self.aware_on = None if aware is None else day_zero(aware, history.zone)
        self._changes = _in_order(history.changes, self.aware_on)
        self._reports = sorted(set(history.reports_sent))
        self._judged: dict[CaseFacts, tuple[Classification, ExemptSusar | None]] = {}
        self._cases: dict[str, _Open] = {}
        self._later: list[_Open] = []

    @property
    def facts_now(self) -> CaseFacts:
        last = len(self._changes) - 1
        return self._facts(last, last)

    def _facts(self, received: int, judged: int) -> CaseFacts:
        """What the facts up to one change say, with the judgements up to another; -1 is before any change."""
        values: dict[str, Any] = {}
        for place, change in enumerate(self._changes[: max(received, judged) + 1]):
            if place <= (received if change.kind is ChangeKind.FACTS else judged):
                values.update(change.values)
        return replace(self._history.first, **values)

    def judged(self, facts: CaseFacts) -> tuple[Classification, ExemptSusar | None]:
        """The class, and the protocol's rule that takes it out of immediate reporting under this law."""
        if facts not in self._judged:
            rules = self._history.rules
            found = classify(facts, rules)
            allowed = self._regime.allows_exemptions
            self._judged[facts] = (found, exempt_by(facts, found, rules) if allowed else None)
        return self._judged[facts]

    def owed(self) -> tuple[Owed, ...]:
        """Walks once; everything that was ever owed, what is due first before the rest."""
        if self.aware_on is not None:
            changed: dict[date, list[int]] = {}
            for place, change in enumerate(self._changes):
                changed.setdefault(change.on, []).append(place)
            self._learn(_BEFORE, self.aware_on)
            reports = {on for on in self._reports if on >= self.aware_on}
            for on in sorted(changed.keys() | reports):
                self._learn_all(changed.get(on, []), on)
                if on in reports:
                    self._report(on)
        found = [self._stated(one) for one in (*self._site(), *self._cases.values(), *self._later)]
        return tuple(sorted(found, key=lambda one: (one.deadline.due_at, one.rule)))

    def _learn_all(self, places: list[int], on: date) -> None:
        """The changes of one date, one after the other; facts that open nothing may be owed after a report."""
        reported = any(one.met_on is not None for one in self._cases.values())
        opened = [self._learn(place, on) for place in places]
        facts = any(self._changes[place].kind is ChangeKind.FACTS for place in places)
        if facts and reported and not any(opened):
            for rule in self._regime.triggered_by(TriggerKind.INFORMATION_AFTER_REPORT):
                self._later.append(_Open(duty=_duty(rule), trigger=on, opened_on=on))

    def _learn(self, place: int, on: date) -> bool:
        """What is owed once a change is known; whether anything new is."""
        opened = False
        for received in self._enough(place):
            day = self.aware_on if received == _BEFORE else self._changes[received].on
            for duty in self._duties(self._facts(received, place)):
                opened |= self._owe(duty, day or on, on)
        return opened

    def _enough(self, place: int) -> list[int]:
        """Changes up to which the facts may already have been enough, had they been judged as after this one.

        A change of facts is asked about itself alone: before it the same judgements were asked already.
        """
        if place == _BEFORE or not self._earliest or self._changes[place].kind is ChangeKind.FACTS:
            return [place]
        facts = (n for n in range(place) if self._changes[n].kind is ChangeKind.FACTS)
        return [_BEFORE, *facts]

    def owed_now(self, facts: CaseFacts) -> frozenset[str]:
        """Names of what these facts alone owe."""
        return frozenset(duty.name for duty in self._duties(facts))

    def _duties(self, facts: CaseFacts) -> Iterator[_Duty]:
        found, exemption = self.judged(facts)
        asked = _asked(facts, found, exemption, self._history)
        for rule in self._regime.owed(asked):
            yield _duty(rule)
        if exemption is not None:
            yield _own_period(exemption, self._regime)

    def _owe(self, duty: _Duty, day: date, on: date) -> bool:
        """Whether this is newly owed; what is owed already only moves earlier, and only until it is met."""
        held = self._cases.get(duty.name)
        trigger = self._aware if day == self.aware_on and self._aware is not None else day
        if duty.unit is Unit.HOURS and not isinstance(trigger, datetime):
            trigger = day_begins(trigger, self._history.zone)
        if held is None:
            if any(self._day(self._cases[name]) <= day for name in duty.covered_by if name in self._cases):
                return False
            self._cases[duty.name] = _Open(duty=duty, trigger=trigger, opened_on=on)
            return True
        if held.met_on is None and day < self._day(held):
            held.trigger = trigger
        return False

    def _report(self, on: date) -> None:
        """A report meets whatever is open, and starts what its rules want to follow."""
        met = {one.duty.name for one in self._meet(self._cases.values(), on)}
        self._meet(self._later, on)
        for rule in self._regime.triggered_by(TriggerKind.REPORT_SENT):
            complete = rule.unless_complete and on in self._history.complete_reports
            if met & set(rule.after) and not complete:
                self._later.append(_Open(duty=_duty(rule), trigger=on, opened_on=on))

    @staticmethod
    def _meet(opened: Iterable[_Open], on: date) -> list[_Open]:
        met = [one for one in opened if one.met_on is None]
        for one in met:
            one.met_on = on
        return met

    def _site(self) -> Iterator[_Open]:
        """The site's own clock, once the event has been serious on any date."""
        site = self._history.site_aware
        if site is None:
            return
        states = (self._facts(place, place) for place in range(_BEFORE, len(self._changes)))
        if not any(self.judged(facts)[0].is_serious_class for facts in states):
            return
        on = day_zero(site, self._history.zone)
        met_on = next((day for day in self._reports if day >= on), None)
        for rule in self._regime.triggered_by(TriggerKind.SITE_AWARE):
            yield _Open(duty=_duty(rule), trigger=site, opened_on=on, met_on=met_on)

    def _day(self, one: _Open) -> date:
        return day_zero(one.trigger, self._history.zone)

    def _stated(self, one: _Open) -> Owed:
        duty = one.duty
        return Owed(
            rule=duty.name,
            rule_version=duty.version,
            deadline=deadline(one.trigger, duty.amount, duty.unit, self._history.zone),
            opened_on=one.opened_on,
            recipients=duty.recipients,
            inform_investigators=duty.inform_investigators,
            met_on=one.met_on,
        )


def _in_order(changes: Iterable[CaseChange], aware_on: date | None) -> tuple[CaseChange, ...]:
    """Changes by date and sequence, none before the first awareness."""
    first = date.min if aware_on is None else aware_on
    dated = (replace(change, on=max(change.on, first)) for change in changes)
    return tuple(sorted(dated, key=lambda change: (change.on, change.sequence, change.kind)))


def _duty(rule: ReportingRule) -> _Duty:
    return _Duty(
        name=rule.rule,
        version=rule.version,
        amount=rule.amount,
        unit=rule.unit,
        recipients=rule.recipients,
        inform_investigators=rule.inform_investigators,
        covered_by=rule.covered_by,
    )


def _own_period(exemption: ExemptSusar, regime: Regime) -> _Duty:
    """The protocol's own period, to whom the law's reports of single cases go."""
    rules = regime.triggered_by(TriggerKind.CASE)
    return _Duty(
        name=PROTOCOL_PREFIX + exemption.rule,
        version=_PROTOCOL_VERSION,
        amount=exemption.period_days,
        unit=Unit.CALENDAR_DAYS,
        recipients=rules[0].recipients,
        inform_investigators=rules[0].inform_investigators,
    )


_DERIVED = frozenset({"event_class", "criteria", "fatal_or_life_threatening", "exempt"})
_KNOWN = frozenset(field.name for field in fields(RuledFacts)) - _DERIVED


def _asked(
    facts: CaseFacts, found: Classification, exemption: ExemptSusar | None, history: CaseHistory
) -> RuledFacts:
    """What the regime's rules may ask about the case."""
    causality = found.causality.value
    asked = RuledFacts(
        event_class=found.event_class,
        criteria=found.seriousness.criteria,
        fatal_or_life_threatening=found.fatal_or_life_threatening,
        exempt=exemption is not None,
        grade=facts.grade,
        causality=None if causality is Causality.NOT_ASSESSED else causality,
        expected=found.expectedness.expected,
        term=facts.term,
    )
    return replace(asked, **{name: value for name, value in history.known.items() if name in _KNOWN})
