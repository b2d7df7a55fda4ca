import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.nhs_number import is_nhs_number, normalised_nhs_number


@pytest.mark.parametrize("text", ["9434765919", "943 476 5919", "943-476-5919"])
def test_a_number_with_its_check_digit_is_valid(text: str) -> None:
    assert is_nhs_number(text)
    assert normalised_nhs_number(text) == "9434765919"


@pytest.mark.parametrize(
    "text",
    ["", "9434765918", "943476591", "94347659190", "943476591X", "٩٤٣٤٧٦٥٩١٩", "9434765919\n", "+9434765919"],
)
def test_anything_else_is_not_valid_and_is_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="not a valid NHS number") as caught:
        normalised_nhs_number(text)

    assert not is_nhs_number(text)
    assert not text or text not in str(caught.value)


@given(st.text("0123456789", min_size=9, max_size=9))
def test_at_most_one_tenth_digit_fits(first: str) -> None:
    fitting = [digit for digit in range(10) if is_nhs_number(f"{first}{digit}")]

    weighted = sum((10 - place) * int(digit) for place, digit in enumerate(first))
    expected = -weighted % 11
    assert fitting == ([] if expected == 10 else [expected])


@given(st.integers(0, 9), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(place: int, change: int) -> None:
    digits = [int(digit) for digit in "9434765919"]
    digits[place] = (digits[place] + change) % 10

    assert not is_nhs_number("".join(map(str, digits)))
