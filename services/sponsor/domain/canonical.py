"""One byte form for every value that is hashed or signed."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

Json = bool | int | str | None | Sequence["Json"] | Mapping[str, "Json"]


def canonical_bytes(value: Json) -> bytes:
    """JSON with sorted keys, no spaces and ASCII escapes: equal values give equal bytes on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def sha256_of(value: Json) -> str:
    """SHA-256 of the canonical bytes, as lower-case hexadecimal."""
    return sha256(canonical_bytes(value)).hexdigest()


def utc_text(moment: datetime) -> str:
    """An aware instant as UTC text of fixed width, such as 2026-10-25T23:50:00.000000Z.

    Raises:
        ValueError: the instant has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("an instant without a zone cannot be stored")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The aware instant that `utc_text` wrote."""
    return datetime.fromisoformat(text)
