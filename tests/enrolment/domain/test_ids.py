import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.ids import (
    LARGEST_SEQUENCE,
    ParticipantNumber,
    ScreeningNumber,
    damm_check_digit,
    parse_participant_number,
    parse_screening_number,
)
from services.enrolment.domain.refusals import Refused

digit_texts = st.text(alphabet="0123456789", min_size=1, max_size=10)


@pytest.mark.parametrize(("digits", "check"), [("572", 4), ("012007", 8), ("0", 0)])
def test_check_digit_of_the_published_and_of_our_own_example(digits: str, check: int) -> None:
    # 572 -> 4 is the worked example in the Wikipedia article on the Damm algorithm.
    assert damm_check_digit(digits) == check


@given(digit_texts)
def test_a_number_with_its_check_digit_checks_to_zero(digits: str) -> None:
    assert damm_check_digit(digits + str(damm_check_digit(digits))) == 0


@given(digit_texts, st.data())
def test_every_single_wrong_digit_is_detected(digits: str, data: st.DataObject) -> None:
    whole = digits + str(damm_check_digit(digits))
    at = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != whole[at]]))

    assert damm_check_digit(whole[:at] + wrong + whole[at + 1 :]) != 0


@given(digit_texts.filter(lambda digits: len(set(digits)) > 1), st.data())
def test_every_swap_of_two_neighbours_is_detected(digits: str, data: st.DataObject) -> None:
    whole = digits + str(damm_check_digit(digits))
    places = [at for at in range(len(whole) - 1) if whole[at] != whole[at + 1]]
    at = data.draw(st.sampled_from(places))

    swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]

    assert damm_check_digit(swapped) != 0


@pytest.mark.parametrize("digits", ["", "12a", "-1", "٣", " 1"])
def test_only_ascii_digits_have_a_check_digit(digits: str) -> None:
    with pytest.raises(ValueError, match="decimal digits"):
        damm_check_digit(digits)


def test_numbers_are_printed_as_the_example_says() -> None:
    assert str(ParticipantNumber(trial_code="EP01", site="012", sequence=7)) == "EP01-012-0078"
    assert str(ScreeningNumber(site="012", sequence=7)) == "S-012-0078"


@given(
    st.from_regex(r"\A[A-Z][A-Z0-9]{1,11}\Z"),
    st.from_regex(r"\A[0-9]{3}\Z"),
    st.integers(1, LARGEST_SEQUENCE),
)
def test_every_issued_number_reads_back_as_itself(code: str, site: str, sequence: int) -> None:
    participant = ParticipantNumber(trial_code=code, site=site, sequence=sequence)
    screening = ScreeningNumber(site=site, sequence=sequence)

    assert parse_participant_number(str(participant)) == participant
    assert parse_screening_number(str(screening)) == screening


def test_the_sequence_grows_beyond_999_and_no_two_texts_mean_one_number() -> None:
    grown = str(ParticipantNumber(trial_code="EP01", site="012", sequence=1000))
    padded = f"EP01-012-0100{damm_check_digit('0120100')}"

    assert grown.startswith("EP01-012-1000")
    assert parse_participant_number(grown).sequence == 1000
    with pytest.raises(Refused):
        parse_participant_number(padded)


@pytest.mark.parametrize(
    "text",
    [
        "EP01-012-0079",
        "EP01-012-0070",
        "EP01-12-0078",
        "ep01-012-0078",
        "EP01-012-0078 ",
        "EP01-012-٠٠٧8",
        "",
        "S-012-0078",
    ],
)
def test_a_number_not_issued_here_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_participant_number(text)

    assert refusal.value.code == "pseudonym_invalid"


def test_a_participant_number_is_not_a_screening_number() -> None:
    with pytest.raises(Refused):
        parse_screening_number("EP01-012-0078")


def test_sequence_zero_was_never_issued_although_its_check_digit_is_right() -> None:
    with pytest.raises(Refused):
        parse_screening_number(f"S-012-000{damm_check_digit('012000')}")
    with pytest.raises(ValueError, match="sequence"):
        ScreeningNumber(site="012", sequence=0)
