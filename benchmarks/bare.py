"""The anchor of B5: bare FastAPI that takes a raw body, makes one INSERT, and answers 201.

Run as `python -m benchmarks.bare --port P --store URL`.
"""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response

from benchmarks.surroundings import plain_sqlite, plain_url

TABLE = "CREATE TABLE report (id text PRIMARY KEY, body bytea NOT NULL)"
_POOL = 16


def make_table(connection: Any) -> None:
    connection.exec_driver_sql(TABLE)


def application(store: str) -> FastAPI:
    return _on_sqlite(store) if store.startswith("sqlite") else _on_postgresql(store)


def _on_postgresql(store: str) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(plain_url(store), min_size=_POOL, max_size=_POOL) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.post("/reports")
    async def report(request: Request) -> Response:
        body, key = await request.body(), request.headers["idempotency-key"]
        await request.app.state.pool.execute("INSERT INTO report (id, body) VALUES ($1, $2)", key, body)
        return Response(b'{"id":"%s"}' % key.encode(), 201, media_type="application/json")

    return app


def _on_sqlite(store: str) -> FastAPI:
    connection, app = plain_sqlite(store), FastAPI(openapi_url=None)

    @app.post("/reports")
    async def report(request: Request) -> Response:
        body, key = await request.body(), request.headers["idempotency-key"]
        connection.execute("INSERT INTO report (id, body) VALUES (?, ?)", (key, body))  # commits by itself
        return Response(b'{"id":"%s"}' % key.encode(), 201, media_type="application/json")

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", required=True)
    given = parser.parse_args()
    uvicorn.run(
        application(given.store), host="127.0.0.1", port=given.port, log_level="warning", access_log=False
    )
