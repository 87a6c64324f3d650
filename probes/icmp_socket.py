"""The sockets that echo requests go through: without privileges where the system allows it, raw where it must be.

https://man7.org/linux/man-pages/man7/icmp.7.html tells of net.ipv4.ping_group_range, which rules over IPv6 too.
"""

import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from is0k.probes.icmp_packets import (
    ECHO_REPLY,
    TIME_EXCEEDED,
    UNREACHABLE,
    Heard,
    quoted_request,
    read_message,
    refusal_of,
)

PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
# Answers to a burst of thousands wait here until the loop gets to them.
RECEIVE_BUFFER_BYTES = 1024 * 1024
LARGEST_BYTES = 2048
ROOM_BYTES = 256

IS_LINUX = sys.platform == "linux"
# Of Linux's <asm/socket.h>, <linux/icmp.h>, <linux/in.h>, <linux/in6.h> and <linux/errqueue.h>; Python names none.
SO_TIMESTAMPNS = 35
SOL_RAW, ICMP_FILTER, ICMP6_FILTER = 255, 1, 1
RECEIVE_ERRORS = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
EXTENDED_ERROR = struct.Struct("@IBBBBII")  # errno, origin, type, code, padding, info, data
FROM_A_ROUTER = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
MOMENT = struct.Struct("@ll")  # struct timespec


class IcmpSocket(Protocol):
    """What of a socket is used here."""

    def fileno(self) -> int: ...
    def sendto(self, data: bytes, address: tuple[Any, ...], /) -> int: ...
    def recvmsg(
        self, size: int, room: int, flags: int = 0, /
    ) -> tuple[bytes, list[tuple[int, int, bytes]], int, Any]: ...
    def close(self) -> None: ...


OpenSocket = Callable[[int], IcmpSocket]


class NoRight(OSError):
    """Neither kind of socket may be opened by this process."""


def open_socket(family: int) -> socket.socket:
    """Not blocking. Raises NoRight, or OSError where the system does not speak that family."""
    kind = socket.AddressFamily(family)
    try:
        sock = socket.socket(kind, socket.SOCK_DGRAM, PROTOCOL[kind])
    except OSError:
        sock = _open_raw(kind)
    try:
        _set_up(sock, kind)
    except OSError:
        sock.close()
        raise
    return sock


def _open_raw(kind: socket.AddressFamily) -> socket.socket:
    try:
        return socket.socket(kind, socket.SOCK_RAW, PROTOCOL[kind])
    except PermissionError as refusal:
        raise NoRight(refusal.errno, "this process may not open a socket for ICMP") from None


def _set_up(sock: socket.socket, kind: socket.AddressFamily) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    if not IS_LINUX:
        return
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    if sock.type == socket.SOCK_DGRAM:
        sock.setsockopt(*RECEIVE_ERRORS[kind], 1)
    else:
        sock.setsockopt(*_filter(kind))


def _filter(kind: socket.AddressFamily) -> tuple[int, int, bytes]:
    """A raw socket gets every ICMP message of the machine: a set bit keeps a type away."""
    wanted = ECHO_REPLY[kind], UNREACHABLE[kind], TIME_EXCEEDED[kind]
    words = [0xFFFFFFFF] * (1 if kind is socket.AF_INET else 8)
    for type in wanted:
        words[type // 32] &= ~(1 << type % 32)
    level, name = (SOL_RAW, ICMP_FILTER) if kind is socket.AF_INET else (PROTOCOL[kind], ICMP6_FILTER)
    return level, name, struct.pack(f"@{len(words)}I", *words)


class Arrival(NamedTuple):
    """One message, and how long ago the system took it in, where it tells."""

    heard: Heard | None
    source: str
    waited_seconds: float = 0.0


def receive(sock: IcmpSocket, family: int) -> Arrival:
    """Raises BlockingIOError when there is nothing more."""
    data, extras, _, source = sock.recvmsg(LARGEST_BYTES, ROOM_BYTES)
    waited = 0.0
    for level, name, value in extras:
        if (level, name) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(value) == MOMENT.size:
            seconds, nanoseconds = MOMENT.unpack(value)
            waited = time.time() - seconds - nanoseconds / 1e9
    return Arrival(read_message(family, data), source[0], waited)


def receive_error(sock: IcmpSocket, family: int) -> Heard | None:
    """What a router says of a request sent through an unprivileged socket. Raises BlockingIOError; on Linux alone."""
    if not IS_LINUX:
        raise BlockingIOError
    data, extras, _, _ = sock.recvmsg(LARGEST_BYTES, ROOM_BYTES, socket.MSG_ERRQUEUE)
    for level, name, value in extras:
        if (level, name) == RECEIVE_ERRORS[socket.AddressFamily(family)]:
            _, origin, type, code, *_ = EXTENDED_ERROR.unpack_from(value)
            refusal = refusal_of(family, type, code) if origin in FROM_A_ROUTER else None
            token = quoted_request(family, data)
            return Heard(token, refusal) if token and refusal else None
    return None
