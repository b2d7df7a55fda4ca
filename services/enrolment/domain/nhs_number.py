"""NHS numbers: form and check digit. A number identifies a child: it is never stored, shown or put into an error.

Source: NHS Data Dictionary, NHS NUMBER: ten digits, modulus 11 with weights 10 to 2, the tenth digit the check digit.
"""

import re

_TEN_DIGITS = re.compile(r"[0-9]{10}")
_SEPARATORS = re.compile(r"[ -]")


def normalised_nhs_number(text: str) -> str:
    """The ten digits of a valid number, spaces and hyphens between them left out.

    Raises:
        ValueError: no ten ASCII digits, or a wrong check digit; the text is not in the message.
    """
    digits = _SEPARATORS.sub("", text)
    if not _has_check_digit(digits):
        raise ValueError("this is not a valid NHS number")
    return digits


def is_nhs_number(text: str) -> bool:
    """Whether the text is ten digits with the right check digit; spaces and hyphens between them are allowed."""
    return _has_check_digit(_SEPARATORS.sub("", text))


def _has_check_digit(digits: str) -> bool:
    if _TEN_DIGITS.fullmatch(digits) is None:
        return False
    weighted = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    # A remainder that asks for 10 fits no digit: no number is issued for such first nine digits.
    return -weighted % 11 == int(digits[9])
