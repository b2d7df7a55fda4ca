"""The keyed hash as the sites compute it, against a vector of the standard's and one reckoned apart."""

import hashlib
from datetime import date

import pytest

from services.enrolment.domain.identity_digest import identity_digest, initials_and_birth_date

KEY = bytes(range(32))


def test_the_digest_is_hmac_sha_256_by_its_definition() -> None:
    """RFC 2104: H((K xor opad) || H((K xor ipad) || text)), with the key padded to the block of 64 bytes."""
    padded = KEY.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(it ^ 0x36 for it in padded) + b"9434765919").digest()
    outer = hashlib.sha256(bytes(it ^ 0x5C for it in padded) + inner).hexdigest()

    assert identity_digest(KEY, "9434765919") == outer


def test_another_key_or_number_gives_another_digest() -> None:
    digests = {
        identity_digest(key, text) for key in (KEY, KEY[::-1]) for text in ("9434765919", "9434765870")
    }

    assert len(digests) == 4


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 32"):
        identity_digest(KEY[:31], "9434765919")


@pytest.mark.parametrize("initials", ["jd", "J D", " Jd "])
def test_initials_are_written_in_one_way(initials: str) -> None:
    assert initials_and_birth_date(initials, date(2013, 5, 14)) == "JD 2013-05-14"


@pytest.mark.parametrize("initials", ["", "J.D.", "ÄB", "ABCDEF", "J1"])
def test_what_are_no_initials_is_refused_and_not_repeated(initials: str) -> None:
    with pytest.raises(ValueError, match="one to five letters") as refused:
        initials_and_birth_date(initials, date(2013, 5, 14))

    assert not initials or initials not in str(refused.value)
