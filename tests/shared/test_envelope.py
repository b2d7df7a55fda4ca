"""Headers in, envelope out: nothing but `Unreadable` may come of foreign bytes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.envelope import (
    EVENT_HEADERS,
    MAX_ATTRIBUTE_BYTES,
    Envelope,
    Headers,
    Unreadable,
    read_envelope,
    read_headers,
    source_of,
    to_headers,
)
from shared.partitions import partition_of

ENVELOPE = Envelope(
    id="0190a1f0-0000-7000-8000-000000000001",
    source="/services/alpha",
    type="alpha.counter.moved.v1",
    time=datetime(2026, 11, 21, 13, 0, 0, 123456, tzinfo=UTC),
    subject="counter-1",
    dataschema="urn:trialops:event-schema:alpha.counter.moved.v1",
    partition_key="scope-1",
    sequence=7,
    correlation_id="story",
    causation_id="cause",
    blinding="blinded",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=100)


def with_header(name: str, value: bytes | None) -> Headers:
    """The envelope's headers with one of them replaced, or left out."""
    kept = [(known, bytes_) for known, bytes_ in to_headers(ENVELOPE) if known != name]
    return kept if value is None else [*kept, (name, value)]


def test_an_envelope_survives_its_headers() -> None:
    assert read_envelope(to_headers(ENVELOPE)) == ENVELOPE


def test_optional_attributes_may_be_absent() -> None:
    bare = ENVELOPE._replace(causation_id=None, traceparent=None)

    assert {"ce_causationid", "traceparent"}.isdisjoint(dict(to_headers(bare)))
    assert read_envelope(to_headers(bare)) == bare


@given(TEXT, TEXT, st.integers(min_value=0, max_value=10**18 - 1))
def test_every_text_and_number_survives(subject: str, scope: str, sequence: int) -> None:
    envelope = ENVELOPE._replace(subject=subject, partition_key=scope, sequence=sequence)

    assert read_envelope(to_headers(envelope)) == envelope


def test_headers_are_the_documented_ones_in_a_fixed_order() -> None:
    assert [name for name, _ in to_headers(ENVELOPE)] == [
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_specversion",
        "ce_time",
        "ce_subject",
        "ce_dataschema",
        "ce_partitionkey",
        "ce_sequence",
        "ce_causationid",
        "ce_correlationid",
        "ce_blinding",
        "traceparent",
        "content-type",
    ]


@pytest.mark.parametrize("name", EVENT_HEADERS)
@pytest.mark.parametrize("value", [None, b""])
def test_a_missing_or_empty_attribute_is_unreadable(name: str, value: bytes | None) -> None:
    with pytest.raises(Unreadable, match=name):
        read_envelope(with_header(name, value))


@pytest.mark.parametrize("name", ["ce_id", "ce_sequence", "content-type", "x-unknown"])
@pytest.mark.parametrize("value", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"a\x00b"])
def test_a_header_that_no_store_could_keep_is_unreadable(name: str, value: bytes) -> None:
    with pytest.raises(Unreadable, match=name):
        read_envelope(with_header(name, value))


def test_a_null_header_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read_headers([("ce_id", None)])  # type: ignore[list-item]


@pytest.mark.parametrize("name", [*EVENT_HEADERS, "ce_causationid", "traceparent"])
def test_an_attribute_too_long_for_an_index_is_unreadable(name: str) -> None:
    with pytest.raises(Unreadable):
        read_envelope(with_header(name, b"9" * (MAX_ATTRIBUTE_BYTES + 1)))


@pytest.mark.parametrize(
    "text", ["-1", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "١", "²", "1" * 19, "one", "1_000"]
)
def test_a_sequence_is_a_plain_decimal(text: str) -> None:
    with pytest.raises(Unreadable):
        read_envelope(with_header("ce_sequence", text.encode()))


@pytest.mark.parametrize("text", ["yesterday", "2026-11-21", "2026-11-21T13:00:00", "2026-13-01T00:00:00Z"])
def test_a_time_is_an_instant(text: str) -> None:
    with pytest.raises(Unreadable):
        read_envelope(with_header("ce_time", text.encode()))


@pytest.mark.parametrize("version", [b"0.3", b"1.1", b"2.0"])
def test_another_version_of_the_format_is_unreadable(version: bytes) -> None:
    with pytest.raises(Unreadable):
        read_envelope(with_header("ce_specversion", version))


def test_of_a_repeated_header_the_first_counts() -> None:
    assert read_envelope([*to_headers(ENVELOPE), ("ce_subject", b"somebody-else")]).subject == "counter-1"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*EVENT_HEADERS, "x", "traceparent"]),
            st.binary(max_size=40) | st.sampled_from([value for _, value in to_headers(ENVELOPE)]),
        ),
        max_size=25,
    )
)
def test_foreign_headers_are_read_or_unreadable_and_nothing_else(headers: Headers) -> None:
    try:
        read_envelope(headers)
    except Unreadable:
        return


def test_producer_and_partition_follow_from_the_envelope() -> None:
    assert ENVELOPE.producer == "alpha"
    assert source_of("alpha") == ENVELOPE.source
    assert ENVELOPE.partition == partition_of("scope-1")
