"""One question under way: to the next server, or once more, until somebody answers. No answer is ever kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from is0k.probes.dns_message import BadMessage, Message, Question, decode
from is0k.probes.dns_sockets import Socket, Sockets, ask_over_tcp
from is0k.probes.failures import Failure, connect_failure
from is0k.probes.name_servers import Server
from is0k.schema.enums import Reason

ATTEMPTS = 3
SERVFAIL, NOTIMP, REFUSED = 2, 4, 5
# Another server may know better, as the C library has it.
PASSED_ON = (SERVFAIL, NOTIMP, REFUSED)


@dataclass(frozen=True, slots=True)
class Reply:
    """`at` in seconds of perf_counter."""

    server: Server
    message: Message
    at: float


class Exchange:
    """Asks one server after the other, every `pause_seconds` or as soon as one has failed. Those asked before may still
    answer: the first answer that needs no second opinion is believed.
    """

    def __init__(self, question: Question, servers: Sequence[Server], sockets: Sockets, pause_seconds: float) -> None:
        self.question = question
        self._servers, self._sockets, self._pause_seconds = servers, sockets, pause_seconds
        self._loop = asyncio.get_running_loop()
        self._reply: asyncio.Future[Reply] = self._loop.create_future()
        self._second_best: Reply | None = None
        self._attempts = 0
        # Attempts that may still bring an answer.
        self._hopes = 0
        self._places: list[tuple[Socket, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tcp: asyncio.Task[None] | None = None

    async def run(self) -> Reply:
        """Raises Failure when every attempt has failed; while one may still be answered it waits, for ever."""
        try:
            self._ask()
            return await self._reply
        finally:
            if self._timer:
                self._timer.cancel()
            if self._tcp:
                self._tcp.cancel()
            for sock, id in self._places:
                sock.forget(id, self)

    def stop(self, error: Exception) -> None:
        if not self._reply.done():
            self._reply.set_exception(error)

    @property
    def doing(self) -> str:
        asked = ", ".join(server.name for server in self._servers[: self._attempts])
        return f"asking {asked}{' over TCP' if self._tcp else ''}"

    def received(self, server: Server, data: bytes, *, is_verbatim: bool) -> None:
        if self._reply.done():
            return
        try:
            message = decode(data)
        except BadMessage as error:
            self.failed(server, not_dns(server, error))
            return
        # A few servers do not keep the letter case. Nobody can forge TCP without seeing it, so they are asked that way.
        if is_verbatim and not message.is_truncated:
            self._answered(Reply(server, message, perf_counter()))
        elif self._tcp:
            self._hopes -= 1
        else:
            self._tcp = self._loop.create_task(self._ask_over_tcp(server))

    def failed(self, server: Server, failure: Failure) -> None:
        if self._reply.done():
            return
        self._hopes -= 1
        if self._attempts < ATTEMPTS:
            self._ask()
        elif self._hopes == 0 and self._second_best:
            self._reply.set_result(self._second_best)
        elif self._hopes == 0:
            self._reply.set_exception(failure)

    def _ask(self) -> None:
        server = self._servers[self._attempts % len(self._servers)]
        self._attempts += 1
        self._hopes += 1
        if self._timer:
            self._timer.cancel()
        if self._attempts < ATTEMPTS:
            self._timer = self._loop.call_later(self._pause_seconds, self._ask)
        try:
            sock = self._sockets.to(server)
            self._places.append((sock, sock.ask(self)))
        except OSError as error:
            self.failed(server, connect_failure(server.name, error))

    def _answered(self, reply: Reply) -> None:
        # Over TCP it may come when another attempt has just been answered.
        if self._reply.done():
            return
        if reply.message.rcode in PASSED_ON and self._attempts < len(self._servers):
            self._second_best = reply
            self._hopes -= 1
            self._ask()
        else:
            self._reply.set_result(reply)

    async def _ask_over_tcp(self, server: Server) -> None:
        try:
            message = decode(await ask_over_tcp(server, self.question))
            if message.is_truncated:
                raise BadMessage("it is incomplete even over TCP")
        except (Failure, BadMessage) as error:
            self._tcp = None
            self.failed(server, error if isinstance(error, Failure) else not_dns(server, error))
        except Exception as error:
            # For the probe to log: nobody waits for this task.
            self.stop(error)
        else:
            self._answered(Reply(server, message, perf_counter()))


def not_dns(server: Server, error: BadMessage) -> Failure:
    return Failure(Reason.DNS_ERROR, f"the answer of {server.name} is not valid DNS: {error}")
