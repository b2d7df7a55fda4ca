"""What every randomisation design shares: its arms, their ratio, exact numbers, and how an invalid one says so."""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

MOST_ARMS = 20
LARGEST_SHARE = 100
LONGEST_NAME = 200

Number = int | str | float | Decimal | Fraction

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")
_QUOTIENT = re.compile(r"[0-9]{1,40}/[0-9]{1,40}")


class InvalidDesign(ValueError):
    """A design or an input to it that means nothing.

    Attributes:
        field: path of the value, as in `factors.0.weight`.
        code: stable lower-snake code.
        message: one sentence for people; never repeats the value.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.code = code
        self.message = message


def exact(value: Number, field: str) -> Fraction:
    """The number that was written, without rounding.

    Args:
        value: an integer; a decimal as text (`"0.8"`, `"1e-3"`) or a quotient as text (`"2/3"`); a Decimal or a
            Fraction. A float counts as the shortest decimal that reads back as it, so 0.1 is one tenth.
        field: path for the error.

    Raises:
        InvalidDesign: `not_a_number` for anything else, not-a-number, infinities and numbers of more than 40 digits.
    """
    refusal = InvalidDesign(
        field, "not_a_number", "This is not a finite decimal number of at most 40 digits."
    )
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str | float | Decimal):
        raise refusal
    if isinstance(value, int):
        if abs(value) >= 10**40:
            raise refusal
        return Fraction(value)
    text = repr(value) if isinstance(value, float) else str(value).strip(" ")
    if _NUMBER.fullmatch(text) is None and _QUOTIENT.fullmatch(text) is None:
        raise refusal
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise refusal from None


def check_arms(arms: Sequence[str], ratio: Sequence[int]) -> None:
    """Two or more arms with names of their own, and a whole positive share for each.

    Raises:
        InvalidDesign: naming `arms` or `ratio`.
    """
    if not 2 <= len(arms) <= MOST_ARMS:
        raise InvalidDesign("arms", "arms_out_of_range", f"A design has 2 to {MOST_ARMS} arms.")
    for number, arm in enumerate(arms):
        check_name(arm, f"arms.{number}")
    if len(set(arms)) != len(arms):
        raise InvalidDesign("arms", "not_distinct", "Every arm needs a name of its own.")
    if len(ratio) != len(arms):
        raise InvalidDesign("ratio", "length_mismatch", "The ratio needs one number per arm.")
    for number, share in enumerate(ratio):
        if not is_whole(share) or not 1 <= share <= LARGEST_SHARE:
            raise InvalidDesign(
                f"ratio.{number}", "ratio_invalid", f"A ratio is of whole numbers from 1 to {LARGEST_SHARE}."
            )


def check_name(name: str, field: str, *, may_be_empty: bool = False) -> None:
    """A name on one line.

    Raises:
        InvalidDesign: `name_invalid` when it is empty, too long, or holds control characters or half a character.
    """
    unusable = any(not char.isprintable() for char in name) if isinstance(name, str) else True
    if unusable or len(name) > LONGEST_NAME or not (name.strip() or may_be_empty):
        raise InvalidDesign(
            field, "name_invalid", f"A name is one line of 1 to {LONGEST_NAME} printable characters."
        )


def is_whole(value: object) -> bool:
    """True for integers; `True` and `False` are none."""
    return isinstance(value, int) and not isinstance(value, bool)
