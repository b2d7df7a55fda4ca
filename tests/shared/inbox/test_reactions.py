"""What an effect announces, and how neighbours reach their projection."""

from collections.abc import Sequence
from typing import Any

from shared.act import Act
from shared.consumer import Received
from shared.database import Database, Sql, Tx
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from shared.testing.toy import move_counter
from tests.shared.inbox.reading import with_react

REPLY = Sql("SELECT aggregate_id, causation_id, correlation_id FROM outbox ORDER BY seq")


async def answer(tx: Tx, act: Act, event: Received[Any]) -> None:
    """A consequence of its own: an event that is caused by the one received."""
    await move_counter(tx, act, f"reply-{event.envelope.subject}", 1)


async def test_consequences_are_announced_in_the_same_transaction_and_name_their_cause(
    consumer_store: Database, make: RecordMaker
) -> None:
    inbox = toy_inbox(consumer_store, consumer=with_react(answer))
    await inbox.prepare()
    first, second = make.event("a", 1, event_id="cause-1"), make.event("a", 2, event_id="cause-2")

    await inbox.receive([first, second])
    await inbox.receive([first, second])

    replies = await consumer_store.read(lambda tx: tx.fetch(REPLY))
    assert [tuple(row) for row in replies] == [
        ("reply-a", "cause-1", "story"),
        ("reply-a", "cause-2", "story"),
    ]


async def test_neighbours_of_one_type_reach_their_projection_together(
    consumer_store: Database, make: RecordMaker
) -> None:
    runs: list[list[str]] = []

    async def project(tx: Tx, events: Sequence[Received[Any]]) -> None:
        runs.append([f"{one.envelope.subject}{one.envelope.sequence}" for one in events])

    inbox = toy_inbox(consumer_store, consumer=with_react(None, project))
    await inbox.prepare()

    await inbox.receive([make.event("a", 1), make.event("b", 1), make.event("a", 2)])

    assert runs == [["a1", "b1", "a2"]]
