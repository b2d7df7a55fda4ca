import uuid

import pytest

from shared.ids import is_id, new_hex, new_id, new_secret


def test_an_id_is_a_version_7_uuid_in_the_usual_text_form() -> None:
    text = new_id()

    assert str(uuid.UUID(text)) == text
    assert uuid.UUID(text).version == 7
    assert is_id(text)


def test_ids_of_one_process_differ_and_sort_in_the_order_they_were_made() -> None:
    made = [new_id() for _ in range(20_000)]

    assert made == sorted(set(made))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0191e2c8",
        "0191E2C8-4D5C-7C1B-9A68-6A7D1C2F3B4A",
        "{0191e2c8-4d5c-7c1b-9a68-6a7d1c2f3b4a}",
        "0191e2c84d5c7c1b9a686a7d1c2f3b4a",
        "0191e2c8-4d5c-4c1b-9a68-6a7d1c2f3b4a",
        "0191e2c8-4d5c-7c1b-9a68-6a7d1c2f3b4a\n",
    ],
)
def test_other_spellings_and_versions_are_no_ids(text: str) -> None:
    assert not is_id(text)


def test_secrets_are_long_and_never_repeat() -> None:
    made = {new_secret(16) for _ in range(1000)}

    assert len(made) == 1000
    assert min(map(len, made)) >= 21


def test_a_secret_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        new_secret(15)


def test_hexadecimal_text_has_two_digits_for_each_byte() -> None:
    assert len(new_hex(8)) == 16
    assert int(new_hex(8), 16) >= 0
