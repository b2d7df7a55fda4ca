"""Tampering with the store itself: every kind is found, and the first bad row is named."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from shared.audit import (
    INSERT_AUDIT,
    anchor_hash,
    canonical_metadata,
    chain_hash,
    entry_for,
    record,
    row_arguments,
)
from shared.audit_verify import AuditReport, BadRow, WitnessedHead, verify
from shared.database import Database, Row, Sql, Tx, read_instant
from shared.testing.delivery import toy_relay
from shared.testing.sim_broker import SimBroker
from shared.testing.toy import TOPIC, move_counter, toy_act

AGGREGATES = ["a", "b", "c", "d"]
ROUNDS = 12
Tamper = Callable[[Tx, Row, Random], Awaitable[BadRow]]


class Undo(Exception):
    """Carries a report out of a transaction that must leave no trace."""

    def __init__(self, report: AuditReport) -> None:
        self.report = report


@pytest.fixture
async def audited(producer_store: Database) -> Database:
    """Four aggregates with eight rows each, events and audit-only rows in turn, published."""
    for number in range(8):
        for name in AGGREGATES:

            async def command(tx: Tx, name: str = name, number: int = number) -> None:
                act = toy_act(causation_id=f"cause-{number}")
                if number % 3 == 1:
                    await record(tx, act, name, "noted", {"n": number}, reason="because")
                else:
                    await move_counter(tx, act, name, number + 1)

            await producer_store.write(command)
    relay = toy_relay(producer_store, SimBroker(Random(1)))
    await relay.lead_once()
    await relay.turn()
    return producer_store


async def after(
    database: Database, tamper: Callable[[Tx], Awaitable[Any]], *heads: WitnessedHead
) -> AuditReport:
    """The report on the store after tampering; the tampering is undone."""

    async def work(tx: Tx) -> None:
        await tamper(tx)
        raise Undo(await verify(tx, TOPIC, heads))

    with pytest.raises(Undo) as undone:
        await database.write(work)
    return undone.value.report


async def all_rows(database: Database) -> list[Row]:
    return await database.read(lambda tx: tx.fetch(_ALL))


_ALL = Sql("SELECT id, aggregate_id, n, event_id FROM audit ORDER BY id")


async def test_an_untouched_store_verifies(audited: Database) -> None:
    report = await audited.read(lambda tx: verify(tx, TOPIC))

    assert report.ok
    assert (report.rows, report.anchored_events) == (32, 20)


# -- kinds of tampering -------------------------------------------------------------------------------------


async def change_value(tx: Tx, row: Row, rng: Random) -> BadRow:
    if row[3] is None:
        await tx.fetch(Sql("UPDATE audit SET details = $2 WHERE id = $1"), row[0], b'{"n":99}')
    else:
        await tx.fetch(Sql("UPDATE outbox SET payload = $2 WHERE event_id = $1"), row[3], b'{"step":99}')
    return BadRow(aggregate_id=row[1], n=row[2], fault="value_changed")


async def change_value_and_commitment(tx: Tx, row: Row, rng: Random) -> BadRow:
    await tx.fetch(Sql("UPDATE audit SET commitment = $2 WHERE id = $1"), row[0], rng.randbytes(32))
    return BadRow(aggregate_id=row[1], n=row[2], fault="value_changed")


async def change_metadata(tx: Tx, row: Row, rng: Random) -> BadRow:
    column = rng.choice(["actor", "actor_role", "reason", "correlation_id", "causation_id"])
    await tx.fetch(Sql(f"UPDATE audit SET {column} = $2 WHERE id = $1"), row[0], "somebody else")
    return BadRow(aggregate_id=row[1], n=row[2], fault="hash_mismatch")


async def change_time(tx: Tx, row: Row, rng: Random) -> BadRow:
    column = rng.choice(["at", "domain_at"])
    other = await tx.fetch(Sql(f"SELECT min({column}) FROM audit WHERE {column} <> (SELECT {column} FROM audit"
                               " WHERE id = $1)"), row[0])  # fmt: skip
    await tx.fetch(Sql(f"UPDATE audit SET {column} = $2 WHERE id = $1"), row[0], other[0][0])
    return BadRow(aggregate_id=row[1], n=row[2], fault="hash_mismatch")


async def change_demonstration(tx: Tx, row: Row, rng: Random) -> BadRow:
    await tx.fetch(Sql("UPDATE audit SET demonstration = 1 WHERE id = $1"), row[0])
    return BadRow(aggregate_id=row[1], n=row[2], fault="hash_mismatch")


async def change_hash(tx: Tx, row: Row, rng: Random) -> BadRow:
    await tx.fetch(Sql("UPDATE audit SET hash = $2 WHERE id = $1"), row[0], rng.randbytes(32))
    return BadRow(aggregate_id=row[1], n=row[2], fault="hash_mismatch")


async def delete_row(tx: Tx, row: Row, rng: Random) -> BadRow:
    await tx.fetch(Sql("DELETE FROM audit WHERE id = $1"), row[0])
    fault = "tail_cut" if row[2] == 8 else "row_missing"
    return BadRow(aggregate_id=row[1], n=row[2], fault=fault)  # type: ignore[arg-type]


async def cut_tail(tx: Tx, row: Row, rng: Random) -> BadRow:
    await tx.fetch(Sql("DELETE FROM audit WHERE aggregate_id = $1 AND n >= $2"), row[1], row[2])
    return BadRow(aggregate_id=row[1], n=row[2], fault="tail_cut")


async def swap_rows(tx: Tx, row: Row, rng: Random) -> BadRow:
    n = min(row[2], 7)
    for place, number in ((-1, n), (n, n + 1), (n + 1, -1)):
        await tx.fetch(
            Sql("UPDATE audit SET n = $3 WHERE aggregate_id = $1 AND n = $2"), row[1], number, place
        )
    return BadRow(aggregate_id=row[1], n=n, fault="hash_mismatch")


async def add_row(tx: Tx, row: Row, rng: Random) -> BadRow:
    """A forged last row that chains correctly; only the aggregate's own head does not know it."""
    head = (await tx.fetch(Sql("SELECT audit_hash FROM outbox_aggregate WHERE aggregate_id = $1"), row[1]))[
        0
    ][0]
    entry = entry_for(toy_act(), row[1], "noted", b"{}", event_id=None, reason=None)
    forged = chain_hash(bytes(head), 9, entry.metadata, entry.commitment)
    await tx.fetch(INSERT_AUDIT, 9, forged, *row_arguments(tx, toy_act(), entry))
    return BadRow(aggregate_id=row[1], n=9, fault="hash_mismatch")


