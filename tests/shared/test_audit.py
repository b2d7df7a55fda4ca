"""The audit chain: what a row binds, and that a lawful redaction leaves it whole."""

import hashlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.audit import anchor_hash, chain_hash, entry_for, record
from shared.audit_verify import verify
from shared.database import Database, Sql, Tx
from shared.testing.toy import TOPIC, move_counter, toy_act

_ROW = Sql(
    "SELECT n, event_id, action, actor, details, salt, commitment, hash, reason FROM audit ORDER BY id"
)


def test_the_hash_of_a_row_is_the_documented_one() -> None:
    expected = hashlib.sha256(b"before" + (7).to_bytes(8, "big") + b"metadata" + b"commitment").digest()

    assert chain_hash(b"before", 7, b"metadata", b"commitment") == expected
    assert anchor_hash(b"head", b"row") == hashlib.sha256(b"headrow").digest()


@given(st.binary(max_size=64))
def test_a_value_is_bound_by_its_salted_commitment_and_never_stands_in_the_hash(value: bytes) -> None:
    one = entry_for(toy_act(), "c", "noted", value, event_id=None, reason=None)
    other = entry_for(toy_act(), "c", "noted", value, event_id=None, reason=None)

    assert one.commitment == hashlib.sha256(one.salt + value).digest()
    assert one.salt != other.salt
    assert one.commitment != other.commitment  # equal values cannot be recognised by their commitments


def test_an_events_value_stays_in_the_outbox_and_any_other_in_the_row() -> None:
    assert entry_for(toy_act(), "c", "moved", b"{}", event_id="e", reason=None).details is None
    assert entry_for(toy_act(), "c", "noted", b"{}", event_id=None, reason=None).details == b"{}"


def test_every_circumstance_is_part_of_the_bound_metadata() -> None:
    act = toy_act(causation_id="cause")
    changed = [
        replace(act, actor="other"),
        replace(act, actor_role="other"),
        replace(act, now=act.now.replace(microsecond=1)),
        replace(act, received_at=act.received_at.replace(microsecond=1)),
        replace(act, correlation_id="other"),
        replace(act, causation_id=None),
        replace(act, demonstration=True),
    ]

    entries = [entry_for(one, "c", "noted", b"", event_id=None, reason="why") for one in [act, *changed]]
    entries.append(entry_for(act, "c", "noted", b"", event_id=None, reason=None))
    entries.append(entry_for(act, "c", "other", b"", event_id=None, reason="why"))
    entries.append(entry_for(act, "d", "noted", b"", event_id=None, reason="why"))

    assert len({entry.metadata for entry in entries}) == len(entries)


async def test_both_stores_compute_the_same_chain(producer_store: Database) -> None:
    """The verifier computes every hash in Python; PostgreSQL computed them in SQL."""

    async def command(tx: Tx) -> None:
        act = toy_act()
        for number in range(3):
            await move_counter(tx, act, "c", number)
            await record(tx, act, "c", "noted", {"n": number, "ü": "ß"}, reason="because")
        await record(tx, act, "d", "noted", {})

    await producer_store.write(command)

    report = await producer_store.read(lambda tx: verify(tx, TOPIC))
    rows = await producer_store.read(lambda tx: tx.fetch(_ROW))
    assert (report.ok, report.rows) == (True, 7)
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6, 1]
    assert [row[8] for row in rows] == [None, "because"] * 3 + [None]


async def test_a_redacted_value_leaves_the_chain_verifiable(producer_store: Database) -> None:
    await producer_store.write(lambda tx: record(tx, toy_act(), "c", "noted", {"name": "a person"}))
    await producer_store.write(lambda tx: record(tx, toy_act(), "c", "noted", {"name": "another"}))

    await producer_store.write(
        lambda tx: tx.fetch(Sql("UPDATE audit SET details = NULL, salt = $1 WHERE n = 1"), b"")
    )

    assert (await producer_store.read(lambda tx: verify(tx, TOPIC))).ok


async def test_a_row_names_who_did_what_in_which_role_and_why(producer_store: Database) -> None:
    await producer_store.write(lambda tx: record(tx, toy_act(), "c", "noted", {"b": 1, "a": 2}, reason="why"))

    (row,) = await producer_store.read(lambda tx: tx.fetch(_ROW))

    assert tuple(row[:4]) == (1, None, "noted", "tester")
    assert (bytes(row[4]), row[8]) == (b'{"a":2,"b":1}', "why")
