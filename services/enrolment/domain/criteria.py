"""Eligibility criteria with the kind of answer each takes, and what an answer says: met, not met or unknown.

Answers are kept as they were entered and read here, each time anew, against the criteria of the version in use.
Nothing is rounded and no unit is converted: a number in another unit than the criterion's is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum


class Answer(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


class AnswerKind(StrEnum):
    YES_NO = "yes_no"
    NUMBER = "number"
    CHOICE = "choice"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One criterion of the protocol file.

    A number meets it within `at_least` and `at_most`, both included, in `unit`; a choice when it is among
    `accepted`; a date when it lies on the local date of the sign-off or at most `within_days` before it.
    `valid_days` is the life of the answer by itself; `part` makes it a criterion of one part only (empty: of all).
    """

    id: str
    kind: AnswerKind = AnswerKind.YES_NO
    text: str = ""
    unit: str = ""
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    options: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    within_days: int | None = None
    valid_days: int | None = None
    part: str = ""

    def asked_in(self, part: str) -> bool:
        return self.part in ("", part)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedAnswer:
    """Yes, no or unknown, found on a local date."""

    answer: Answer
    taken_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredAnswer:
    """A number as written, in its unit, taken on a local date."""

    value: str
    unit: str
    taken_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenAnswer:
    option: str
    taken_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedAnswer:
    """The local date that the criterion asks about."""

    on: date


Entered = Answer | StatedAnswer | MeasuredAnswer | ChosenAnswer | DatedAnswer
"""An answer as somebody entered it; a bare `Answer` is one without a date of its own."""


def kind_of(entered: Entered) -> AnswerKind:
    match entered:
        case MeasuredAnswer():
            return AnswerKind.NUMBER
        case ChosenAnswer():
            return AnswerKind.CHOICE
        case DatedAnswer():
            return AnswerKind.DATE
        case _:
            return AnswerKind.YES_NO


def taken_on(entered: Entered) -> date | None:
    """The local date from which the answer's own validity counts; None when it has none but the sign-off's."""
    match entered:
        case StatedAnswer(taken_on=on) | ChosenAnswer(taken_on=on):
            return on
        case MeasuredAnswer(taken_on=on):
            return on
        case DatedAnswer(on=on):
            return on
        case _:
            return None


def read_answer(criterion: Criterion, entered: Entered | None, signed_on: date) -> Answer:
    """What an answer says about its criterion.

    Args:
        criterion: of the version in use.
        entered: as it was entered; None when nothing was.
        signed_on: local date of the sign-off, from which `within_days` counts back.

    Returns:
        `unknown` also for an answer of another kind, in another unit or outside the options.
    """
    if entered is None or kind_of(entered) is not criterion.kind:
        return Answer.UNKNOWN
    match entered:
        case MeasuredAnswer():
            return _measured(criterion, entered)
        case ChosenAnswer(option=option):
            if option not in criterion.options:
                return Answer.UNKNOWN
            return _said(option in criterion.accepted)
        case DatedAnswer(on=on):
            within = criterion.within_days
            return Answer.UNKNOWN if within is None else _said(0 <= (signed_on - on).days <= within)
        case StatedAnswer(answer=answer):
            return answer
        case _:
            return entered


def _measured(criterion: Criterion, entered: MeasuredAnswer) -> Answer:
    if entered.unit != criterion.unit:
        return Answer.UNKNOWN
    try:
        value = Decimal(entered.value)
    except InvalidOperation:
        return Answer.UNKNOWN
    if not value.is_finite():
        return Answer.UNKNOWN
    above = criterion.at_least is None or value >= criterion.at_least
    below = criterion.at_most is None or value <= criterion.at_most
    return _said(above and below)


def _said(met: bool) -> Answer:
    return Answer.MET if met else Answer.NOT_MET


def valid_through(criterion: Criterion, entered: Entered, signed_on: date) -> date | None:
    """The last local date on which the answer holds by itself; None when it lives as long as the sign-off.

    It counts from the day of the answer, and from the sign-off where the answer has no day of its own.
    """
    if criterion.valid_days is None:
        return None
    return (taken_on(entered) or signed_on) + timedelta(days=criterion.valid_days)


def misfit(criterion: Criterion, entered: Entered) -> str:
    """Why an answer cannot belong to its criterion, as a sentence fit to show; empty when it can."""
    if kind_of(entered) is not criterion.kind:
        unsaid = entered in (Answer.UNKNOWN,)
        return "" if unsaid else f"It takes an answer of the kind {criterion.kind.value}."
    match entered:
        case MeasuredAnswer(unit=unit) if unit != criterion.unit:
            return f"It is answered in {criterion.unit}."
        case ChosenAnswer(option=option) if option not in criterion.options:
            return f"It is one of {', '.join(sorted(criterion.options))}."
        case _:
            return ""


def criteria_of(
    ids: frozenset[str], described: Mapping[str, Criterion], part: str | None = None
) -> dict[str, Criterion]:
    """The criteria asked in a part, by id; every part's without one. Of one only named, yes meets it."""
    known = {name: described.get(name) or Criterion(id=name) for name in sorted(ids)}
    return {name: one for name, one in known.items() if part is None or one.asked_in(part)}
