"""Event signatures: who may have written a record, whatever happened to the broker in between.

Detached Ed25519 over the identifying headers and the exact bytes of the value, made by the relay as it
publishes. Each part enters with its length, so that no two different records sign the same bytes. A record
that fails the check is quarantined; it never occupies the id of a genuine event.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from shared.envelope import Record

SIGNED_HEADERS = (
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_subject",
    "ce_time",
    "ce_dataschema",
    "ce_partitionkey",
    "ce_sequence",
    "ce_blinding",
)

Seal = Callable[[Record], Record]
SignatureCheck = Callable[[Record, Mapping[str, str]], bool]


def unsealed(record: Record) -> Record:
    """For installations in one process, where no record leaves it."""
    return record


def accept_unsigned(_record: Record, _headers: Mapping[str, str]) -> bool:
    """For installations in one process, where no record enters it."""
    return True


def sealing(key_id: str, key: Ed25519PrivateKey) -> Seal:
    """Add `signature` and `kid` headers to a record."""

    def seal(record: Record) -> Record:
        texts = {name: value.decode() for name, value in record.headers}
        signature = base64.urlsafe_b64encode(key.sign(signed_bytes(texts, record.value or b"")))
        return replace(record, headers=[*record.headers, ("signature", signature), ("kid", key_id.encode())])

    return seal


def signature_check(keys: Mapping[str, Ed25519PublicKey]) -> SignatureCheck:
    """Accept records signed by one of these keys; retired keys stay listed so that old records verify."""

    def check(record: Record, headers: Mapping[str, str]) -> bool:
        key = keys.get(headers.get("kid", ""))
        if key is None:
            return False
        try:
            signature = base64.urlsafe_b64decode(headers.get("signature", ""))
            key.verify(signature, signed_bytes(headers, record.value or b""))
        except (InvalidSignature, ValueError):
            return False
        return True

    return check


def read_signing_key(path: Path) -> tuple[str, Ed25519PrivateKey]:
    """A private key from a PEM file; the file's name without its ending is the key's id.

    Raises:
        ValueError: the file holds no Ed25519 private key.
    """
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path.name} holds no Ed25519 private key")
    return path.stem, key


def read_public_signing_keys(folder: Path) -> dict[str, Ed25519PublicKey]:
    """Every `<key id>.pem` of a folder.

    Raises:
        ValueError: a file holds no Ed25519 public key.
    """
    keys = {}
    for path in sorted(folder.glob("*.pem")):
        key = load_pem_public_key(path.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError(f"{path.name} holds no Ed25519 public key")
        keys[path.stem] = key
    return keys


def signed_bytes(headers: Mapping[str, str], value: bytes) -> bytes:
    """The identifying headers in fixed order, then the value, each with its length in four bytes."""
    parts = [headers.get(name, "").encode() for name in SIGNED_HEADERS] + [value]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
