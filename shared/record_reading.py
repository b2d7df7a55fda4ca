"""Reading a record before anything is stored: an event, a watermark, or something for quarantine.

No content of a record makes this raise: what cannot be read, or should not exist, is said in the `Reading`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from shared import watermarks
from shared.consumer import Consumer, Effect, Received
from shared.envelope import Envelope, Record, Unreadable, envelope_from, read_headers, source_of
from shared.signing import SignatureCheck
from shared.topics import Blinding

_ON_THE_WRONG_TOPIC: Mapping[Blinding, str] = {
    "blinded": "unblinded_on_main_topic",
    "unblinded": "blinded_on_unblinded_topic",
}


@dataclass(slots=True, kw_only=True)
class Reading:
    """One record as read: an event, a watermark, or something for quarantine."""

    record: Record
    envelope: Envelope | None = None
    mark: watermarks.Watermark | None = None
    effect: Effect | None = None
    received: Received[Any] | None = None
    digest: int = 0
    quarantine: str | None = None
    problem: str | None = None
    """Why a readable event cannot be applied: unknown_type or bad_body; it is parked with its aggregate."""
    error: str | None = None

    @property
    def event(self) -> Envelope:
        assert self.envelope is not None
        return self.envelope


class RecordReader:
    """Reads the records of one producer's topic for one consumer."""

    def __init__(self, consumer: Consumer, signature_check: SignatureCheck) -> None:
        self._spec = consumer
        self._signature_check = signature_check

    def read(self, record: Record) -> Reading:
        """The record's meaning; a broken body is the event's problem, a broken envelope the record's."""
        try:
            headers = read_headers(record.headers)
            reading = Reading(record=record)
            if headers.get("ce_type") == watermarks.watermark_type(self._spec.producer):
                reading.mark = watermarks.from_record(record)
            else:
                reading.envelope = envelope_from(headers)
        except Unreadable as error:
            return Reading(record=record, quarantine="unreadable", error=str(error))
        reason = self._why_not_genuine(reading, headers)
        if reason is not None:
            return Reading(record=record, quarantine=reason)
        if reading.envelope is not None:
            reading.digest = watermarks.event_digest(reading.envelope.id, record.value or b"")
            self._read_body(reading, reading.envelope, record.value)
        return reading

    def _why_not_genuine(self, reading: Reading, headers: Mapping[str, str]) -> str | None:
        envelope, producer = reading.envelope, self._spec.producer
        if headers.get("ce_source") != source_of(producer):
            return "wrong_producer"
        if envelope is not None:
            if not envelope.type.startswith(f"{producer}."):
                return "wrong_producer"
            if envelope.partition != reading.record.partition:
                return "wrong_partition"
            if envelope.blinding != self._spec.blinding:
                return _ON_THE_WRONG_TOPIC[self._spec.blinding]
        return None if self._signature_check(reading.record, headers) else "bad_signature"

    def _read_body(self, reading: Reading, envelope: Envelope, value: bytes | None) -> None:
        effect = self._spec.effects.get(envelope.type)
        if effect is None:
            if envelope.type not in self._spec.ignored:
                reading.problem = "unknown_type"
            return
        try:
            body = effect.model.model_validate_json(value or b"")
        except ValidationError as error:
            reading.problem, reading.error = "bad_body", f"{error.error_count()} errors"
        except Exception as error:  # a validator of the consumer's own that is not prepared for this value
            reading.problem, reading.error = "bad_body", type(error).__name__
        else:
            reading.effect, reading.received = effect, Received(body=body, envelope=envelope)