async def change_event_type(tx: Tx, row: Row, rng: Random) -> BadRow:
    rows = await tx.fetch(
        Sql("SELECT n, event_id FROM audit WHERE aggregate_id = $1 AND event_id IS NOT NULL"), row[1]
    )
    n, event_id = rng.choice(rows)
    column = rng.choice(["type", "aggregate_id"])
    await tx.fetch(Sql(f"UPDATE outbox SET {column} = 'other' WHERE event_id = $1"), event_id)
    return BadRow(aggregate_id=row[1], n=n, fault="audit_hash_differs")


async def change_version(tx: Tx, row: Row, rng: Random) -> BadRow:
    rows = await tx.fetch(
        Sql("SELECT n, event_id FROM audit WHERE aggregate_id = $1 AND event_id IS NOT NULL"), row[1]
    )
    n, event_id = rng.choice(rows)
    await tx.fetch(Sql("UPDATE outbox SET aggregate_version = 77 WHERE event_id = $1"), event_id)
    return BadRow(aggregate_id=row[1], n=n, fault="version_differs")


KINDS: list[Tamper] = [
    change_value,
    change_value_and_commitment,
    change_metadata,
    change_time,
    change_demonstration,
    change_hash,
    delete_row,
    cut_tail,
    swap_rows,
    add_row,
    change_event_type,
    change_version,
]


