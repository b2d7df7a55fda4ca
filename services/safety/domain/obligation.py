"""Obligations: one report owed to one recipient by one rule, from the day it is known until it is met or ended.

What a case owes is found anew from its whole history (`case_timeline`); here it is compared with what is held. An
obligation that is missed runs on until it is met, and both times stay. It ends unmet only by a signed reason, or
because the same report is due earlier than was thought.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.safety.domain.case_history import Owed
from services.safety.domain.refusals import Refused
from services.safety.domain.reporting_regime import Regime, TriggerKind
from shared.deadlines import WARNED_AT_PERCENT, Deadline, Unit, day_zero, deadline, warnings

INVESTIGATORS = "investigators"


class ObligationState(StrEnum):
    OPEN = "open"
    BREACHED = "breached"
    MET = "met"
    SUPERSEDED = "superseded"
    VOID = "void"


RUNNING = frozenset({ObligationState.OPEN, ObligationState.BREACHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """As it stands. `counted_from` and `deadline.due_at` place the warnings, `warned` is the last that was given.

    `owed_when_ended`: whether the case still met the rule when somebody ended the obligation.
    """

    id: str
    regime: str
    rule: str
    rule_version: int
    recipient: str
    deadline: Deadline
    counted_from: datetime
    opened_on: date
    state: ObligationState = ObligationState.OPEN
    warned: int = 0
    met_at: datetime | None = None
    in_time: bool | None = None
    submission_id: str | None = None
    breached_at: datetime | None = None
    owed_when_ended: bool = False

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def next_check_at(self) -> datetime | None:
        """When to look at it next: at the warning after the last one; none once it was missed or has ended."""
        if self.state is not ObligationState.OPEN:
            return None
        instants = warnings(self.counted_from, self.deadline.due_at)
        waiting = (
            at for percent, at in zip(WARNED_AT_PERCENT, instants, strict=True) if percent > self.warned
        )
        return next(waiting, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A report that reached a recipient and was not refused."""

    submission_id: str
    sent_at: datetime
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """A new obligation, in place of `replaces` if it is the same report due earlier."""

    owed: Owed
    replaces: Obligation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meets:
    obligation: Obligation
    sent: Sent
    in_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopens:
    """What was met by a report that has been refused since."""

    obligation: Obligation


Change = Opens | Meets | Reopens


def recipients_of(regime: Regime) -> tuple[str, ...]:
    """Everybody whom a regime's rules on cases tell, investigators last."""
    kinds = (TriggerKind.CASE, TriggerKind.REPORT_SENT, TriggerKind.INFORMATION_AFTER_REPORT)
    rules = [rule for kind in kinds for rule in regime.triggered_by(kind)]
    named = dict.fromkeys(recipient for rule in rules for recipient in rule.recipients)
    informed = (INVESTIGATORS,) if any(rule.inform_investigators for rule in rules) else ()
    return (*named, *informed)


def told(owed: Owed, recipient: str) -> bool:
    """Whether an obligation is towards this recipient."""
    return owed.inform_investigators if recipient == INVESTIGATORS else recipient in owed.recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How obligations towards one recipient under one regime are compared.

    Attributes:
        once: rules of which a case has one obligation; others have one for each day 0.
        after_report: rules that a report starts, which that report therefore does not meet.
        owed_now: rules that the case meets as it is now.
        today: local date, day 0 of what is owed again after it was ended.
        zone: in which reports have their date.
    """

    once: frozenset[str]
    after_report: frozenset[str]
    owed_now: frozenset[str]
    today: date
    zone: ZoneInfo


def compare(
    held: Sequence[Obligation], owed: Iterable[Owed], sent: Sequence[Sent], by: Comparison
) -> Iterator[Change]:
    """What has to change in the obligations towards one recipient under one regime.

    Args:
        held: all of them, ended ones too.
        owed: everything the history owes this recipient.
        sent: reports to this recipient that stand.
        by: see there.
    """
    for one in owed:
        same = [
            obligation
            for obligation in held
            if obligation.rule == one.rule
            and (one.rule in by.once or obligation.deadline.day_0 == one.deadline.day_0)
            and obligation.state is not ObligationState.SUPERSEDED
        ]
        ended = [obligation for obligation in same if obligation.state is ObligationState.VOID]
        current = next((obligation for obligation in same if obligation not in ended), None)
        if current is not None:
            yield from _update(current, one, sent, by, ended=bool(ended))
        elif not ended:
            yield Opens(owed=one)
        elif one.rule in by.owed_now and not any(obligation.owed_when_ended for obligation in ended):
            yield Opens(owed=_from_today(one, by.today, by.zone))


def _update(
    held: Obligation, owed: Owed, sent: Sequence[Sent], by: Comparison, *, ended: bool
) -> Iterator[Change]:
    report = _report_of(held, sent, by)
    if report is not None and held.is_running:
        yield Meets(obligation=held, sent=report, in_time=report.sent_at < held.deadline.due_at)
    elif report is None and held.state is ObligationState.MET:
        yield Reopens(obligation=held)
    elif held.is_running and not ended and owed.deadline.due_at < held.deadline.due_at:
        yield Opens(owed=owed, replaces=held)


def _report_of(held: Obligation, sent: Sequence[Sent], by: Comparison) -> Sent | None:
    """The first report since it was known to be owed."""
    strictly = held.rule in by.after_report
    since = [
        one
        for one in sent
        if day_zero(one.sent_at, by.zone) > held.opened_on
        or (not strictly and day_zero(one.sent_at, by.zone) == held.opened_on)
    ]
    return min(since, key=lambda one: (one.sent_at, one.submission_id), default=None)


def _from_today(owed: Owed, today: date, zone: ZoneInfo) -> Owed:
    """The same report owed anew: counted from today, with as many days or hours."""
    before = owed.deadline
    if before.day_0 is None or before.due_date is None:
        return owed
    days = (before.due_date - before.day_0).days
    again = deadline(today, days, Unit.CALENDAR_DAYS, zone)
    return replace(owed, deadline=again, opened_on=today, met_on=None)


def require_running(obligation: Obligation) -> None:
    """Raises: Refused `obligation_ended` when it is met or has ended."""
    if not obligation.is_running:
        raise Refused("obligation_ended", f"The obligation is {obligation.state.value}.")
