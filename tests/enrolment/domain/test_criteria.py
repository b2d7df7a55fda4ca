from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.criteria import (
    Answer,
    AnswerKind,
    ChosenAnswer,
    Criterion,
    DatedAnswer,
    Entered,
    MeasuredAnswer,
    StatedAnswer,
    criteria_of,
    misfit,
    read_answer,
    valid_through,
)

DAY = date(2026, 6, 1)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
SPANS = st.integers(0, 400)
NUMBERS = st.decimals(0, 1000, places=6)


def number(at_least: str | None, at_most: str | None) -> Criterion:
    return Criterion(
        id="n",
        kind=AnswerKind.NUMBER,
        unit="g/L",
        at_least=None if at_least is None else Decimal(at_least),
        at_most=None if at_most is None else Decimal(at_most),
    )


def measured(value: str, unit: str = "g/L") -> MeasuredAnswer:
    return MeasuredAnswer(value=value, unit=unit, taken_on=DAY)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_bounds_are_included_and_compared_as_decimals(value: Decimal, one: Decimal, other: Decimal) -> None:
    low, high = min(one, other), max(one, other)

    read = read_answer(number(str(low), str(high)), measured(str(value)), DAY)

    assert (read is Answer.MET) == (low <= value <= high)
    assert read_answer(number(str(value), str(value)), measured(str(value)), DAY) is Answer.MET


@pytest.mark.parametrize(
    ("low", "high", "value", "answer"),
    [
        ("1.5", None, "1.50", Answer.MET),
        ("1.5", None, "1.499999", Answer.NOT_MET),
        (None, "1.5", "1.500001", Answer.NOT_MET),
        ("0.1", "0.3", "0.30", Answer.MET),
        ("0.1", None, "NaN", Answer.UNKNOWN),
        ("0.1", None, "many", Answer.UNKNOWN),
    ],
)
def test_a_number_is_read_exactly(low: str | None, high: str | None, value: str, answer: Answer) -> None:
    assert read_answer(number(low, high), measured(value), DAY) is answer


def test_a_number_in_another_unit_is_not_known() -> None:
    assert read_answer(number("0", "100"), measured("5", "mg/dL"), DAY) is Answer.UNKNOWN
    assert misfit(number("0", "100"), measured("5", "mg/dL")) == "It is answered in g/L."


@given(DAYS, SPANS, st.integers(-400, 800))
def test_a_date_meets_on_the_day_of_sign_off_and_so_many_days_before_it(
    signed_on: date, within: int, back: int
) -> None:
    criterion = Criterion(id="d", kind=AnswerKind.DATE, within_days=within)

    read = read_answer(criterion, DatedAnswer(on=signed_on - timedelta(days=back)), signed_on)

    assert (read is Answer.MET) == (0 <= back <= within)


CHOICE = Criterion(id="c", kind=AnswerKind.CHOICE, options=frozenset({"b", "t"}), accepted=frozenset({"b"}))


@pytest.mark.parametrize(
    ("option", "answer"), [("b", Answer.MET), ("t", Answer.NOT_MET), ("x", Answer.UNKNOWN)]
)
def test_a_choice_is_one_of_its_options(option: str, answer: Answer) -> None:
    chosen = ChosenAnswer(option=option, taken_on=None)

    assert read_answer(CHOICE, chosen, DAY) is answer
    assert bool(misfit(CHOICE, chosen)) is (answer is Answer.UNKNOWN)


@pytest.mark.parametrize("criterion", [number("1", None), CHOICE])
@pytest.mark.parametrize("entered", [Answer.MET, StatedAnswer(answer=Answer.MET, taken_on=DAY), None])
def test_yes_does_not_answer_a_criterion_of_another_kind(
    criterion: Criterion, entered: Entered | None
) -> None:
    assert read_answer(criterion, entered, DAY) is Answer.UNKNOWN


def test_unknown_may_be_said_of_every_kind() -> None:
    assert misfit(CHOICE, Answer.UNKNOWN) == misfit(number("1", None), Answer.UNKNOWN) == ""
    assert misfit(CHOICE, Answer.MET) != ""


@given(DAYS, DAYS, st.integers(1, 3650))
def test_an_answers_own_validity_counts_from_its_own_day(taken: date, signed_on: date, days: int) -> None:
    lasting = Criterion(id="n", valid_days=days)
    after = timedelta(days=days)

    assert valid_through(lasting, StatedAnswer(answer=Answer.MET, taken_on=taken), signed_on) == taken + after
    assert valid_through(lasting, DatedAnswer(on=taken), signed_on) == taken + after
    assert valid_through(lasting, Answer.MET, signed_on) == signed_on + after
    assert valid_through(Criterion(id="n"), Answer.MET, signed_on) is None


def test_a_part_asks_its_own_criteria_and_those_of_every_part() -> None:
    described = {"a": Criterion(id="a", part="one"), "b": Criterion(id="b")}
    ids = frozenset({"a", "b", "c"})

    assert list(criteria_of(ids, described, "one")) == ["a", "b", "c"]
    assert list(criteria_of(ids, described, "two")) == ["b", "c"]
    assert criteria_of(ids, described)["c"].kind is AnswerKind.YES_NO
