"""The envelope: CloudEvents 1.0 in Kafka binary mode, as headers beside the exact bytes of the value.

Reading is strict and never raises anything but `Unreadable`: a header that is not UTF-8, a missing attribute
or a sequence that is not a plain decimal must end in quarantine, not in a lost batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from shared.clock import format_instant, parse_instant
from shared.partitions import partition_of

Headers = Sequence[tuple[str, bytes]]
"""Names and values; a foreign producer may also have sent a null value, which counts as unreadable."""

MAX_ATTRIBUTE_BYTES = 512
"""Longest attribute of an event; ids and keys are parts of index entries, which have a limit of their own."""

EVENT_HEADERS = (
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_specversion",
    "ce_time",
    "ce_subject",
    "ce_dataschema",
    "ce_partitionkey",
    "ce_sequence",
    "ce_correlationid",
    "ce_blinding",
)

_required = itemgetter(*EVENT_HEADERS)


class Unreadable(Exception):
    """The record's envelope cannot be read; its bytes go to quarantine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as a transport delivers it: nothing parsed, nothing trusted."""

    topic: str
    partition: int
    position: int
    headers: Headers
    value: bytes | None


class Envelope(NamedTuple):
    """The attributes of one event; `sequence` is the aggregate's version, gapless from 1.

    One is made of every record that arrives: a frozen dataclass takes three times as long to make.
    """

    id: str
    source: str
    type: str
    time: datetime
    subject: str
    dataschema: str
    partition_key: str
    sequence: int
    correlation_id: str
    causation_id: str | None
    blinding: str
    traceparent: str | None

    @property
    def producer(self) -> str:
        return self.source.rpartition("/")[2]

    @property
    def partition(self) -> int:
        return partition_of(self.partition_key)


def source_of(service: str) -> str:
    return f"/services/{service}"


def to_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The envelope as record headers, UTF-8 text each, in a fixed order."""
    return headers_of(
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        time=envelope.time,
        subject=envelope.subject,
        dataschema=envelope.dataschema,
        partition_key=envelope.partition_key,
        sequence=envelope.sequence,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        blinding=envelope.blinding,
        traceparent=envelope.traceparent,
    )


def headers_of(
    *,
    id: str,
    source: str,
    type: str,
    time: datetime,
    subject: str,
    dataschema: str,
    partition_key: str,
    sequence: int,
    correlation_id: str,
    causation_id: str | None,
    blinding: str,
    traceparent: str | None,
) -> list[tuple[str, bytes]]:
    """As `to_headers`, from the attributes: a relay makes these for every row and needs no envelope between."""
    headers = [
        ("ce_id", id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_specversion", b"1.0"),
        ("ce_time", format_instant(time).encode()),
        ("ce_subject", subject.encode()),
        ("ce_dataschema", dataschema.encode()),
        ("ce_partitionkey", partition_key.encode()),
        ("ce_sequence", str(sequence).encode()),
    ]
    if causation_id is not None:
        headers.append(("ce_causationid", causation_id.encode()))
    headers += (("ce_correlationid", correlation_id.encode()), ("ce_blinding", blinding.encode()))
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    headers.append(("content-type", b"application/json"))
    return headers


def read_headers(headers: Headers) -> dict[str, str]:
    """Every header as text; of a repeated name the first counts.

    Raises:
        Unreadable: a value is null, not UTF-8 text, or holds a NUL character, which no store of ours keeps.
    """
    try:
        texts = {name: value.decode() for name, value in headers}
    except (UnicodeDecodeError, AttributeError):
        return _read_one_by_one(headers)
    if len(texts) != len(headers) or "\x00" in "".join(texts.values()):
        return _read_one_by_one(headers)
    return texts


def _read_one_by_one(headers: Headers) -> dict[str, str]:
    """Headers that are not in order at first sight: finds what is wrong, or which of the repeated counts."""
    texts: dict[str, str] = {}
    for name, value in headers:
        try:
            text = value.decode()
        except (UnicodeDecodeError, AttributeError) as error:
            raise Unreadable(f"header {name!r} is not UTF-8 text") from error
        if "\x00" in text:
            raise Unreadable(f"header {name!r} holds a NUL character")
        texts.setdefault(name, text)
    return texts


def read_envelope(headers: Headers) -> Envelope:
    """The event's envelope.

    Raises:
        Unreadable: an attribute is missing or has the wrong form.
    """
    return envelope_from(read_headers(headers))


def envelope_from(texts: Mapping[str, str]) -> Envelope:
    """The event's envelope, from headers that were read already.

    Raises:
        Unreadable: an attribute is missing or has the wrong form.
    """
    try:
        required = _required(texts)
    except KeyError:
        required = ("",)
    if not all(required):
        missing = [name for name in EVENT_HEADERS if not texts.get(name)]
        raise Unreadable(f"missing {', '.join(missing)}")
    # A character has at most four bytes, so short texts need not be encoded to be measured.
    if max(map(len, texts.values())) * 4 > MAX_ATTRIBUTE_BYTES and any(
        len(text.encode()) > MAX_ATTRIBUTE_BYTES
        for name, text in texts.items()
        if name.startswith("ce_") or name == "traceparent"
    ):
        raise Unreadable("an attribute is too long")
    (
        id,
        source,
        type,
        specversion,
        at,
        subject,
        dataschema,
        partition_key,
        sequence,
        correlation_id,
        blinding,
    ) = required
    if specversion != "1.0":
        raise Unreadable("ce_specversion is not 1.0")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) < 19):
        raise Unreadable("ce_sequence is not a plain decimal")
    try:
        time = parse_instant(at)
    except ValueError as error:
        raise Unreadable("ce_time is not an instant") from error
    return Envelope(
        id,
        source,
        type,
        time,
        subject,
        dataschema,
        partition_key,
        int(sequence),
        correlation_id,
        texts.get("ce_causationid"),
        blinding,
        texts.get("traceparent"),
    )
