"""Named inputs of a calculator, from options or from JSON: absent and null are the same, unknown names are refused.

Every reader names the field it cannot use; none repeats its value. A calculator reads all its fields through one
`Fields`, so options, a JSON file and a line of a batch mean the same.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from deploy.trialops.calculators.invalid import InputInvalid, shown_key
from deploy.trialops.calculators.json_input import read_file
from shared.clock import parse_instant

LONDON = "Europe/London"
MOST_ITEMS = 100_000

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_SECONDS = re.compile(r"([0-9-]{10}[Tt][0-9]{2}:[0-9]{2})([Zz]|[+-][0-9]{2}:[0-9]{2})")


class Fields:
    """The members of one object.

    Args:
        values: the object; anything else is refused by the name of its place.
        known: names it may have.
        path: where it stands, empty for the calculator's own arguments.
    """

    def __init__(self, values: object, known: Collection[str], path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise InputInvalid(path or "arguments", "not_an_object", "This is not an object.")
        self._values: Mapping[str, Any] = values
        self._path = path
        for key in values:
            if key not in known:
                raise self._refused(shown_key(key), "unknown_key", "This name is not known here.")

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def path(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def limited_to(self, known: Collection[str]) -> "Fields":
        """The same members where only these names are known."""
        return Fields(self._values, known, self._path)

    def extended(self, more: Mapping[str, Any]) -> "Fields":
        """These members and more, of any name."""
        values = {**self._values, **more}
        return Fields(values, values, self._path)

    def is_text(self, name: str) -> bool:
        return isinstance(self._values.get(name), str)

    def as_it_came(self, name: str) -> Any:
        """The member itself, for a reader of its own."""
        return self._given(name)

    def _refused(self, name: str, code: str, message: str) -> InputInvalid:
        return InputInvalid(self.path(name), code, message)

    def _given(self, name: str) -> Any:
        value = self._values.get(name)
        if value is None:
            raise self._refused(name, "missing", "This is needed.")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """One line of text."""
        if default is not None and not self.has(name):
            return default
        return self._text(name, self._given(name))

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str) or not value.isprintable():
            raise self._refused(name, "not_text", "This is not one line of text.")
        return value

    def text_or_whole(self, name: str) -> str:
        """A text, or the digits of a whole number."""
        value = self._given(name)
        return str(value) if _is_int(value) else self._text(name, value)

    def choice(self, name: str, options: Sequence[str], default: str | None = None) -> str:
        value = self.text(name, default)
        if value not in options:
            raise self._refused(name, "not_an_option", f"One of {', '.join(options)} is needed.")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false as JSON says them."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._refused(name, "not_true_or_false", "This is neither true nor false.")
        return value

    def number(self, name: str) -> Decimal:
        """A finite number of at most 40 digits, decimal as entered, from JSON or text."""
        value = self._given(name)
        text = str(value) if _is_int(value) or isinstance(value, Decimal) else value
        if not isinstance(text, str) or _NUMBER.fullmatch(text) is None:
            raise self._refused(name, "not_a_number", "This is not a finite decimal number.")
        return Decimal(text)

    def whole(self, name: str) -> int:
        return self._whole(name, self._given(name))

    def _whole(self, name: str, value: object) -> int:
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._refused(name, "not_a_whole_number", "This is not a whole number.")
        return value

    def items(self, name: str) -> list[Any]:
        value = self._given(name)
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            raise self._refused(name, "not_a_list", f"This is not a list of at most {MOST_ITEMS} items.")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._text(f"{name}.{place}", one) for place, one in enumerate(self.items(name)))

    def wholes(self, name: str) -> tuple[int, ...]:
        return tuple(self._whole(f"{name}.{place}", one) for place, one in enumerate(self.items(name)))

    def parts(self, name: str) -> list[Any]:
        """The items of a list, or the parts of a text between commas; a number is the only item."""
        value = self._given(name)
        if isinstance(value, str):
            return [part.strip() for part in self._text(name, value).split(",", MOST_ITEMS)]
        return [value] if _is_int(value) or isinstance(value, Decimal) else self.items(name)

    def object(self, name: str, known: Collection[str]) -> "Fields":
        return Fields(self._given(name), known, self.path(name))

    def objects(self, name: str, known: Collection[str]) -> list["Fields"]:
        return [
            Fields(one, known, self.path(f"{name}.{place}")) for place, one in enumerate(self.items(name))
        ]

    def document(self, name: str, known: Collection[str]) -> "Fields":
        """The object itself, or the path of a JSON file that holds it; its members are named without a prefix."""
        value = self._given(name)
        found = read_file(value, self.path(name)) if isinstance(value, str) else value
        if not isinstance(found, Mapping):
            raise self._refused(name, "not_an_object", "This is neither an object nor a file that holds one.")
        return Fields(found, known)

    def day(self, name: str) -> date:
        """A calendar date, YYYY-MM-DD."""
        value = self._given(name)
        try:
            if isinstance(value, str) and _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise self._refused(name, "not_a_date", "This is not a calendar date, YYYY-MM-DD.")

    def instant(self, name: str) -> datetime:
        """An instant in UTC, from RFC 3339 text with an offset; seconds may be left out."""
        value = self._given(name)
        try:
            if isinstance(value, str):
                return parse_instant(_NO_SECONDS.sub(r"\1:00\2", value))
        except ValueError:
            pass
        raise self._refused(
            name, "not_an_instant", "This is not a date and time with an offset, as 2026-11-21T13:00:00Z."
        )

    def zone(self, name: str, default: str = LONDON) -> ZoneInfo:
        """A zone of the IANA database."""
        value = self.text(name, default)
        if value not in _zones():
            raise self._refused(name, "zone_unknown", f"This is no time zone, such as {default}.")
        return ZoneInfo(value)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime"}


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
