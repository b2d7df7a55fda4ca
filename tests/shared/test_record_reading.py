"""What a record is, before anything is stored; and that no content of it breaks the inbox."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, field_validator

from shared import parked
from shared.consumer import Consumer, Effect
from shared.database import Database, Sql
from shared.envelope import EVENT_HEADERS, Record
from shared.partitions import PARTITIONS
from shared.record_reading import RecordReader
from shared.signing import accept_unsigned
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker, with_header
from shared.testing.toy import COUNTERS, totals
from shared.watermarks import event_digest

READER = RecordReader(COUNTERS, accept_unsigned)
MAKER = RecordMaker()


def an_event(**changes: Any) -> Record:
    return replace(MAKER.event("c", 1), **changes)


def test_an_event_is_read_with_its_effect_body_and_digest() -> None:
    record = MAKER.event("c", 1, step=7, event_id="id-1")

    reading = READER.read(record)

    assert reading.quarantine is None
    assert reading.problem is None
    assert reading.effect is COUNTERS.effects["alpha.counter.moved.v1"]
    assert reading.received is not None
    assert reading.received.body.step == 7
    assert reading.event.id == "id-1"
    assert reading.digest == event_digest("id-1", b'{"step": 7}')


def test_an_ignored_type_is_an_event_without_effect() -> None:
    reading = READER.read(MAKER.event("c", 1, event_type="alpha.counter.named.v1", value=b"not even JSON"))

    assert (reading.problem, reading.quarantine, reading.effect) == (None, None, None)
    assert reading.envelope is not None


def test_an_unnamed_type_is_an_event_with_a_problem() -> None:
    reading = READER.read(MAKER.event("c", 1, event_type="alpha.counter.moved.v2"))

    assert (reading.problem, reading.quarantine) == ("unknown_type", None)


@pytest.mark.parametrize(
    "value",
    [None, b"", b"1", b"null", b"[]", b"\xff{", b"{", b'{"step": "x"}', b"{}", b"[" * 100_000, b"NaN"],
)
def test_a_value_that_is_not_the_events_body_is_a_problem_of_that_event(value: bytes | None) -> None:
    reading = READER.read(an_event(value=value))

    assert (reading.problem, reading.quarantine) == ("bad_body", None)
    assert reading.envelope is not None


class Strict(BaseModel):
    """A body whose own check is not prepared for everything."""

    step: int

    @field_validator("step")
    @classmethod
    def careless(cls, step: int) -> int:
        return {1: 1}[step]


def test_a_check_of_our_own_that_breaks_is_a_problem_of_that_event() -> None:
    careless = Consumer(
        consumer="beta", producer="alpha", effects={"alpha.counter.moved.v1": Effect(model=Strict)}
    )

    reading = RecordReader(careless, accept_unsigned).read(MAKER.event("c", 1, step=2))

    assert (reading.problem, reading.error) == ("bad_body", "KeyError")


NOT_GENUINE: dict[str, tuple[Callable[[Record], Record], str]] = {
    "other source": (lambda r: with_header(r, "ce_source", b"/services/mallory"), "wrong_producer"),
    "source with our name at its end": (
        lambda r: with_header(r, "ce_source", b"//evil/alpha"),
        "wrong_producer",
    ),
    "other producer's type": (
        lambda r: with_header(r, "ce_type", b"gamma.counter.moved.v1"),
        "wrong_producer",
    ),
    "type that only begins alike": (
        lambda r: with_header(r, "ce_type", b"alphabet.moved.v1"),
        "wrong_producer",
    ),
    "other partition": (lambda r: replace(r, partition=(r.partition + 1) % PARTITIONS), "wrong_partition"),
    "other key": (lambda r: with_header(r, "ce_partitionkey", b"scope-4"), "wrong_partition"),
    "unblinded": (lambda r: with_header(r, "ce_blinding", b"unblinded"), "unblinded_on_main_topic"),
    "unknown blinding": (lambda r: with_header(r, "ce_blinding", b"half"), "unblinded_on_main_topic"),
    "header that is not UTF-8": (lambda r: with_header(r, "ce_id", b"\xff"), "unreadable"),
    "foreign header that is not UTF-8": (lambda r: with_header(r, "x", b"\xff"), "unreadable"),
    "no headers": (lambda r: replace(r, headers=()), "unreadable"),
    "no headers, tombstone": (lambda r: replace(r, headers=(), value=None), "unreadable"),
    "null header": (lambda r: replace(r, headers=[*r.headers, ("x", None)]), "unreadable"),  # type: ignore[list-item]
    "NUL in the id": (lambda r: with_header(r, "ce_id", b"a\x00b"), "unreadable"),
    "NUL in the key": (lambda r: with_header(r, "ce_partitionkey", b"\x00"), "unreadable"),
    "id too long for an index": (lambda r: with_header(r, "ce_id", b"x" * 3000), "unreadable"),
    "aggregate too long for an index": (lambda r: with_header(r, "ce_subject", b"x" * 3000), "unreadable"),
    "watermark without value": (lambda r: replace(_mark(), value=None), "unreadable"),
    "watermark too deep": (lambda r: replace(_mark(), value=b"[" * 100_000), "unreadable"),
    "watermark too large": (
        lambda r: replace(_mark(), value=(_mark().value or b"").replace(b'"n": 0', b'"n": 1' + b"0" * 40)),
        "unreadable",
    ),
    "watermark of somebody else": (
        lambda r: with_header(_mark(), "ce_source", b"/services/gamma"),
        "wrong_producer",
    ),
    "other producer's watermark": (
        lambda r: with_header(_mark(), "ce_type", b"gamma.watermark.v1"),
        "unreadable",
    ),
}


def _mark() -> Record:
    return RecordMaker().watermarks(datetime(2026, 11, 21, tzinfo=UTC))[0]


@pytest.mark.parametrize("kind", NOT_GENUINE)
def test_what_should_not_exist_goes_to_quarantine(kind: str) -> None:
    change, reason = NOT_GENUINE[kind]

    reading = READER.read(change(an_event()))

    assert reading.quarantine == reason
    assert reading.envelope is None
    assert reading.mark is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*EVENT_HEADERS, "x", "signature"]),
            st.one_of(st.binary(max_size=30), st.sampled_from([v for _, v in MAKER.event("c", 1).headers])),
        ),
        max_size=16,
    ),
    st.none() | st.binary(max_size=40),
)
def test_reading_never_raises(headers: list[tuple[str, bytes]], value: bytes | None) -> None:
    record = Record(topic="alpha.events.v1", partition=0, position=1, headers=headers, value=value)

    reading = READER.read(record)

    assert (reading.quarantine is not None) or (reading.envelope is not None) or (reading.mark is not None)


# -- at the store -------------------------------------------------------------------------------------------


async def test_everything_strange_in_one_batch_is_kept_and_harms_nothing(consumer_store: Database) -> None:
    inbox = toy_inbox(consumer_store)
    await inbox.prepare()
    maker = RecordMaker()
    good = maker.run("good", 3)
    strange = [
        replace(change(an_event()), position=100 + n) for n, (change, _) in enumerate(NOT_GENUINE.values())
    ]

    await inbox.receive([good[0], *strange[:9], good[1], *strange[9:], good[2]])
    await inbox.receive(strange)  # delivered again

    assert await consumer_store.read(lambda tx: totals(tx, "counter_copy")) == {"good": (6, "1,2,3,")}
    kept = await consumer_store.read(lambda tx: parked.list_parked(tx, "beta"))
    assert sorted(row.reason for row in kept) == sorted(reason for _, reason in NOT_GENUINE.values())
    taken = await consumer_store.read(lambda tx: tx.fetch(Sql("SELECT count(*) FROM inbox")))
    assert taken[0][0] == 3


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from([*EVENT_HEADERS, "x"]), st.binary(max_size=6) | st.just(b"a\x00")),
        max_size=4,
    ),
    st.none() | st.binary(max_size=6),
)
def test_headers_in_quarantine_keep_every_byte(headers: list[tuple[str, bytes]], value: bytes | None) -> None:
    assert parked.load_headers(parked.dump_headers(headers)) == headers


def test_null_headers_in_quarantine_stay_null() -> None:
    headers: list[Any] = [("x", None), ("y", b"")]

    assert parked.load_headers(parked.dump_headers(headers)) == headers
