"""Signatures: what they bind, and that a forged record takes nothing from a genuine one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared import parked
from shared.database import Database
from shared.envelope import Record, read_envelope, read_headers
from shared.inbox import Inbox
from shared.signing import (
    SIGNED_HEADERS,
    accept_unsigned,
    read_public_signing_keys,
    read_signing_key,
    sealing,
    signature_check,
    signed_bytes,
    unsealed,
)
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker, with_header
from shared.testing.toy import totals
from shared.watermarks import all_positions

KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
CHECK = signature_check({"k1": KEY.public_key()})
SEAL = sealing("k1", KEY)


def genuine() -> Record:
    return SEAL(RecordMaker().event("c", 1))


def accepted(record: Record) -> bool:
    return CHECK(record, read_headers(record.headers))


def test_a_sealed_record_is_accepted_and_otherwise_unchanged() -> None:
    plain = RecordMaker().event("c", 1)
    sealed = SEAL(plain)

    assert accepted(sealed)
    assert sealed.value == plain.value
    assert list(sealed.headers)[: len(plain.headers)] == list(plain.headers)


@pytest.mark.parametrize("name", SIGNED_HEADERS)
def test_every_identifying_header_is_bound(name: str) -> None:
    assert not accepted(with_header(genuine(), name, b"changed"))
    assert not accepted(with_header(genuine(), name, None))


@pytest.mark.parametrize("value", [b'{"step": 2}', b'{"step": 1} ', b"", None])
def test_every_byte_of_the_value_is_bound(value: bytes | None) -> None:
    assert not accepted(replace(genuine(), value=value))


@pytest.mark.parametrize("signature", [None, b"", b"AAAA", b"not base64 \xc3\xa9", b"=" * 88])
def test_an_absent_or_broken_signature_is_refused(signature: bytes | None) -> None:
    assert not accepted(with_header(genuine(), "signature", signature))


def test_an_unknown_key_is_refused() -> None:
    assert not accepted(sealing("k2", OTHER_KEY)(RecordMaker().event("c", 1)))
    assert not accepted(with_header(genuine(), "kid", None))


def test_another_key_under_a_known_name_is_refused() -> None:
    assert not accepted(sealing("k1", OTHER_KEY)(RecordMaker().event("c", 1)))


def test_a_signature_of_another_record_is_refused() -> None:
    maker = RecordMaker()
    one, other = SEAL(maker.event("c", 1)), SEAL(maker.event("c", 2))

    assert not accepted(with_header(one, "signature", dict(other.headers)["signature"]))


def test_values_moved_from_one_header_to_the_next_are_other_bytes() -> None:
    assert signed_bytes({"ce_id": "ab", "ce_source": "c"}, b"") != signed_bytes(
        {"ce_id": "a", "ce_source": "bc"}, b""
    )


@given(
    st.lists(st.text(max_size=4), min_size=9, max_size=9),
    st.lists(st.text(max_size=4), min_size=9, max_size=9),
    st.binary(max_size=6),
    st.binary(max_size=6),
)
def test_no_two_different_records_sign_the_same_bytes(
    one: list[str], other: list[str], value: bytes, other_value: bytes
) -> None:
    first, second = (dict(zip(SIGNED_HEADERS, texts, strict=True)) for texts in (one, other))

    same = signed_bytes(first, value) == signed_bytes(second, other_value)

    assert same == ((one, value) == (other, other_value))


def test_retired_keys_stay_valid_for_old_records() -> None:
    rotated = signature_check({"k1": KEY.public_key(), "k2": OTHER_KEY.public_key()})
    record = genuine()

    assert rotated(record, read_headers(record.headers))


def test_without_signatures_records_pass_untouched() -> None:
    record = RecordMaker().event("c", 1)

    assert unsealed(record) is record
    assert accept_unsigned(record, {})


# -- keys in files ------------------------------------------------------------------------------------------


def test_keys_are_read_from_files_under_their_names(tmp_path: Path) -> None:
    private = tmp_path / "alpha-1.pem"
    private.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = tmp_path / "public"
    public.mkdir()
    (public / "alpha-1.pem").write_bytes(
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    name, key = read_signing_key(private)
    record = sealing(name, key)(RecordMaker().event("c", 1))

    assert signature_check(read_public_signing_keys(public))(record, read_headers(record.headers))


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    foreign = generate_private_key(SECP256R1())
    (tmp_path / "p256.pem").write_bytes(
        foreign.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    public = tmp_path / "public"
    public.mkdir()
    (public / "p256.pem").write_bytes(
        foreign.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    with pytest.raises(ValueError, match="Ed25519"):
        read_signing_key(tmp_path / "p256.pem")
    with pytest.raises(ValueError, match="Ed25519"):
        read_public_signing_keys(public)


# -- at the inbox -------------------------------------------------------------------------------------------


@pytest.fixture
async def inbox(consumer_store: Database) -> Inbox:
    inbox = toy_inbox(consumer_store, signature_check=CHECK)
    await inbox.prepare()
    return inbox


FORGERIES: dict[str, Callable[[Record], Record]] = {
    "unsigned": lambda record: with_header(record, "signature", None),
    "bad signature": lambda record: with_header(record, "signature", b"AAAA"),
    "unknown key": lambda record: with_header(record, "kid", b"mallory"),
    "other value": lambda record: replace(record, value=b'{"step": 1000}'),
    "other aggregate": lambda record: with_header(record, "ce_subject", b"victim"),
    "other sequence": lambda record: with_header(record, "ce_sequence", b"2"),
    "second subject first": lambda record: replace(
        record, headers=[("ce_subject", b"victim"), *record.headers]
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("same_batch", [True, False])
async def test_a_forged_record_with_a_genuine_id_takes_nothing_from_the_genuine_one(
    inbox: Inbox, consumer_store: Database, forgery: str, same_batch: bool
) -> None:
    record = genuine()
    forged = FORGERIES[forgery](record)

    if same_batch:
        await inbox.receive([forged, record])
    else:
        await inbox.receive([forged])
        await inbox.receive([record])

    assert await consumer_store.read(lambda tx: totals(tx, "counter_copy")) == {"c": (1, "1,")}
    (row,) = await consumer_store.read(lambda tx: parked.list_parked(tx, "beta"))
    assert (row.reason, row.event_id) == ("bad_signature", None)


async def test_an_unsigned_watermark_moves_nothing(inbox: Inbox, consumer_store: Database) -> None:
    maker = RecordMaker()
    record = maker.event("c", 1)
    maker.count(record)
    marks = maker.watermarks(read_envelope(record.headers).time)

    await inbox.receive([SEAL(record), *marks])
    assert {p.state for p in await consumer_store.read(lambda tx: all_positions(tx, "beta"))} == {"none"}

    await inbox.receive([SEAL(mark) for mark in marks])
    assert {p.state for p in await consumer_store.read(lambda tx: all_positions(tx, "beta"))} == {"ok"}