@pytest.mark.parametrize("kind", KINDS)
async def test_tampering_is_found_and_the_first_bad_row_is_named(audited: Database, kind: Tamper) -> None:
    rng, rows = Random(5), await all_rows(audited)
    for _ in range(ROUNDS):
        row, expected = rng.choice(rows), None

        async def tamper(tx: Tx, row: Row = row) -> None:
            nonlocal expected
            expected = await kind(tx, row, rng)

        report = await after(audited, tamper)

        assert report.first_bad == expected

    assert (await audited.read(lambda tx: verify(tx, TOPIC))).ok


async def test_of_two_bad_rows_the_first_is_named(audited: Database) -> None:
    async def tamper(tx: Tx) -> None:
        await tx.fetch(Sql("UPDATE audit SET actor = 'x' WHERE aggregate_id = 'c' AND n = 3"))
        await tx.fetch(Sql("UPDATE audit SET actor = 'x' WHERE aggregate_id = 'b' AND n = 5"))
        await tx.fetch(Sql("UPDATE audit SET actor = 'x' WHERE aggregate_id = 'b' AND n = 4"))

    report = await after(audited, tamper)

    assert report.first_bad == BadRow(aggregate_id="b", n=4, fault="hash_mismatch")


async def test_an_event_without_its_audit_row_is_found(audited: Database) -> None:
    """A row inserted into the outbox past the audit trail."""

    async def tamper(tx: Tx) -> None:
        await tx.fetch(
            Sql(
                "INSERT INTO outbox (event_id, topic, type, dataschema, aggregate_id, aggregate_version, partition_key,"
                " partition, blinding, correlation_id, occurred_at, created_at, payload, audit_hash)"
                " SELECT 'forged', topic, type, dataschema, aggregate_id, 7, partition_key, partition, blinding,"
                " correlation_id, occurred_at, created_at, payload, audit_hash FROM outbox WHERE aggregate_id = 'a'"
                " AND aggregate_version = 1"
            )
        )

    report = await after(audited, tamper)

    assert report.first_bad == BadRow(aggregate_id="a", n=7, fault="event_not_audited")


async def test_a_vanished_aggregate_is_found(audited: Database) -> None:
    async def rows_only(tx: Tx) -> None:
        await tx.fetch(Sql("DELETE FROM audit WHERE aggregate_id = 'b'"))

    async def and_events(tx: Tx) -> None:
        await rows_only(tx)
        await tx.fetch(Sql("DELETE FROM outbox WHERE aggregate_id = 'b'"))

    async def everything(tx: Tx) -> None:
        await and_events(tx)
        await tx.fetch(Sql("DELETE FROM outbox_aggregate WHERE aggregate_id = 'b'"))

    assert (await after(audited, rows_only)).first_bad == BadRow(aggregate_id="b", n=1, fault="tail_cut")
    assert (await after(audited, and_events)).first_bad == BadRow(aggregate_id="b", n=1, fault="tail_cut")
    found = (await after(audited, everything)).first_bad
    assert found is not None
    assert found.fault == "anchor_differs"


async def test_rows_of_an_aggregate_that_nobody_knows_are_found(audited: Database) -> None:
    async def tamper(tx: Tx) -> None:
        await tx.fetch(Sql("DELETE FROM outbox_aggregate WHERE aggregate_id = 'c'"))

    assert (await after(audited, tamper)).first_bad == BadRow(aggregate_id="c", n=1, fault="chain_unknown")


# -- rewriting everything -----------------------------------------------------------------------------------


