"""Sees every connection and datagram that Python's sockets of this process are about to make, whoever asks for it.

libuv's own would pass unseen; test_hostile_addresses.py makes sure that nothing of ours asks for those.
"""

import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SENDING = ("socket.connect", "socket.sendto", "socket.sendmsg")

Place = tuple[str, int]


class Witness:
    """Lets through what goes to the test's own places. The rest is counted, and goes nowhere."""

    def __init__(self, *own: Place) -> None:
        self.own = set(own)
        self.let_through: list[Place] = []
        self.strays: list[Place] = []

    def see(self, sock: socket.socket, place: Place) -> None:
        if sock.getsockname()[:2] in self.own:
            return  # what a server of the test answers
        if place in self.own:
            self.let_through.append(place)
            return
        self.strays.append(place)
        raise ConnectionRefusedError(errno.ECONNREFUSED, "a test stopped it")


_watching: list[Witness] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # The address of a UNIX socket is text, and a message on a connected socket has none.
    if _watching and event in SENDING and isinstance(args[1], tuple):
        for witness in _watching:
            witness.see(args[0], args[1][:2])


# Python knows no way to take one away again.
sys.addaudithook(_hook)


@contextmanager
def watching(*own: Place) -> Iterator[Witness]:
    witness = Witness(*own)
    _watching.append(witness)
    try:
        yield witness
    finally:
        _watching.remove(witness)
