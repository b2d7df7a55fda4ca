"""Finding what may name a person in free text; a report is never refused for it."""

import re
from collections.abc import Iterable

_TEN_DIGITS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}\.[A-Za-z]{2,}")


def may_identify(texts: Iterable[str]) -> bool:
    """Whether a text holds an NHS number with a valid check digit, or a mail address."""
    return any(_MAIL.search(text) or any(map(_is_nhs_number, _TEN_DIGITS.findall(text))) for text in texts)


def _is_nhs_number(found: str) -> bool:
    """Modulus 11 over the first nine digits, weights ten to two.

    Source: NHS Data Model and Dictionary, NHS NUMBER.
    """
    digits = [int(character) for character in found if character.isdigit()]
    total = sum(digit * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    check = (11 - total % 11) % 11
    return check != 10 and check == digits[9]