async def rewrite(tx: Tx, aggregate_id: str) -> None:
    """Change a row's actor and make every hash of the store agree again, as somebody with full access could."""
    await tx.fetch(Sql("UPDATE audit SET actor = 'nobody' WHERE aggregate_id = $1 AND n = 2"), aggregate_id)
    rows = await tx.fetch(
        Sql(
            "SELECT id, n, event_id, action, actor, actor_role, at, domain_at, demonstration, reason, correlation_id,"
            " causation_id, commitment FROM audit WHERE aggregate_id = $1 ORDER BY n"
        ),
        aggregate_id,
    )
    head = b""
    for row in rows:
        metadata = canonical_metadata(
            aggregate_id=aggregate_id,
            event_id=row[2],
            action=row[3],
            actor=row[4],
            actor_role=row[5],
            at=read_instant(row[6]),
            domain_at=read_instant(row[7]),
            demonstration=bool(row[8]),
            reason=row[9],
            correlation_id=row[10],
            causation_id=row[11],
        )
        head = chain_hash(head, row[1], metadata, bytes(row[12]))
        await tx.fetch(Sql("UPDATE audit SET hash = $2 WHERE id = $1"), row[0], head)
        await tx.fetch(Sql("UPDATE outbox SET audit_hash = $2 WHERE event_id = $1"), row[2], head)
    await tx.fetch(
        Sql("UPDATE outbox_aggregate SET audit_hash = $2 WHERE aggregate_id = $1"), aggregate_id, head
    )
    anchor = b""
    for (audit_hash,) in await tx.fetch(Sql("SELECT audit_hash FROM outbox ORDER BY pub_seq")):
        anchor = anchor_hash(anchor, bytes(audit_hash))
    await tx.fetch(Sql("UPDATE relay_leader SET anchor_hash = $1"), anchor)


def witness_of(report: AuditReport) -> WitnessedHead:
    return WitnessedHead(
        pub_seq=report.anchored_events, head=report.head, audit_rows=report.rows, audit_last_id=10_000
    )


async def test_a_store_rewritten_as_a_whole_agrees_with_itself_but_not_with_its_witnesses(
    audited: Database,
) -> None:
    head = witness_of(await audited.read(lambda tx: verify(tx, TOPIC)))

    alone = await after(audited, lambda tx: rewrite(tx, "b"))
    compared = await after(audited, lambda tx: rewrite(tx, "b"), head)

    assert alone.ok
    assert compared.first_bad is not None
    assert compared.first_bad.fault == "anchor_differs"
    assert (await audited.read(lambda tx: verify(tx, TOPIC, [head]))).ok


async def test_a_tail_cut_off_the_whole_store_shows_against_its_witnesses(audited: Database) -> None:
    """Restored to an earlier time: every chain ends properly, only others know that there was more."""
    head = witness_of(await audited.read(lambda tx: verify(tx, TOPIC)))
    await audited.write(lambda tx: record(tx, toy_act(), "z", "noted", {}))

    async def forget_note(tx: Tx) -> None:
        await tx.fetch(Sql("DELETE FROM audit WHERE aggregate_id = 'z'"))
        await tx.fetch(Sql("DELETE FROM outbox_aggregate WHERE aggregate_id = 'z'"))

    with_note = WitnessedHead(
        pub_seq=head.pub_seq, head=head.head, audit_rows=head.audit_rows + 1, audit_last_id=head.audit_last_id
    )
    ahead = WitnessedHead(
        pub_seq=head.pub_seq + 1, head="00", audit_rows=head.audit_rows, audit_last_id=head.audit_last_id
    )

    assert (await after(audited, forget_note)).ok
    fewer = (await after(audited, forget_note, with_note)).first_bad
    missing = (await after(audited, forget_note, ahead)).first_bad
    assert fewer is not None
    assert fewer.fault == "fewer_rows_than_witnessed"
    assert missing is not None
    assert missing.fault == "anchor_differs"


async def test_a_changed_head_of_the_anchor_is_found(audited: Database) -> None:
    async def tamper(tx: Tx) -> None:
        await tx.fetch(Sql("UPDATE relay_leader SET anchor_hash = $1"), b"\x00" * 32)

    found = (await after(audited, tamper)).first_bad

    assert found is not None
    assert found.fault == "anchor_differs"


async def test_a_store_that_never_did_anything_verifies(producer_store: Database) -> None:
    report = await producer_store.read(lambda tx: verify(tx, TOPIC))

    assert (report.ok, report.rows, report.anchored_events) == (True, 0, 0)
