"""Planned doses in exact decimal arithmetic."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.planned_dose import (
    DoseBasis,
    Measure,
    check_measure,
    planned_dose,
    planned_unit,
    shown,
)
from services.enrolment.domain.refusals import Refused

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


def measured(value: str, basis: DoseBasis = DoseBasis.BODY_SURFACE, on: date = date(2026, 3, 1)) -> Measure:
    return Measure(basis=basis, value=Decimal(value), measured_on=on)


def test_a_dose_per_surface_is_multiplied_and_not_rounded() -> None:
    planned = planned_dose("33.3", DoseBasis.BODY_SURFACE, measured("1.137"))

    assert planned == Decimal("37.8621")
    assert shown(planned) == "37.862"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("37.8621", "37.862"),
        ("1500.000", "1500"),
        ("41.25", "41.25"),
        ("0.012345", "0.0123"),
        ("0.5", "0.5"),
        ("0.00098765", "0.000988"),
        ("0", "0"),
        ("120", "120"),
        ("2.0005", "2"),
    ],
)
def test_an_amount_is_shown_with_three_decimals_or_three_figures(amount: str, text: str) -> None:
    assert shown(Decimal(amount)) == text


def test_a_flat_dose_needs_no_measure_and_a_dose_per_weight_does() -> None:
    assert planned_dose("50", DoseBasis.FLAT, None) == Decimal(50)
    assert planned_dose("2.5", DoseBasis.WEIGHT, None) is None
    assert planned_dose("2.5", DoseBasis.WEIGHT, measured("18.4", DoseBasis.WEIGHT)) == Decimal("46.00")
    assert planned_dose("", DoseBasis.FLAT, None) is None
    assert planned_dose("1", DoseBasis.NONE, None) is None


def test_the_planned_unit_is_what_is_left_of_the_unit() -> None:
    assert planned_unit("mg/m2", DoseBasis.BODY_SURFACE) == "mg"
    assert planned_unit("mg/day", DoseBasis.FLAT) == "mg/day"


def test_a_measure_of_another_kind_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        check_measure(DoseBasis.BODY_SURFACE, measured("18", DoseBasis.WEIGHT), NOW)

    assert refusal.value.code == "measure_unsuitable"


def test_a_measure_of_tomorrow_may_be_of_today_elsewhere_and_later_is_refused() -> None:
    check_measure(DoseBasis.BODY_SURFACE, measured("1.1", on=date(2026, 3, 2)), NOW)

    with pytest.raises(Refused) as refusal:
        check_measure(DoseBasis.BODY_SURFACE, measured("1.1", on=date(2026, 3, 3)), NOW)

    assert refusal.value.code == "time_in_future"


amounts = st.decimals(min_value="0.001", max_value="9999", places=6)


@given(amounts, amounts)
def test_the_planned_dose_is_the_exact_product(dose: Decimal, value: Decimal) -> None:
    planned = planned_dose(
        format(dose, "f"), DoseBasis.WEIGHT, measured(format(value, "f"), DoseBasis.WEIGHT)
    )

    assert planned is not None
    assert Fraction(planned) == Fraction(dose) * Fraction(value)
    assert abs(Decimal(shown(planned)) - planned) <= Decimal("0.0005")
