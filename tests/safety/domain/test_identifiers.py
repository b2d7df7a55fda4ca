import pytest

from services.safety.domain.identifiers import may_identify


@pytest.mark.parametrize(
    "text",
    ["9434765919", "NHS 943 476 5919.", "call 943-476-5919", "ask parent@example.org please"],
)
def test_numbers_with_a_valid_check_digit_and_addresses_are_found(text: str) -> None:
    assert may_identify(["nothing here", text])


@pytest.mark.parametrize(
    "text", ["", "9434765918", "12345678901", "platelets 1234567890", "EP01-012-0017", "temperature 38.5"]
)
def test_other_numbers_are_not(text: str) -> None:
    assert not may_identify([text])
