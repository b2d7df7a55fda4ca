"""Stores and brokers for the whole suite. A suite that cannot run says so with its reason."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.database import Database
from shared.testing.docker_engine import docker_is_missing
from shared.testing.stores import PostgresServer, any_store, from_metadata
from shared.testing.toy import toy_metadata

POSTGRES_IMAGE = "postgres:17-bookworm"


@pytest.fixture(scope="session")
def docker_engine() -> None:
    reason = docker_is_missing()
    if not reason:
        return
    if os.environ.get("TRIALOPS_DOCKER_SUITES") == "required":
        pytest.fail(f"this run must not skip suites that need Docker, but {reason}")
    pytest.skip(f"{reason}: suites on PostgreSQL, Kafka and compose were not run")


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A PostgreSQL server: TRIALOPS_TEST_POSTGRES_URL, or a container."""
    given = os.environ.get("TRIALOPS_TEST_POSTGRES_URL")
    if given:
        yield PostgresServer(given)
        return
    request.getfixturevalue("docker_engine")
    from testcontainers.community.postgres import PostgresContainer

    # In memory and without waiting for a disk: what a crash of the server itself would lose is no subject here.
    container = PostgresContainer(POSTGRES_IMAGE, driver="asyncpg")
    container.with_tmpfs_mount("/var/lib/postgresql/data")
    with container.with_command("-c fsync=off -c full_page_writes=off -c max_connections=300"):
        yield PostgresServer(container.get_connection_url())


STORES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=STORES)
def store_kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def store_server(request: pytest.FixtureRequest, store_kind: str) -> PostgresServer | None:
    return request.getfixturevalue("postgres_server") if store_kind == "postgresql" else None


@pytest.fixture
async def producer_store(store_kind: Any, store_server: Any, tmp_path: Path) -> AsyncIterator[Database]:
    """A started store with the toy's tables, for the side that publishes."""
    build = from_metadata(toy_metadata())
    async with any_store(store_kind, tmp_path / "producer", store_server, "toy", build) as database:
        yield database


@pytest.fixture
async def consumer_store(store_kind: Any, store_server: Any, tmp_path: Path) -> AsyncIterator[Database]:
    """A started store with the toy's tables, for the side that consumes."""
    build = from_metadata(toy_metadata())
    async with any_store(store_kind, tmp_path / "consumer", store_server, "toy", build) as database:
        yield database
