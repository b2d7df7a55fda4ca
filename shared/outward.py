"""Calling an address outside without being led inside: resolved once, judged, and that very address is called.

The name is resolved here and the connection goes to the address that was judged, so that a second answer of the
name server cannot lead elsewhere. Redirects are not followed, proxies of the environment are not used, and what the
other side says beyond its status is not read past 64 KiB. TLS is checked against the name.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from urllib.parse import urlsplit

import httpx

from shared.outside_settings import LOOPBACK_NAMES, outward_address

ANSWER_SECONDS = 5.0
MOST_BYTES = 64 * 1024

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every address of a host, as text."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class CallFailed(Exception):
    """The call was refused or came to nothing; `reason` is a code, never what the other side said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def networks_of(text: str) -> tuple[Network, ...]:
    """Networks in which a receiver may be although they are private, from comma-separated text."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def may_be_called(address: str, *, here: bool, networks: Sequence[Network] = ()) -> bool:
    """Whether this address may be called.

    Args:
        address: as the resolver gave it; one that carries another one (mapped, 6to4, NAT64) is judged by that.
        here: the receiver was named as being on this machine; then only this machine will do.
        networks: private networks that the operator has named. Link-local addresses, where clouds keep their
            credentials, are never called.
    """
    found = _carried(ipaddress.ip_address(address.partition("%")[0]))
    if here or found.is_loopback:
        return here and found.is_loopback
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return False
    return found.is_global or any(found in network for network in networks)


async def call_outside(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    networks: Sequence[Network] = (),
    resolver: Resolve = resolve,
    seconds: float = ANSWER_SECONDS,
) -> int:
    """POST and return the status, whatever it is.

    Raises:
        CallFailed: the address may not be called, there is no answer in time, or it is too long.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _call(outward_address(url), content, headers, networks, resolver)
    except TimeoutError:
        raise CallFailed("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise CallFailed(type(error).__name__) from None


async def _call(
    url: str, content: bytes, headers: Mapping[str, str], networks: Sequence[Network], resolver: Resolve
) -> int:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    found = await resolver(host, port)
    here = host in LOOPBACK_NAMES
    if not found or not all(may_be_called(one, here=here, networks=networks) for one in found):
        raise CallFailed("address_refused")
    target = httpx.URL(url).copy_with(host=found[0].partition("%")[0], port=port)
    sent = dict(headers) | {"Host": parts.netloc, "User-Agent": "trialops"}
    async with (
        httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=None, verify=_tls()) as client,
        client.stream(
            "POST", target, content=content, headers=sent, extensions={"sni_hostname": host}
        ) as answer,
    ):
        read = 0
        async for part in answer.aiter_raw():
            read += len(part)
            if read > MOST_BYTES:
                raise CallFailed("answer_too_long")
        return answer.status_code


@cache
def _tls() -> ssl.SSLContext:
    """Read once: it takes longer than the call."""
    return ssl.create_default_context()


def _carried(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
