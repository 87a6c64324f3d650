"""Questions to name servers and what comes back, over UDP on shared sockets and, where that is too small, over TCP."""

import asyncio
import socket
from typing import Protocol

from is0k.probes.dns_message import HEADER, Question, message_of
from is0k.probes.failures import Failure, connect_failure
from is0k.probes.name_servers import Server
from is0k.schema.enums import Reason

# A source port is chosen by the system, unpredictably; after so many questions or seconds it is another.
QUESTIONS_PER_SOCKET, SOCKET_SECONDS = 64, 10.0
# Datagrams that answer nothing: late ones come one by one; so many are an attack, and cost us time.
MAX_STRAYS = 128
LARGEST_DATAGRAM = 65_535
# What the socket says when nothing is there to be read after all, or a full queue swallows a datagram.
NOT_NOW = (BlockingIOError, InterruptedError)


class Asker(Protocol):
    """Who waits for the answer to a question, from one server or several."""

    question: Question

    def received(self, server: Server, data: bytes, *, is_verbatim: bool) -> None:
        """`is_verbatim`: the question stands in the answer with the letter case it was sent in."""

    def failed(self, server: Server, failure: Failure) -> None: ...


class Socket:
    """Connected to one server: the kernel drops what others send, and tells when nobody listens there."""

    __slots__ = ("_loop", "_pool", "_sock", "_strays", "_timer", "asked", "server", "waiting")

    def __init__(self, server: Server, pool: "Sockets") -> None:
        """Raises OSError when there is no way to the server."""
        self.server, self._pool, self.asked, self._strays = server, pool, 0, 0
        # By the id of the question: who asks, and how it was spelt.
        self.waiting: dict[int, tuple[Asker, bytes]] = {}
        self._sock = socket.socket(server.family, socket.SOCK_DGRAM)
        try:
            self._sock.setblocking(False)
            self._sock.connect(server.address)
        except OSError:
            self._sock.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock, self._read)
        self._timer = self._loop.call_later(SOCKET_SECONDS, self.retire)

    def ask(self, asker: Asker) -> int:
        """The id that `forget` takes. Raises OSError if the question cannot be sent."""
        id, spelt = asker.question.shuffled()
        while id in self.waiting:
            id, spelt = asker.question.shuffled()
        try:
            self._sock.send(message_of(id, spelt))
        except NOT_NOW:
            pass  # as if it had been lost on the way: it is asked again
        except OSError as error:
            # It may be about an earlier question; a socket says so once, to whoever comes next.
            self.broke(error)
            raise
        self.asked += 1
        self.waiting[id] = asker, spelt
        return id

    def forget(self, id: int, asker: Asker) -> None:
        # By now the id may be another's.
        if id in self.waiting and self.waiting[id][0] is asker:
            del self.waiting[id]
        if not self.waiting and not self._pool.uses(self):
            self.close()

    def retire(self) -> None:
        """No new questions; closed as soon as nobody waits for an answer."""
        self._pool.drop(self)
        if not self.waiting:
            self.close()

    def close(self) -> None:
        if self._sock.fileno() >= 0:
            self._pool.drop(self)
            self._pool.open.discard(self)
            self._timer.cancel()
            self._loop.remove_reader(self._sock)
            self._sock.close()

    def broke(self, error: OSError) -> None:
        """What went wrong with one question is told to all who wait here: each asks once more."""
        waiting, self.waiting = [asker for asker, _ in self.waiting.values()], {}
        self.close()
        for asker in waiting:
            asker.failed(self.server, connect_failure(self.server.name, error))

    def _read(self) -> None:
        buffer = self._pool.buffer
        try:
            size = self._sock.recv_into(buffer)
        except NOT_NOW:
            return
        except OSError as error:
            self.broke(error)
            return
        data = bytes(buffer[:size])
        id = int.from_bytes(data[:2])
        asker, spelt = self.waiting.get(id, (None, b""))
        if asker and answers(data, spelt):
            self.forget(id, asker)
            asker.received(self.server, data, is_verbatim=is_verbatim(data, spelt))
        else:
            self._stray()

    def _stray(self) -> None:
        self._strays += 1
        if self._strays > MAX_STRAYS:
            # Those who wait lose what might have come, and ask again from another port when their time has come.
            self.close()


class Sockets:
    """One socket in use for each server, and those before it until their last answer is there."""

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(LARGEST_DATAGRAM))
        self.open: set[Socket] = set()
        self._in_use: dict[Server, Socket] = {}

    def to(self, server: Server) -> Socket:
        """Raises OSError when there is no way to the server."""
        found = self._in_use.get(server)
        if found and found.asked < QUESTIONS_PER_SOCKET:
            return found
        if found:
            found.retire()
        opened = self._in_use[server] = Socket(server, self)
        self.open.add(opened)
        return opened

    def uses(self, sock: Socket) -> bool:
        return self._in_use.get(sock.server) is sock

    def drop(self, sock: Socket) -> None:
        if self.uses(sock):
            del self._in_use[sock.server]

    def close(self) -> None:
        for sock in list(self.open):
            sock.close()


def answers(data: bytes, spelt: bytes) -> bool:
    """Whether it is an answer that repeats the question, in whatever letter case."""
    is_response = len(data) >= HEADER.size and bool(data[2] & 0x80)
    return is_response and data[HEADER.size : HEADER.size + len(spelt)].lower() == spelt.lower()


def is_verbatim(data: bytes, spelt: bytes) -> bool:
    return data[HEADER.size : HEADER.size + len(spelt)] == spelt


async def ask_over_tcp(server: Server, question: Question) -> bytes:
    """The answer to it. Raises Failure."""
    id, spelt = question.shuffled()
    message = message_of(id, spelt)
    loop = asyncio.get_running_loop()
    with socket.socket(server.family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, server.address)
            await loop.sock_sendall(sock, len(message).to_bytes(2) + message)
            answer = await _receive(sock, int.from_bytes(await _receive(sock, 2)))
        except OSError as error:
            failure = connect_failure(server.name, error)
            raise Failure(failure.reason, f"{failure.message} (over TCP: its answer over UDP would not do)") from error
        except EOFError:
            words = f"{server.name} closed the TCP connection before its answer was complete"
            raise Failure(Reason.CONNECTION_RESET, words) from None
    if answer[:2] != message[:2] or not answers(answer, spelt):
        raise Failure(Reason.DNS_ERROR, f"what {server.name} answers over TCP was not asked")
    return answer


async def _receive(sock: socket.socket, size: int) -> bytes:
    """Raises EOFError when the other side has hung up before."""
    loop, received = asyncio.get_running_loop(), bytearray()
    while len(received) < size:
        chunk = await loop.sock_recv(sock, size - len(received))
        if not chunk:
            raise EOFError
        received += chunk
    return bytes(received)
