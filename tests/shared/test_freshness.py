"""Every way in which silence means nothing, and how each of them ends."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared import parked
from shared.consumer import Consumer, Effect
from shared.database import GUARD_TO_COMMIT_SECONDS, Database, GuardTooOld, Tx
from shared.envelope import Record
from shared.freshness import FreshnessRule, Stale, first_stale
from shared.inbox import Inbox
from shared.partitions import NETWORK, PARTITIONS, partition_of
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from shared.testing.stores import let_guard_age
from shared.testing.toy import COUNTERS, CounterMoved
from shared.watermarks import Position, all_positions, database_clock, save_positions

SCOPE = "scope-1"
OTHER_SCOPE = next(
    name
    for name in (f"scope-{n}" for n in range(2, 99))
    if partition_of(name) not in (partition_of(SCOPE), partition_of(NETWORK))
)
MAX_AGE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


class Clock:
    """Whether our own clocks agree."""

    steady = True

    def is_steady(self) -> bool:
        return self.steady


class Watched:
    """A consumer of one producer, and the question whether it may rely on silence."""

    def __init__(self, database: Database, inbox: Inbox) -> None:
        self.database = database
        self.inbox = inbox
        self.make = RecordMaker()
        self.clock = Clock()
        self.topics: Sequence[str] = ("alpha.events.v1",)
        self.started_at: datetime | None = None

    async def now(self) -> datetime:
        return await self.database.read(database_clock)

    async def hear(self, *records: Record, at: datetime | None = None) -> None:
        """Take events, and then a watermark on every partition."""
        closed_at = at or await self.now()
        for record in records:
            self.make.count(record)
        await self.inbox.receive([*records, *self.make.watermarks(closed_at)])

    async def ask(self, scope: str = SCOPE, *, committed_after_seconds: float = 0.0) -> Stale | None:
        rule = FreshnessRule(
            consumer="beta",
            topics=self.topics,
            max_age=MAX_AGE,
            started_at=self.started_at or await self.now() - timedelta(hours=1),
            clock_is_steady=self.clock.is_steady,
        )

        async def ask(tx: Tx) -> Stale | None:
            stale = await first_stale(tx, rule, scope)
            if committed_after_seconds:
                let_guard_age(tx, committed_after_seconds)
            return stale

        return await self.database.write(ask)

    async def reason(self, scope: str = SCOPE) -> str | None:
        stale = await self.ask(scope)
        return None if stale is None else stale.reason

    async def shift(self, change: Callable[[Position], Position]) -> None:
        """Change every stored position, as if time or somebody else had."""

        async def work(tx: Tx) -> None:
            await save_positions(tx, "beta", [change(one) for one in await all_positions(tx, "beta")])

        await self.database.write(work)


@pytest.fixture
async def watched(consumer_store: Database) -> Watched:
    inbox = toy_inbox(consumer_store)
    await inbox.prepare()
    return Watched(consumer_store, inbox)


async def test_a_producer_heard_just_now_is_fresh(watched: Watched) -> None:
    await watched.hear()

    assert await watched.ask() is None
    assert await watched.ask(NETWORK) is None


async def test_a_producer_never_heard_is_stale_until_it_speaks(watched: Watched) -> None:
    stale = await watched.ask()

    assert stale == Stale(producer="alpha", reason="never_heard", age_seconds=None)
    await watched.hear()
    assert await watched.reason() is None


async def test_a_producer_whose_positions_were_never_made_is_stale(watched: Watched) -> None:
    await watched.hear()
    watched.topics = ("alpha.events.v1", "gamma.events.v1")

    stale = await watched.ask()

    assert stale == Stale(producer="gamma", reason="never_heard", age_seconds=None)


@pytest.mark.parametrize("silent", [partition_of(SCOPE), partition_of(NETWORK)])
async def test_one_silent_partition_of_the_two_that_matter_is_enough(watched: Watched, silent: int) -> None:
    await watched.hear()
    await watched.shift(lambda p: replace(p, closed_at=None) if p.partition == silent else p)

    assert await watched.reason() == "never_heard"


async def test_partitions_of_other_scopes_do_not_matter(watched: Watched) -> None:
    matter = {partition_of(SCOPE), partition_of(NETWORK)}
    await watched.hear()
    await watched.shift(lambda p: p if p.partition in matter else replace(p, closed_at=None))

    assert await watched.reason() is None
    assert await watched.reason(OTHER_SCOPE) == "never_heard"


async def test_news_older_than_the_limit_is_stale_until_newer_comes(watched: Watched) -> None:
    await watched.hear(at=await watched.now() - MAX_AGE - SECOND)

    stale = await watched.ask()

    assert stale is not None
    assert stale.reason == "too_old"
    assert stale.age_seconds == pytest.approx(61, abs=1)
    await watched.hear()
    assert await watched.reason() is None


async def test_news_just_within_the_limit_is_fresh(watched: Watched) -> None:
    await watched.hear(at=await watched.now() - MAX_AGE + 2 * SECOND)

    assert await watched.reason() is None


async def test_a_producer_a_little_ahead_is_fresh(watched: Watched) -> None:
    await watched.hear(at=await watched.now() + 1.5 * SECOND)

    assert await watched.reason() is None


async def test_a_producer_far_ahead_is_a_skew_that_never_ripens(watched: Watched) -> None:
    await watched.hear(at=await watched.now() - 5 * SECOND)
    ahead = await watched.now() + 10 * SECOND
    await watched.hear(at=ahead)
    assert await watched.reason() == "clock_skew"

    positions = await watched.database.read(lambda tx: all_positions(tx, "beta"))

    assert all(position.closed_at is not None and position.closed_at < ahead for position in positions)
    await watched.hear()
    assert await watched.reason() is None


async def test_a_recorded_future_is_not_relied_on_when_our_clock_went_back(watched: Watched) -> None:
    await watched.hear(at=await watched.now() + SECOND)
    await watched.shift(lambda p: replace(p, closed_at=p.closed_at + 5 * SECOND if p.closed_at else None))

    assert await watched.reason() == "ahead_of_our_clock"
    await watched.shift(lambda p: replace(p, closed_at=None))
    await watched.hear()
    assert await watched.reason() is None


async def test_a_lost_event_is_incompleteness_until_it_comes(watched: Watched) -> None:
    lost, present = watched.make.event("c", 1), watched.make.event("d", 1)
    watched.make.count(lost)
    await watched.hear(present)
    assert await watched.reason() == "incomplete"
    assert await watched.reason(NETWORK) is None

    await watched.inbox.receive([lost])
    assert await watched.reason() == "incomplete"  # only the producer's next statement proves it

    await watched.hear()
    assert await watched.reason() is None


async def test_a_rewound_producer_stays_stale_whatever_it_says(watched: Watched) -> None:
    await watched.hear(watched.make.event("c", 1))
    watched.make.rewind()
    await watched.hear()
    assert await watched.reason() == "rewound"

    await watched.hear()
    assert await watched.reason() == "rewound"

    await watched.shift(  # a person has reconciled
        lambda p: replace(p, state="none", n=0, h=0, matched_n=0, matched_pub_seq=0, closed_at=None)
    )
    await watched.hear()
    assert await watched.reason() is None


async def test_a_relay_that_woke_up_with_an_old_epoch_changes_nothing(watched: Watched) -> None:
    watched.make.epoch = 5
    await watched.hear(watched.make.event("c", 1))
    before = await watched.database.read(lambda tx: all_positions(tx, "beta"))

    watched.make.rewind()
    watched.make.epoch = 4
    await watched.hear()
    await watched.hear(at=await watched.now() + timedelta(hours=1))

    assert await watched.database.read(lambda tx: all_positions(tx, "beta")) == before
    assert await watched.reason() is None


async def test_copies_that_are_being_rebuilt_are_stale(watched: Watched) -> None:
    await watched.hear()
    await watched.shift(lambda p: replace(p, state="rebuilding"))
    assert await watched.reason() == "rebuilding"

    await watched.hear()
    assert await watched.reason() is None


async def test_news_from_before_this_process_started_prove_nothing(watched: Watched) -> None:
    await watched.hear()
    watched.started_at = await watched.now()

    assert await watched.reason() == "not_heard_since_start"

    await watched.hear()
    assert await watched.reason() is None


async def test_our_own_clock_that_went_back_voids_everything(watched: Watched) -> None:
    await watched.hear()
    await watched.shift(lambda p: replace(p, applied_at=p.applied_at + 3 * SECOND if p.applied_at else None))
    assert await watched.reason() == "own_clock_stepped"

    await watched.shift(lambda p: replace(p, applied_at=p.applied_at - 3 * SECOND if p.applied_at else None))
    assert await watched.reason() is None


async def test_clocks_of_ours_that_parted_void_everything(watched: Watched) -> None:
    await watched.hear()
    watched.clock.steady = False
    assert await watched.reason() == "own_clock_stepped"

    watched.clock.steady = True
    assert await watched.reason() is None


# -- parked events ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scope", "voids"), [(SCOPE, True), (NETWORK, True), (OTHER_SCOPE, False)])
async def test_an_event_parked_for_the_scope_or_for_everybody_voids_silence(
    watched: Watched, scope: str, voids: bool
) -> None:
    await watched.hear(watched.make.event("c", 1, scope=scope, step=-1))  # cannot be applied

    assert await watched.reason() == ("event_parked" if voids else None)
    if not voids:
        assert await watched.reason(scope) == "event_parked"

    (row,) = await watched.database.read(lambda tx: parked.list_parked(tx, "beta"))
    await watched.database.write(lambda tx: parked.request_discard(tx, row.id, by="one", note="bad step"))
    assert await watched.reason() == ("event_parked" if voids else None)  # asked for, not done

    await watched.database.write(lambda tx: watched.inbox.discard(tx, row, approved_by="other"))
    assert await watched.reason() is None


async def test_an_event_parked_for_the_network_voids_silence_for_every_scope(watched: Watched) -> None:
    await watched.hear(watched.make.event("c", 1, scope=NETWORK, step=-1))

    assert {await watched.reason(f"scope-{n}") for n in range(8)} == {"event_parked"}


async def test_a_halt_behind_a_gap_voids_silence_until_the_gap_is_filled(watched: Watched) -> None:
    first, second = watched.make.event("c", 1), watched.make.event("c", 2)
    await watched.hear(second)
    assert await watched.reason() == "event_parked"

    await watched.hear(first)
    assert await watched.reason() is None


async def test_a_halt_of_unknown_version_voids_silence_until_this_service_knows_it(watched: Watched) -> None:
    await watched.hear(watched.make.event("c", 1, event_type="alpha.counter.moved.v2"))
    assert await watched.reason() == "event_parked"

    newer = toy_inbox(watched.database, consumer=_knows("alpha.counter.moved.v2"))
    await newer.prepare()

    assert await watched.reason() is None


def _knows(event_type: str) -> Consumer:
    known = dict(COUNTERS.effects) | {event_type: Effect(model=CounterMoved)}
    return Consumer(consumer="beta", producer="alpha", effects=known)


async def test_an_unreadable_event_makes_its_partition_incomplete(watched: Watched) -> None:
    genuine = watched.make.event("c", 1)
    watched.make.count(genuine)
    await watched.inbox.receive([replace(genuine, headers=[("ce_type", b"\xff")])])
    await watched.hear()
    assert await watched.reason() == "incomplete"

    await watched.inbox.receive([genuine])
    await watched.hear()
    assert await watched.reason() is None
    assert await watched.database.read(lambda tx: parked.list_parked(tx, "beta")) == []  # resolved by itself


@pytest.mark.parametrize("forgery", ["wrong source", "wrong partition", "garbage"])
async def test_a_forged_record_in_quarantine_does_not_block_anybody(watched: Watched, forgery: str) -> None:
    event = watched.make.event("forged", 1)
    forged = {
        "wrong source": replace(event, headers=_replaced(event, "ce_source", b"/services/mallory")),
        "wrong partition": replace(event, partition=(event.partition + 1) % PARTITIONS),
        "garbage": replace(event, headers=[], value=b"\xff"),
    }[forgery]

    await watched.hear()
    await watched.inbox.receive([forged])

    assert await watched.reason() is None


def _replaced(record: Record, name: str, value: bytes) -> list[tuple[str, bytes]]:
    return [(known, value if known == name else old) for known, old in record.headers]


# -- the transaction that relies on it ----------------------------------------------------------------------


async def test_a_command_that_relied_on_freshness_too_long_ago_is_refused(watched: Watched) -> None:
    await watched.hear()

    assert await watched.ask(committed_after_seconds=GUARD_TO_COMMIT_SECONDS - 2) is None
    with pytest.raises(GuardTooOld):
        await watched.ask(committed_after_seconds=GUARD_TO_COMMIT_SECONDS + 1)
