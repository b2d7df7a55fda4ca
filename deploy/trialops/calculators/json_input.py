"""Files and lines of JSON, read strictly: numbers as they were written, no key twice, nothing of them in an error."""

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from deploy.trialops.calculators.invalid import InputInvalid, shown_key

MOST_BYTES = 16 * 1024 * 1024
_INTEGER_DIGITS = 40


class _Repeated(Exception):
    pass


def read_file(path: str, field: str) -> Any:
    """The JSON document of a file.

    Raises:
        InputInvalid: naming `field`, when it cannot be read, is too large or no JSON.
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(error, field) from None
    return parsed(raw, field)


def read_lines(path: str, field: str) -> Iterator[bytes]:
    """The lines of a file, blank ones left out; a line that is too long comes cut, which `parsed` refuses.

    Raises:
        InputInvalid: naming `field`, when the file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            while line := file.readline(MOST_BYTES + 1):
                rest = line
                while len(rest) > MOST_BYTES and not rest.endswith(b"\n"):
                    rest = file.readline(MOST_BYTES + 1)
                if line.strip():
                    yield line
    except (OSError, ValueError) as error:
        raise _unreadable(error, field) from None


def parsed(raw: bytes, field: str) -> Any:
    """The document that some bytes say.

    Returns:
        Integers as int, other numbers as Decimal, those that are not finite as Decimal too, so that whoever reads
        the field refuses them by its name.

    Raises:
        InputInvalid: `too_large`, `not_utf8`, `duplicate_key`, `not_json`.
    """
    if len(raw) > MOST_BYTES:
        raise InputInvalid(field, "too_large", f"This has more than {MOST_BYTES} bytes.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputInvalid(field, "not_utf8", "This is not text in UTF-8.") from None
    try:
        return json.loads(
            text,
            object_pairs_hook=_unrepeated,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_decimal,
        )
    except _Repeated as repeated:
        raise InputInvalid(field, "duplicate_key", f"A key is given twice: {repeated}.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputInvalid(field, "not_json", f"This is not JSON ({place}).") from None
    except RecursionError:
        raise InputInvalid(field, "not_json", "This is nested too deep.") from None


def _unreadable(error: OSError | ValueError, field: str) -> InputInvalid:
    why = error.strerror if isinstance(error, OSError) else None
    return InputInvalid(field, "file_unreadable", f"The file cannot be read: {why or 'no usable path'}.")


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise _Repeated(shown_key(key))
        members[key] = value
    return members


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _INTEGER_DIGITS else _decimal(digits)


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("Infinity")
