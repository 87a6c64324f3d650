"""Stands in for the system's ICMP sockets: takes what is sent, and answers as a test says."""

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from is0k.probes.base import Outcome
from is0k.probes.icmp_packets import ECHO_REPLY, HEADER, TOKEN_BYTES
from is0k.schema.enums import CheckStatus, Reason

# Public addresses: the guard lets them pass.
HOST = "93.184.215.14"
V6_HOST = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

# What a recvmsg returns.
Message = tuple[bytes, list[tuple[int, int, bytes]], int, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """An echo request that was sent."""

    family: int
    ip: str
    message: bytes

    @property
    def sequence(self) -> int:
        return int(HEADER.unpack_from(self.message)[4])

    def reply(self) -> bytes:
        return bytes([ECHO_REPLY[socket.AddressFamily(self.family)]]) + self.message[1:]

    def forged(self) -> bytes:
        """What somebody answers who has not seen the request, but guesses all except its token."""
        return self.reply()[: HEADER.size] + bytes(TOKEN_BYTES) + self.reply()[HEADER.size + TOKEN_BYTES :]


@dataclass(frozen=True, slots=True)
class Delivery:
    data: bytes
    source: str
    delay_seconds: float = 0.0


Carry = Callable[[Request], Iterable[Delivery]]


def echo(request: Request) -> list[Delivery]:
    return [Delivery(request.reply(), request.ip)]


def nothing(request: Request) -> list[Delivery]:
    return []


def losing(*lost: int) -> Carry:
    return lambda request: nothing(request) if request.sequence in lost else echo(request)


def unreachable(request: Request) -> list[Delivery]:
    """A router knows no way to the IPv4 host."""
    ip_header = bytes([0x45]) + bytes(19)
    return [Delivery(HEADER.pack(3, 1, 0, 0, 0) + ip_header + request.message, "192.0.2.254")]


def told(outcome: Outcome) -> tuple[CheckStatus, Reason, str | None]:
    return outcome.status, outcome.reason, outcome.message


class FakeSocket:
    def __init__(self, family: int, network: "Network") -> None:
        self.family, self.network = family, network
        self.arrived: deque[tuple[bytes, str]] = deque()
        self.is_broken = self.is_closed = False
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)

    def fileno(self) -> int:
        return self._ours.fileno()

    def sendto(self, data: bytes, address: tuple[Any, ...], /) -> int:
        if self.network.send_errors:
            raise OSError(self.network.send_errors.popleft(), "cannot send")
        request = Request(self.family, address[0], data)
        self.network.sent.append(request)
        for delivery in self.network.carry(request):
            asyncio.get_running_loop().call_later(delivery.delay_seconds, self.arrive, delivery)
        return len(data)

    def recvmsg(self, size: int, room: int, flags: int = 0, /) -> Message:
        if self.is_broken and not flags:
            raise OSError(errno.ENETDOWN, "Network is down")
        if flags or not self.arrived:
            raise BlockingIOError
        self._ours.recv(1)
        data, source = self.arrived.popleft()
        return data[:size], [], 0, (source, 0)

    def break_down(self) -> None:
        self.is_broken = True
        self._theirs.send(b".")

    def close(self) -> None:
        self.is_closed = True
        self._ours.close()
        self._theirs.close()

    def arrive(self, delivery: Delivery) -> None:
        if not self.is_closed:
            self.arrived.append((delivery.data, delivery.source))
            self._theirs.send(b".")


@dataclass(slots=True)
class Network:
    carry: Carry = echo
    sent: list[Request] = field(default_factory=list)
    sockets: list[FakeSocket] = field(default_factory=list)
    # Raised by the next sends, one each.
    send_errors: deque[int] = field(default_factory=deque)
    open_error: OSError | None = None

    def open(self, family: int) -> FakeSocket:
        if self.open_error:
            raise self.open_error
        self.sockets.append(FakeSocket(family, self))
        return self.sockets[-1]
