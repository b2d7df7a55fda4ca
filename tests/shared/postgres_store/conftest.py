"""A started store on the PostgreSQL server."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres_store import PostgresDatabase
from shared.testing.stores import PostgresServer, from_metadata, postgres_store
from shared.testing.toy import toy_metadata


@pytest.fixture
async def store(postgres_server: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    async with postgres_store(postgres_server, "toy", from_metadata(toy_metadata())) as database:
        yield database
