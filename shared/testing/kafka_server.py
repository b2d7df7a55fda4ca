"""An Apache Kafka broker in a container of its own, which tests may pause, stop, kill and wipe."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from shared.ids import new_id
from shared.kafka_transport import KafkaConnection
from shared.partitions import PARTITIONS
from shared.testing.stores import wait_until

KAFKA_IMAGE = "apache/kafka:4.3.1"
START_SECONDS = 60.0


class KafkaServer:
    """One broker in KRaft mode, reachable on a port of 127.0.0.1 that stays the same over restarts."""

    def __init__(self, image: str = KAFKA_IMAGE) -> None:
        self._docker: Any = import_module("docker").from_env(timeout=60)  # only where Docker is asked for
        self._image = image
        self._port = _free_port()
        self._container: Any = None

    def connection(self, client_id: str = "test") -> KafkaConnection:
        return KafkaConnection(bootstrap_servers=f"127.0.0.1:{self._port}", client_id=client_id)

    def run(self) -> None:
        """Create and start the container; `wait` for it before use."""
        self._container = self._docker.containers.run(
            self._image,
            detach=True,
            name=f"trialops-test-kafka-{new_id()}",
            environment=_environment(self._port),
            ports={"9094/tcp": ("127.0.0.1", self._port)},
        )

    def remove(self) -> None:
        if self._container is not None:
            self._container.remove(force=True, v=True)
            self._container = None
        self._docker.close()

    async def pause(self) -> None:
        await asyncio.to_thread(self._container.pause)

    async def unpause(self) -> None:
        await asyncio.to_thread(self._container.unpause)

    async def stop(self) -> None:
        """Stop as an operator would: the broker hands over its partitions and closes its log."""
        await asyncio.to_thread(self._container.stop, timeout=20)

    async def kill(self) -> None:
        await asyncio.to_thread(self._container.kill)

    async def start(self) -> None:
        """Start the same broker on its old log."""
        await asyncio.to_thread(self._container.start)
        await self.wait()

    async def wait(self) -> None:
        """Wait until the broker answers."""
        await wait_until(self._answers, seconds=START_SECONDS, what="an answer of the broker")

    async def _answers(self) -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{self._port}", request_timeout_ms=2000)
        try:
            async with asyncio.timeout(3):
                await admin.start()
                await admin.list_topics()
        except (KafkaError, OSError):
            await asyncio.sleep(0.2)
            return False
        finally:
            with contextlib.suppress(KafkaError, OSError):
                await admin.close()
        return True

    async def create_topics(self, topics: Sequence[str], *, partitions: int = PARTITIONS) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{self._port}")
        await admin.start()
        try:
            made = await admin.create_topics([NewTopic(topic, partitions, 1) for topic in topics])
            errors = [error for error in made.topic_errors if error[1]]
            if errors:
                raise RuntimeError(f"topics were not created: {errors}")

            async def known() -> bool:
                found = await admin.describe_topics(list(topics))
                return all(one["error_code"] == 0 and len(one["partitions"]) == partitions for one in found)

            await wait_until(known, what="the topics")
        finally:
            await admin.close()

    async def delete_topics(self, topics: Sequence[str]) -> None:
        """Delete topics with all their records, and wait until they are gone."""
        admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{self._port}")
        await admin.start()
        try:
            await admin.delete_topics(list(topics))

            async def gone() -> bool:
                return not set(topics) & set(await admin.list_topics())

            await wait_until(gone, what="the end of the topics")
        finally:
            await admin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _environment(port: int) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "CLIENT://:9094,INTERNAL://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"CLIENT://127.0.0.1:{port},INTERNAL://127.0.0.1:9092",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INTERNAL",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "3",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m",
    }
