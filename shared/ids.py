"""The only module that draws randomness: identifiers and secrets.

Whoever needs ids takes an `IdSource`, so that a simulation can hand out the same ids for the same seed.
"""

import re
import secrets
from collections.abc import Callable

import uuid_utils

IdSource = Callable[[], str]
"""A port: each call gives an id that no earlier call gave."""

_FORM = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_ID = re.compile(_FORM)

CURSOR_FORM = f"^({_FORM})?$"
"""Of the id after which a page begins; empty for the first page. A mangled one must not read as an empty list."""


def new_id() -> str:
    """A new UUID version 7 as lower-case text; ids made by one process sort in the order they were made.

    Source: RFC 9562, section 5.7.
    """
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """Whether `text` has the form `new_id` gives; other spellings of a UUID are refused."""
    return _ID.fullmatch(text) is not None


def new_secret(nbytes: int = 32) -> str:
    """URL-safe text with `nbytes` bytes from the operating system's generator.

    Raises:
        ValueError: fewer than 16 bytes, which could be guessed.
    """
    if nbytes < 16:
        raise ValueError("a secret has at least 16 random bytes")
    return secrets.token_urlsafe(nbytes)


def new_hex(nbytes: int) -> str:
    """`nbytes` random bytes as lower-case hexadecimal text (trace and span ids)."""
    return secrets.token_hex(nbytes)


def new_bytes(nbytes: int) -> bytes:
    """`nbytes` random bytes (salts)."""
    return secrets.token_bytes(nbytes)
