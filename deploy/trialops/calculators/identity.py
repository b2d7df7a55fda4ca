"""The identity hash of a child, computed where the number is: at the site, with the sites' own key."""

from pathlib import Path

from deploy.trialops.calculators.invalid import InputInvalid
from services.enrolment.domain.identity_digest import identity_digest
from services.enrolment.domain.nhs_number import normalised_nhs_number

_MOST_KEY_BYTES = 1_000


def identity_hash(key_file: str, number: str) -> str:
    """64 hexadecimal digits to be sent to `POST /screenings/{id}/identity-hashes` as kind `nhs_number`.

    Raises:
        InputInvalid: no valid number, or no key; neither is repeated.
    """
    try:
        normalised = normalised_nhs_number(number)
    except ValueError:
        raise InputInvalid("number", "not_valid", "This is not a valid NHS number.") from None
    try:
        return identity_digest(_key(key_file), normalised)
    except ValueError:
        raise InputInvalid("--key-file", "too_short", "The key has fewer than 32 bytes.") from None


def _key(key_file: str) -> bytes:
    """The bytes of the file; a line's end that an editor added is none of the key."""
    try:
        with Path(key_file).open("rb") as file:
            raw = file.read(_MOST_KEY_BYTES + 1)
    except (OSError, ValueError):
        raise InputInvalid("--key-file", "unreadable", "The file cannot be read.") from None
    if len(raw) > _MOST_KEY_BYTES:
        raise InputInvalid("--key-file", "too_long", f"The key has more than {_MOST_KEY_BYTES} bytes.")
    return raw.rstrip(b"\r\n")
