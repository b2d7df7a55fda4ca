import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from shared.auth import Grant
from shared.token_keys import (
    DEVELOPMENT_KID,
    algorithms_of,
    generate_development_key,
    issue_token,
    public_part,
    read_private_key,
    read_public_keys,
    write_development_key,
)
from shared.tokens import TokenVerifier

NOW = datetime(2026, 11, 21, 13, tzinfo=UTC)
RSA = RSAKey.generate_key(2048)


def written(folder: Path, document: Any) -> Path:
    path = folder / "keys.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def jwk(key: Any, kid: str | None = "k1", *, private: bool = False) -> dict[str, Any]:
    return {**key.as_dict(private=private), **({"kid": kid} if kid else {})}


def test_a_development_key_is_written_for_its_owner_alone_and_works(tmp_path: Path) -> None:
    private, public = write_development_key(tmp_path / "keys")

    token = issue_token(
        read_private_key(private),
        issuer="i",
        audience="a",
        subject="u1",
        grants=[Grant("clerk", "*", "*")],
        now=NOW,
    )
    verifier = TokenVerifier(read_public_keys(public), "i", "a", lambda: NOW)
    assert verifier.verify(token).subject == "u1"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert '"d"' not in public.read_text()


def test_an_existing_key_is_not_replaced(tmp_path: Path) -> None:
    private, _ = write_development_key(tmp_path)
    before = private.read_text()

    with pytest.raises(FileExistsError):
        write_development_key(tmp_path)

    assert private.read_text() == before


def test_a_development_key_says_that_it_is_one() -> None:
    assert str(generate_development_key().kid).startswith(DEVELOPMENT_KID)


def test_the_kind_of_key_decides_the_algorithm() -> None:
    assert algorithms_of(generate_development_key()) == ("Ed25519", "EdDSA")
    assert algorithms_of(RSA) == ("RS256",)


@pytest.mark.parametrize("key", [OKPKey.generate_key("Ed448"), OKPKey.generate_key("X25519")])
def test_other_curves_have_no_algorithm(key: OKPKey) -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        algorithms_of(key)


def test_the_public_part_cannot_sign() -> None:
    assert not public_part(generate_development_key()).is_private
    assert not public_part(RSA).is_private


def test_a_single_key_and_a_set_are_read(tmp_path: Path) -> None:
    one, other = OKPKey.generate_key("Ed25519"), RSA

    assert read_public_keys(written(tmp_path, jwk(one))).keys() == {"k1"}
    both = {"keys": [jwk(one, "k1"), {**jwk(other, "k2"), "use": "enc", "alg": "none", "key_ops": ["sign"]}]}
    assert read_public_keys(written(tmp_path, both)).keys() == {"k1", "k2"}


UNUSABLE: dict[str, Callable[[], Any]] = {
    "no JSON": lambda: "not json",
    "empty list": lambda: [],
    "empty object": lambda: {},
    "empty set": lambda: {"keys": []},
    "text in the set": lambda: {"keys": ["text"]},
    "null in the set": lambda: {"keys": [None]},
    "numbers": lambda: "[1, 2]",
    "set of no list": lambda: {"keys": 7},
    "no curve": lambda: {"kty": "OKP", "kid": "k1"},
    "no base64": lambda: {"kty": "OKP", "crv": "Ed25519", "x": "!!", "kid": "k1"},
    "short key": lambda: {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "k1"},
    "symmetric": lambda: jwk(OctKey.generate_key(256), private=True),
    "other curve family": lambda: jwk(ECKey.generate_key("P-256")),
    "Ed448": lambda: jwk(OKPKey.generate_key("Ed448")),
    "RSA 1024": lambda: jwk(RSAKey.generate_key(1024)),
    "no kid": lambda: jwk(OKPKey.generate_key("Ed25519"), None),
    "kid no text": lambda: {**jwk(OKPKey.generate_key("Ed25519")), "kid": 7},
    "private": lambda: jwk(OKPKey.generate_key("Ed25519"), private=True),
    "kid twice": lambda: {"keys": [jwk(OKPKey.generate_key("Ed25519")), jwk(OKPKey.generate_key("Ed25519"))]},
}


@pytest.mark.filterwarnings("ignore:Key size should be")
@pytest.mark.parametrize("make", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_file_without_usable_public_keys_is_refused(tmp_path: Path, make: Callable[[], Any]) -> None:
    path = written(tmp_path, make())

    with pytest.raises(ValueError, match=r"\w"):
        read_public_keys(path)


def test_a_public_key_is_no_private_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no private key"):
        read_private_key(written(tmp_path, jwk(OKPKey.generate_key("Ed25519"))))
