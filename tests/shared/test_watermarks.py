"""Closed time: the rules for one watermark, its digest, its wire form."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.database import Database
from shared.envelope import Unreadable
from shared.partitions import PARTITIONS, partition_of
from shared.watermarks import (
    AHEAD_TOLERANCE,
    Position,
    Watermark,
    all_positions,
    apply_watermark,
    event_digest,
    from_record,
    lock_positions,
    prepare_positions,
    save_positions,
    scope_partitions,
    to_record,
    watermark_type,
)

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FRESH = Watermark(
    topic="alpha.events.v1", partition=3, closed_at=NOW - SECOND, pub_seq=20, epoch=2, n=10, h=99
)
EMPTY = Position(topic="alpha.events.v1", partition=3)
TAKEN = replace(EMPTY, n=10, h=99)
MATCHED = replace(
    TAKEN,
    state="ok",
    closed_at=NOW - 10 * SECOND,
    applied_at=NOW - 9 * SECOND,
    epoch=2,
    pub_seq=20,
    matched_pub_seq=20,
    matched_n=10,
)


def test_an_equal_count_and_digest_is_recorded() -> None:
    after = apply_watermark(TAKEN, FRESH, now=NOW)

    assert after == replace(
        TAKEN,
        state="ok",
        closed_at=FRESH.closed_at,
        pub_seq=20,
        epoch=2,
        matched_pub_seq=20,
        matched_n=10,
        applied_at=NOW,
    )


@pytest.mark.parametrize("behind", [timedelta(), SECOND])
def test_a_watermark_that_is_not_newer_is_ignored(behind: timedelta) -> None:
    repeated = replace(FRESH, closed_at=NOW - 10 * SECOND - behind, n=1, h=1, pub_seq=1)

    assert apply_watermark(MATCHED, repeated, now=NOW) == MATCHED


@pytest.mark.parametrize(
    "strange",
    [
        replace(FRESH, epoch=1),
        replace(FRESH, epoch=1, n=3, h=1),
        replace(FRESH, epoch=1, pub_seq=3, n=3),
        replace(FRESH, epoch=1, closed_at=NOW + timedelta(hours=1)),
    ],
    ids=["plain", "mismatch", "rewound", "ahead"],
)
def test_a_lower_epoch_is_ignored_before_anything_else_can_go_wrong(strange: Watermark) -> None:
    """A relay that was paused and woke up must not block anybody until a person acts."""
    assert apply_watermark(MATCHED, strange, now=NOW) == MATCHED


def test_a_watermark_up_to_two_seconds_ahead_is_recorded() -> None:
    ahead = replace(FRESH, closed_at=NOW + AHEAD_TOLERANCE)

    assert apply_watermark(TAKEN, ahead, now=NOW).closed_at == ahead.closed_at


def test_a_watermark_further_ahead_is_not_recorded_and_cannot_ripen() -> None:
    ahead = replace(FRESH, closed_at=NOW + AHEAD_TOLERANCE + timedelta(microseconds=1))

    skewed = apply_watermark(MATCHED, ahead, now=NOW)

    assert skewed == replace(MATCHED, state="clock_skew")


def test_the_next_good_watermark_ends_a_clock_skew() -> None:
    skewed = replace(MATCHED, state="clock_skew")

    assert apply_watermark(skewed, FRESH, now=NOW).state == "ok"


@pytest.mark.parametrize("change", [{"n": 11}, {"n": 9, "h": 1}, {"h": 98}])
def test_an_unequal_count_or_digest_is_incomplete(change: dict[str, int]) -> None:
    mark = replace(FRESH, pub_seq=21, n=10)
    position = replace(TAKEN, **change)  # type: ignore[arg-type]

    after = apply_watermark(position, mark, now=NOW)

    assert (after.state, after.closed_at, after.incomplete_since) == ("incomplete", None, NOW)
    assert after.matched_pub_seq == 0


def test_incompleteness_counts_from_its_first_notice() -> None:
    first = apply_watermark(EMPTY, FRESH, now=NOW)
    second = apply_watermark(first, replace(FRESH, closed_at=NOW + SECOND), now=NOW + 5 * SECOND)

    assert (second.state, second.incomplete_since) == ("incomplete", NOW)


def test_incompleteness_ends_when_counts_agree_again() -> None:
    incomplete = apply_watermark(EMPTY, FRESH, now=NOW)
    healed = replace(incomplete, n=10, h=99)

    after = apply_watermark(healed, replace(FRESH, closed_at=NOW), now=NOW + SECOND)

    assert (after.state, after.incomplete_since) == ("ok", None)


@pytest.mark.parametrize("change", [{"pub_seq": 19}, {"n": 9}])
def test_a_producer_behind_what_was_matched_is_rewound(change: dict[str, int]) -> None:
    assert apply_watermark(MATCHED, replace(FRESH, **change), now=NOW).state == "rewound"  # type: ignore[arg-type]


def test_a_rewound_producer_stays_so_until_a_person_has_reconciled() -> None:
    rewound = replace(MATCHED, state="rewound")

    for later in range(3):
        mark = replace(FRESH, closed_at=NOW + later * SECOND)
        rewound = apply_watermark(rewound, mark, now=NOW + later * SECOND)
        assert rewound.state == "rewound"
    ahead = replace(FRESH, closed_at=NOW + timedelta(hours=1))
    assert apply_watermark(rewound, ahead, now=NOW).state == "rewound"


def test_a_rebuild_waits_for_equality_and_alarms_nobody() -> None:
    rebuilding = replace(EMPTY, state="rebuilding")

    assert apply_watermark(rebuilding, FRESH, now=NOW) == rebuilding
    assert (
        apply_watermark(rebuilding, replace(FRESH, closed_at=NOW + timedelta(hours=1)), now=NOW) == rebuilding
    )
    assert apply_watermark(replace(rebuilding, n=10, h=99), FRESH, now=NOW).state == "ok"


@given(st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8)), unique=True), st.randoms())
def test_the_digest_does_not_depend_on_order_and_fits_the_store(
    events: list[tuple[str, bytes]], rng: object
) -> None:
    shuffled = list(events)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]

    def total(chosen: list[tuple[str, bytes]]) -> Position:
        position = EMPTY
        for event_id, value in chosen:
            position = position.counted(1, event_digest(event_id, value))
        return position

    assert total(events) == total(shuffled)
    assert total(events).n == len(events)
    assert -(2**63) <= total(events).h < 2**63


def test_the_digest_of_an_event_is_the_documented_one() -> None:
    expected = int.from_bytes(hashlib.sha256(b"id\x00{}").digest()[:8], "big", signed=True)

    assert event_digest("id", b"{}") == expected
    assert event_digest("i", b"d\x00{}") != event_digest("id", b"{}")


# -- wire form ----------------------------------------------------------------------------------------------


@given(
    st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),  # noqa: DTZ001
    st.integers(min_value=0, max_value=2**63 - 1),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
)
def test_a_watermark_survives_its_record(closed_at: datetime, count: int, h: int) -> None:
    mark = replace(FRESH, closed_at=closed_at, pub_seq=count, epoch=count, n=count, h=h)

    assert from_record(to_record("alpha", mark)) == mark


def test_a_watermark_record_names_its_type_and_source_and_no_aggregate() -> None:
    headers = dict(to_record("alpha", FRESH).headers)

    assert headers["ce_type"] == watermark_type("alpha").encode() == b"alpha.watermark.v1"
    assert headers["ce_source"] == b"/services/alpha"
    assert {"ce_id", "ce_subject", "ce_sequence"}.isdisjoint(headers)


_GOOD = {"closed_at": "2026-11-21T13:00:00.000000Z", "pub_seq": 1, "epoch": 1, "n": 1, "h": 1}


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff{",
        b"1",
        b"[]",
        b"null",
        b"[" * 200_000,
        b"9" * 6000,
        json.dumps({**_GOOD, "n": True}).encode(),
        json.dumps({**_GOOD, "n": 1.0}).encode(),
        json.dumps({**_GOOD, "n": "1"}).encode(),
        json.dumps({**_GOOD, "n": None}).encode(),
        json.dumps({**_GOOD, "n": 2**63}).encode(),
        json.dumps({**_GOOD, "h": -(2**63) - 1}).encode(),
        json.dumps({**_GOOD, "pub_seq": 10**30}).encode(),
        json.dumps({**_GOOD, "closed_at": 5}).encode(),
        json.dumps({**_GOOD, "closed_at": "soon"}).encode(),
        json.dumps({**_GOOD, "closed_at": "0001-01-01T00:00:00+23:00"}).encode(),
        json.dumps({name: value for name, value in _GOOD.items() if name != "epoch"}).encode(),
    ],
)
def test_a_value_that_is_no_watermark_is_unreadable_and_nothing_worse(value: bytes | None) -> None:
    with pytest.raises(Unreadable):
        from_record(replace(to_record("alpha", FRESH), value=value))


# -- stored positions ---------------------------------------------------------------------------------------


async def test_positions_are_prepared_once_and_kept(consumer_store: Database) -> None:
    changed = replace(MATCHED, h=-(2**63), incomplete_since=NOW)

    await consumer_store.write(lambda tx: prepare_positions(tx, "beta", "alpha.events.v1", PARTITIONS))
    await consumer_store.write(lambda tx: save_positions(tx, "beta", [changed]))
    await consumer_store.write(lambda tx: prepare_positions(tx, "beta", "alpha.events.v1", PARTITIONS))

    stored = await consumer_store.read(lambda tx: all_positions(tx, "beta"))
    assert len(stored) == PARTITIONS
    assert stored[3] == changed
    assert {position.state for position in stored} == {"none", "ok"}


async def test_a_lock_takes_the_topic_and_whatever_is_being_rebuilt(consumer_store: Database) -> None:
    for topic in ("alpha.events.v1", "gamma.events.v1"):
        await consumer_store.write(lambda tx, topic=topic: prepare_positions(tx, "beta", topic, 2))  # type: ignore[misc]
    rebuilding = Position(topic="gamma.events.v1", partition=1, state="rebuilding")
    await consumer_store.write(lambda tx: save_positions(tx, "beta", [rebuilding]))

    locked = await consumer_store.write(lambda tx: lock_positions(tx, "beta", "alpha.events.v1"))

    assert [(position.topic, position.partition) for position in locked] == [
        ("alpha.events.v1", 0),
        ("alpha.events.v1", 1),
        ("gamma.events.v1", 1),
    ]


def test_a_scope_depends_on_its_own_partition_and_the_networks() -> None:
    assert scope_partitions("scope-1") == {partition_of("scope-1"), partition_of("network")}
    assert scope_partitions("network") == {partition_of("network")}
