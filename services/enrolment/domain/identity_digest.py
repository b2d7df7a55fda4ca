"""The keyed hash of an identity, as a site computes it. Neither key nor identity ever reaches this service.

The text under the hash is the normalised NHS number (`nhs_number.normalised_nhs_number`) or, where there is none,
`initials_and_birth_date`. The key is shared by the sites; its version is sent beside the hash.
"""

import hmac
from datetime import date

FEWEST_KEY_BYTES = 32


def identity_digest(key: bytes, normalised: str) -> str:
    """HMAC-SHA-256 of a normalised identity, as 64 lower-case hexadecimal digits.

    Args:
        key: the sites' key; as long as the hash, so that nobody finds it by trying.
        normalised: the NHS number's ten digits, or initials and birth date.

    Raises:
        ValueError: the key is shorter than 32 bytes.
    """
    if len(key) < FEWEST_KEY_BYTES:
        raise ValueError(f"the key has fewer than {FEWEST_KEY_BYTES} bytes")
    return hmac.new(key, normalised.encode("ascii"), "sha256").hexdigest()


def initials_and_birth_date(initials: str, born: date) -> str:
    """The weaker identity: capital letters A to Z, a space, and the date, as in `JD 2013-05-14`.

    Raises:
        ValueError: the initials are no one to five letters A to Z; they are not in the message.
    """
    letters = "".join(initials.split()).upper()
    if not (1 <= len(letters) <= 5 and letters.isascii() and letters.isalpha()):
        raise ValueError("initials are one to five letters A to Z")
    return f"{letters} {born.isoformat()}"
