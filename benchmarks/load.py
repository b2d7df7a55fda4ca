"""Load over real HTTP: a client so small that the server is what is measured."""

import asyncio
import json
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import urlsplit

CONNECTIONS = 16
Request = Callable[[int], bytes]
"""The whole n-th request, as it goes over the wire."""


class Unexpected(Exception):
    """A server answered something else than the run is about."""


class Answer(NamedTuple):
    status: int
    body: bytes


class Connection:
    """One kept connection, one request at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> Answer:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await self._reader.readexactly(int(length or 0))
        return Answer(int(head[9:12]), body)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


class Pool:
    """Connections for requests that begin at set times; as many as are needed at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: list[Connection] = []

    async def ask(self, request: bytes) -> Answer:
        connection = self._free.pop() if self._free else Connection(self._url)
        try:
            answer = await connection.ask(request)
        except BaseException:
            connection.close()
            raise
        self._free.append(connection)
        return answer

    def close(self) -> None:
        for connection in self._free:
            connection.close()
        self._free.clear()


async def rate(url: str, request: Request, *, requests: int, status: int = 201) -> float:
    """Answers per second at 16 connections, each of which asks as soon as it is answered.

    Raises:
        Unexpected: an answer has another status.
    """
    numbers = iter(range(requests))

    async def ask_on() -> None:
        connection = Connection(url)
        try:
            for number in numbers:
                answer = await connection.ask(request(number))
                if answer.status != status:
                    raise Unexpected(f"{answer.status}: {answer.body[:300]!r}")
        finally:
            connection.close()

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(ask_on())
    return requests / (perf_counter() - began)


def read(answer: Answer) -> Any:
    """The JSON value of an answer."""
    return json.loads(answer.body)


def post(path: str, body: Any, headers: Mapping[str, str]) -> bytes:
    """A POST of a JSON body."""
    content = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def get(path: str, headers: Mapping[str, str]) -> bytes:
    """A GET."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
