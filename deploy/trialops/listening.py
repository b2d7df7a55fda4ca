"""The port of `trialops serve`: taken before anything is written, so that a second start changes nothing."""

import errno
import socket
from contextlib import ExitStack
from ipaddress import ip_address


class CannotListen(Exception):
    """The address cannot be listened on; the message says why and what to do."""


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Bound sockets for every address of `host`; whoever serves listens on them and closes them.

    Raises:
        CannotListen: the port is taken or not permitted, or the host is not this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise CannotListen(f"{host!r} is no address of this machine; give another with --host") from None
    with ExitStack() as opened:
        bound: list[socket.socket] = []
        refused: OSError | None = None
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                one = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
                _bind(one, family, address)
                bound.append(one)
            except OSError as error:
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise CannotListen(_reason(host, port, error)) from None
                refused = error  # `localhost` may name an address family that this machine does not have
        if not bound:
            raise CannotListen(_reason(host, port, refused))
        opened.pop_all()
    return bound


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reachable_url(host: str, port: int) -> str:
    """An address of this server for a client on this machine."""
    if host in ("0.0.0.0", "::", ""):
        host = "127.0.0.1" if host != "::" else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bind(one: socket.socket, family: int, address: object) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address)  # type: ignore[arg-type]
    one.setblocking(False)


def _reason(host: str, port: int, error: OSError | None) -> str:
    if error is None or error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return f"{host!r} is no address of this machine; give another with --host"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken by another program; stop it or give another port with --port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} is not permitted to this user; give one of 1024 or more with --port"
    return f"port {port} of {host} cannot be listened on: {error.strerror}; give another with --port"
