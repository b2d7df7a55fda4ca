"""Publishing to Apache Kafka: an idempotent producer that is thrown away at the first sign of trouble.

After a graceful broker stop, a batch that outlives `request_timeout_ms` fails although it has consumed its
sequence number; every later send of that producer then fails for ever, and `stop()` hangs in its flush. So any
error, and any batch that is not answered in time, ends the producer without a flush: the rows are still in the
outbox, and what was half-sent is a repeat that the inbox knows (aiokafka issue 1017).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from shared.envelope import Record
from shared.signing import Seal, unsealed
from shared.transport import OutgoingRecord, TransportFailed
from shared.watermarks import Watermark, to_record

log = structlog.get_logger(__name__)

BATCH_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaConnection:
    """How to reach the broker; SCRAM-SHA-512 when a user is given."""

    bootstrap_servers: str
    client_id: str
    username: str | None = None
    password: str | None = None
    tls: bool = False
    ca_file: Path | None = None

    def arguments(self) -> dict[str, Any]:
        """The connection as aiokafka's clients take it."""
        protocol = ("SASL_" if self.username else "") + ("SSL" if self.tls else "PLAINTEXT")
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "client_id": self.client_id,
            "security_protocol": protocol,
        }
        if self.tls:
            arguments["ssl_context"] = create_ssl_context(cafile=str(self.ca_file) if self.ca_file else None)
        if self.username:
            arguments |= {
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return arguments


class KafkaTransport:
    """One service's way out; records keep their partition, order is kept per partition."""

    def __init__(self, connection: KafkaConnection, *, seal: Seal = unsealed) -> None:
        self._connection = connection
        self._seal = seal
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, batch: Sequence[OutgoingRecord]) -> list[BaseException | None]:
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                answers = await self._send([one.record for one in batch])
        except Exception as error:
            await self._abandon()
            return [error] * len(batch)
        if any(answer is not None for answer in answers):
            await self._abandon()
        return answers

    def marked(self, topic: str) -> None:
        """The broker delivers; nobody here waits for the mark."""

    async def watermark(self, service: str, marks: Sequence[Watermark]) -> None:
        try:
            records = [to_record(service, mark) for mark in marks]
            async with asyncio.timeout(BATCH_SECONDS):
                answers = await self._send(records)
            failed: BaseException | None = next((one for one in answers if one is not None), None)
        except Exception as error:
            failed = error
        if failed is not None:
            await self._abandon()
            raise TransportFailed(type(failed).__name__)

    async def republish(self, batch: Sequence[OutgoingRecord], consumer: str | None) -> None:
        """Send old records again; every consumer of the topic sees them, and knows them as repeats."""
        failed = [error for error in await self.publish(batch) if error is not None]
        if failed:
            raise TransportFailed(type(failed[0]).__name__)

    async def close(self) -> None:
        await self._abandon()

    async def _send(self, records: Sequence[Record]) -> list[BaseException | None]:
        producer = await self._started_producer()
        waiting = [await _queued(producer, record) for record in map(self._seal, records)]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        return [answer if isinstance(answer, BaseException) else None for answer in answers]

    async def _started_producer(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                self._producer = AIOKafkaProducer(
                    **self._connection.arguments(),
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,
                    max_batch_size=131_072,
                    request_timeout_ms=10_000,
                )
                await self._producer.start()
            return self._producer

    async def _abandon(self) -> None:
        """Close the producer's sender and client without flushing; public `stop()` would flush and hang."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        producer._closed = True
        try:
            async with asyncio.timeout(2):
                if producer._sender is not None:  # its task ends cancelled, which is no cancellation of ours
                    await asyncio.gather(producer._sender.close(), return_exceptions=True)
                await producer.client.close()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("producer_abandoned", error=type(error).__name__)


async def _queued(producer: AIOKafkaProducer, record: Record) -> "asyncio.Future[Any]":
    """The answer to come; a record that the client refuses at once (its size) is answered with the error."""
    try:
        answer: asyncio.Future[Any] = await producer.send(
            record.topic,
            value=record.value,
            key=_key(record),
            partition=record.partition,
            headers=list(record.headers),
        )
    except KafkaError as error:
        answer = asyncio.get_running_loop().create_future()
        answer.set_exception(error)
    return answer


def _key(record: Record) -> bytes | None:
    for name, value in record.headers:
        if name == "ce_partitionkey":
            return value
    return None
