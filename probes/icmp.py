"""All echo requests of a process: one socket per family, one reader, and whoever waits found by the echo's token."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

from is0k.probes.icmp_packets import TOKEN_BYTES, Heard, Refusal, echo_request
from is0k.probes.icmp_socket import IcmpSocket, OpenSocket, open_socket, receive, receive_error

logger = logging.getLogger(__name__)

# After so many messages the loop gets to other work, and comes back.
READ_AT_ONCE = 256


class Back(NamedTuple):
    """The echo has come back after so long."""

    seconds: float


class Broken(NamedTuple):
    """We can no longer hear of it."""

    message: str


Answer = Back | Refusal | Broken
Hear = Callable[[Answer], None]


class Waiting(NamedTuple):
    ip: str
    sent_at: float
    hear: Hear


class Icmp:
    """Of one event loop. A reply counts once, if it comes from the address asked and repeats the token sent there."""

    def __init__(self, open_socket: OpenSocket = open_socket) -> None:
        self._wires = {family: Wire(family, open_socket) for family in (socket.AF_INET, socket.AF_INET6)}

    def send(self, ip: str, sequence: int, hear: Hear) -> "Echo":
        """`ip` in its shortest form. `hear` is called at most once, and not before this returns.

        Raises BlockingIOError when there is no room for it at the moment, NoRight and other kinds of OSError.
        """
        return self._wires[socket.AF_INET6 if ":" in ip else socket.AF_INET].send(ip, sequence, hear)

    def catch_up(self) -> None:
        """Hear what has arrived and lies here unread, as it does while the loop is busy."""
        for wire in self._wires.values():
            wire.read()

    def close(self) -> None:
        for wire in self._wires.values():
            wire.close("is0k was stopped during the check")


class Echo(NamedTuple):
    wire: "Wire"
    token: bytes

    def forget(self) -> None:
        """Nobody waits for it any longer."""
        self.wire.waiting.pop(self.token, None)


class Wire:
    """The socket of one family, opened when it is first needed and again after it broke."""

    def __init__(self, family: socket.AddressFamily, open_socket: OpenSocket) -> None:
        self.family, self.open_socket = family, open_socket
        self.waiting: dict[bytes, Waiting] = {}
        self._socket: IcmpSocket | None = None
        # Random, so that two of us on one machine seldom share it. An unprivileged socket puts its own in its place.
        self._identifier = secrets.randbelow(0x10000)

    def send(self, ip: str, sequence: int, hear: Hear) -> Echo:
        sock = self._socket or self._open()
        token = os.urandom(TOKEN_BYTES)
        message = echo_request(self.family, self._identifier, sequence, token)
        self.waiting[token] = Waiting(ip, perf_counter(), hear)
        try:
            self._send(sock, message, ip)
        except OSError:
            del self.waiting[token]
            raise
        return Echo(self, token)

    def close(self, message: str) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        waiting, self.waiting = self.waiting, {}
        for each in waiting.values():
            each.hear(Broken(message))

    def _open(self) -> IcmpSocket:
        self._socket = self.open_socket(self.family)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self.read)
        return self._socket

    def _send(self, sock: IcmpSocket, message: bytes, ip: str) -> None:
        try:
            sock.sendto(message, (ip, 0))
        except BlockingIOError:
            raise
        except OSError:
            # It may be what a router said of a request to somebody else: the system tells it to whoever is next.
            self._read_errors(sock)
            sock.sendto(message, (ip, 0))

    def read(self) -> None:
        sock = self._socket
        if sock is None:  # closed since the loop saw something arrive
            return
        try:
            for _ in range(READ_AT_ONCE):
                self._take(*receive(sock, self.family))
        except BlockingIOError:
            self._read_errors(sock)
        except OSError as error:
            if not self._read_errors(sock):
                logger.warning("the socket for echo requests broke and will be opened anew: %s", error)
                self.close("this machine's socket for echo requests broke")

    def _take(self, heard: Heard | None, source: str, waited_seconds: float) -> None:
        waiting = heard and self.waiting.get(heard.token)
        if not heard or not waiting:
            return
        if heard.refusal:
            answer: Answer = heard.refusal
        elif source == waiting.ip:
            passed = perf_counter() - waiting.sent_at
            # What it lay here while the loop was busy is not the network's. A clock that was set tells nonsense.
            answer = Back(passed - waited_seconds if 0 < waited_seconds < passed else passed)
        else:
            return
        del self.waiting[heard.token]
        waiting.hear(answer)

    def _read_errors(self, sock: IcmpSocket) -> bool:
        """Whether there were any. The system keeps them apart from what arrives, on Linux alone."""
        found = False
        while True:
            try:
                heard = receive_error(sock, self.family)
            except OSError:
                break
            found = True
            self._take(heard, "", 0.0)
        if found:
            # Not now: uvloop does so after it has called us.
            asyncio.get_running_loop().call_soon(self._listen_again, sock)
        return found

    def _listen_again(self, sock: IcmpSocket) -> None:
        """uvloop ends the watch over a file that has an error on it; asyncio goes on, and does not mind."""
        if sock is not self._socket:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock.fileno())
        loop.add_reader(sock.fileno(), self.read)
