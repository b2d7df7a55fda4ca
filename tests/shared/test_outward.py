"""Calls to addresses outside: which are called, which are refused, and that nothing leads inside."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.outside_settings import outward_address
from shared.outward import CallFailed, call_outside, may_be_called, networks_of

INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "172.16.0.9",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "2001:db8::1",
    "fe80::1%eth0",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_never_called_by_default(address: str) -> None:
    assert not may_be_called(address, here=False)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_outside_is_called(address: str) -> None:
    assert may_be_called(address, here=False)


def test_a_private_network_is_called_only_where_the_operator_named_it() -> None:
    networks = networks_of("10.1.0.0/16, fd00:1::/32")

    assert may_be_called("10.1.2.3", here=False, networks=networks)
    assert may_be_called("fd00:1::9", here=False, networks=networks)
    assert not may_be_called("10.2.0.1", here=False, networks=networks)


def test_no_network_makes_link_local_or_this_machine_callable() -> None:
    everything = networks_of("0.0.0.0/0, ::/0")

    assert not may_be_called("169.254.169.254", here=False, networks=everything)
    assert not may_be_called("127.0.0.1", here=False, networks=everything)
    assert not may_be_called("::ffff:127.0.0.1", here=False, networks=everything)


def test_a_receiver_on_this_machine_must_be_on_this_machine() -> None:
    assert may_be_called("127.0.0.1", here=True)
    assert not may_be_called("1.1.1.1", here=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/x",
        "ftp://receiver.example",
        "https://user:password@receiver.example/",
        "https://user@receiver.example/",
        "https:///nowhere",
        "https://receiver.example/#fragment",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/",
        "receiver.example",
        "http://127.0.0.1.example/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "",
    ],
)
def test_an_address_that_is_no_https_address_is_refused_when_it_is_set(url: str) -> None:
    with pytest.raises(ValueError, match="the address"):
        outward_address(url)


@dataclass
class Server:
    """A plain HTTP server on this machine that answers what it is told to, and keeps what it was asked."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    asked: list[bytes] = field(default_factory=list)
    port: int = 0
    silent: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if b"content-length" in line
            ),
            0,
        )
        self.asked.append(head + await reader.readexactly(length))
        if not self.silent:
            writer.write(self.answer)
            await writer.drain()
            writer.close()
        else:
            await asyncio.Event().wait()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()


def _always(*addresses: str) -> Any:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolver


async def test_a_receiver_on_this_machine_gets_the_body(server: Server) -> None:
    status = await call_outside(f"http://localhost:{server.port}/in?a=b", b"hello", {"X-Key": "k"})

    assert status == 204
    [asked] = server.asked
    assert asked.startswith(b"POST /in?a=b HTTP/1.1\r\n")
    assert asked.endswith(b"\r\n\r\nhello")
    assert f"host: localhost:{server.port}".encode() in asked.lower()
    assert b"x-key: k" in asked.lower()


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    server: Server, address: str
) -> None:
    with pytest.raises(CallFailed) as failed:
        await call_outside(
            f"https://receiver.example:{server.port}/", b"x", {}, resolver=_always("1.1.1.1", address)
        )

    assert failed.value.reason == "address_refused"
    assert server.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.1"])
async def test_other_spellings_of_this_machine_are_refused_over_https(server: Server, host: str) -> None:
    with pytest.raises(CallFailed):
        await call_outside(f"https://{host}:{server.port}/", b"x", {})

    assert all(
        asked.startswith(b"\x16") for asked in server.asked
    )  # at most a TLS greeting to localhost itself


async def test_the_name_is_asked_for_once_so_that_a_second_answer_leads_nowhere(server: Server) -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    await call_outside(f"http://localhost:{server.port}/", b"x", {}, resolver=rebinding)

    assert answers == [["10.0.0.1"]]
    assert len(server.asked) == 1


async def test_a_redirect_is_a_status_and_nothing_more(server: Server) -> None:
    server.answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"

    assert await call_outside(f"http://localhost:{server.port}/", b"x", {}) == 302
    assert len(server.asked) == 1


async def test_an_endless_answer_is_cut_off(server: Server) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (65 * 1024)

    with pytest.raises(CallFailed, match="answer_too_long"):
        await call_outside(f"http://localhost:{server.port}/", b"x", {})


async def test_a_silent_receiver_is_given_up(server: Server) -> None:
    server.silent = True

    with pytest.raises(CallFailed, match="timeout"):
        await call_outside(f"http://localhost:{server.port}/", b"x", {}, seconds=0.05)


async def test_a_receiver_that_is_not_there_is_a_failure(server: Server) -> None:
    with pytest.raises(CallFailed):
        await call_outside("http://localhost:1/", b"x", {})
