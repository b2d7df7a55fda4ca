"""Spellings of laboratory units: equal ones become one name, nothing is ever converted."""

import re
from types import MappingProxyType

_SUPERSCRIPTS = MappingProxyType(
    str.maketrans({sign: f"^{digit}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
)
_COUNT = re.compile(r"(?:1|[x×*·]?10(?:\^|\*\*|\*|e)([0-9]{1,2}))?/(.+)")
_PER_LITRE = MappingProxyType({"l": 0, "ml": 3, "ul": 6, "mm3": 6})
LONGEST = 100


def unit_name(text: str) -> str:
    """One name for all spellings of a unit; empty when none is stated.

    Letter case, blanks, the sign for micro and superscripts do not matter. Counts in a volume are named by their
    power of ten per litre, so `10^9/L`, `10^3/uL` and `10^3/mm3` are one unit, as are `1/uL`, `/mm3` and `10^3/mL`.
    A text that is no unit we know stays what it is, and so is accepted nowhere.
    """
    if len(text) > LONGEST:
        return text[:LONGEST]
    folded = "".join(text.translate(_SUPERSCRIPTS).casefold().split()).replace("μ", "u")
    return _count_name(folded) or folded


def _count_name(folded: str) -> str | None:
    """`10^9/l` for a count, or None when the text is none."""
    found = _COUNT.fullmatch(folded.replace("cells", "").replace("mm^3", "mm3"))
    per_litre = _PER_LITRE.get(found[2]) if found is not None else None
    if found is None or per_litre is None:
        return None
    return f"10^{int(found[1] or 0) + per_litre}/l"
