"""The `tcp` monitor: connects to a port, and may say something and wait for an answer."""

import asyncio
import functools
import ssl
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from aiohttp.abc import AbstractResolver

from is0k.probes.attempt import address, attempt, name_on_the_wire, reached, said
from is0k.probes.base import Facts, Outcome
from is0k.probes.body import text_of
from is0k.probes.certificates import certificate_facts, days_left, tls_context
from is0k.probes.dialer import Dialer, ThreadResolver, Watch, milliseconds
from is0k.probes.failures import Failure, connect_failure, tls_failure
from is0k.probes.guard import Guard
from is0k.schema.clock import Clock, SystemClock
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.tcp_settings import TcpSettings

ANSWER_BYTES = 64 * 1024
EXCERPT_BYTES = 2 * 1024
# For assertions all of an answer is read; how long it must pause to be taken for complete.
PAUSE_SECONDS = 0.5
FLUSH_SECONDS = 0.005


class TcpProbe:
    """What is measured: `latency_ms` runs from the start, look-up and TLS included, until the port is open, or until
    what is expected has been said."""

    def __init__(
        self,
        guard: Guard,
        resolver: AbstractResolver | None = None,
        *,
        verifying: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`verifying` stands in for the context that trusts the system's certificates."""
        self._dialer = Dialer(guard, resolver or ThreadResolver())
        self._contexts = {True: verifying or tls_context(True, ()), False: tls_context(False, ())}
        self._clock = clock or SystemClock()

    async def run(self, settings: TcpSettings, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        call = Call(settings, wants_body, Watch(ip_version=settings.ip_version))
        failure = await attempt(self._connect(call), call.watch, timeout_seconds)
        if failure and failure.reason is Reason.TIMEOUT and call.talk and call.talk.body:
            failure = call.missing(f"within {timeout_seconds:g} s")
        return call.outcome(failure, self._clock)

    async def close(self) -> None:
        await self._dialer.resolver.close()

    async def _connect(self, call: "Call") -> None:
        settings, watch, dialer = call.settings, call.watch, self._dialer
        host = name_on_the_wire(settings.host)
        sock = await dialer.connect(await dialer.addresses(host, settings.port, watch), watch)
        if call.is_over_when_open:
            sock.close()
            return
        made = functools.partial(Conversation, call)
        transport: asyncio.Transport
        if settings.tls:
            transport, talk = await dialer.encrypt(made, sock, self._contexts[settings.verify_tls], host, watch)
        else:
            transport, talk = await asyncio.get_running_loop().create_connection(made, sock=sock)
        try:
            await call.converse(transport, talk)
        finally:
            # At once: a peer that never reads, or never says goodbye in TLS, would keep the socket open.
            transport.abort()


@dataclass(slots=True)
class Call:
    """One check under way, and what is known of it so far."""

    settings: TcpSettings
    wants_body: bool
    watch: Watch
    begun: float = field(default_factory=perf_counter)
    talk: "Conversation | None" = None

    @property
    def is_over_when_open(self) -> bool:
        return not (self.settings.tls or self.settings.send or self.listens)

    @property
    def listens(self) -> bool:
        return self.wants_body or self.settings.expect is not None

    async def converse(self, transport: asyncio.Transport, talk: "Conversation") -> None:
        self.talk = talk
        if self.settings.send:
            transport.write(self.settings.send.encode())
            self.watch.doing = f"connected to {self.watch.where}, sending"
        if not self.listens:
            # What is not on its way when the connection is aborted is lost; it goes at the end of the loop's turn.
            await asyncio.sleep(0)
            while transport.get_write_buffer_size() and not talk.over.done():
                await asyncio.sleep(FLUSH_SECONDS)
        else:
            self.watch.sent = perf_counter()
            self.watch.doing = f"connected to {self.watch.where}, which says nothing"
            await talk.over
            if failure := self._judge(talk, talk.error):
                raise failure

    def _judge(self, talk: "Conversation", error: Exception | None) -> Failure | None:
        if talk.found or (talk.body and self.settings.expect is None):
            return None
        where = self.watch.where
        if isinstance(error, ssl.SSLError):
            return tls_failure(where, self.settings.host, error)
        if isinstance(error, OSError):
            return connect_failure(where, error)
        if not talk.body and self.settings.expect is not None:
            return Failure(Reason.CONNECTION_ERROR, f"{where} closed the connection without a word")
        return self.missing()

    def missing(self, until: str = "") -> Failure | None:
        """None if nothing is: what was said is all there is to assert on."""
        expect, talk = self.settings.expect, self.talk
        if expect is None or talk is None or talk.found:
            return None
        what = "the first 64 KiB of what it said" if len(talk.body) == ANSWER_BYTES else "what it said"
        what = f"{what} {until}" if until else what
        message = f"connected to {self.watch.where}, but '{said(expect.encode())}' is not in {what}"
        return Failure(Reason.KEYWORD_MISSING, f"{message}: '{said(talk.body)}'")

    def outcome(self, failure: Failure | None, clock: Clock) -> Outcome:
        talk, certificate = self.talk, self.watch.certificate
        return Outcome(
            status=failure.status if failure else CheckStatus.UP,
            reason=failure.reason if failure else Reason.OK,
            message=failure.message if failure else None,
            latency_ms=None if failure else milliseconds(self.watch.begun, self._good_at()),
            timings=self.watch.timings(total_ms=milliseconds(self.begun, perf_counter())),
            detail=self._detail(failure),
            facts=Facts(
                body=bytes(talk.body) if talk and self.wants_body else None,
                certificate_days=days_left(certificate, clock.now()) if certificate else None,
                address=address(self.watch),
            ),
        )

    def _good_at(self) -> float | None:
        if self.talk and self.talk.found:
            return self.talk.found
        return self.watch.secured or self.watch.connected

    def _detail(self, failure: Failure | None) -> dict[str, Any]:
        detail = reached(self.watch)
        if self.watch.certificate:
            detail["tls"] = certificate_facts(self.watch.certificate)
        if failure and self.talk and self.talk.body:
            detail["bodyExcerpt"] = text_of(self.talk.body[:EXCERPT_BYTES])
        return detail


class Conversation(asyncio.Protocol):
    """Listens until it has heard enough: `over` is done then, with `error` when the connection broke."""

    def __init__(self, call: Call) -> None:
        expect = call.settings.expect
        self._needle = expect.encode() if expect is not None else b""
        self._watch, self._wants_all = call.watch, call.wants_body
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self.over: asyncio.Future[None] = self._loop.create_future()
        self.error: Exception | None = None
        self.body = bytearray()
        # When, by perf_counter; None while it is not.
        self.found: float | None = None

    def data_received(self, data: bytes) -> None:
        if self.over.done():
            return
        self._watch.first_byte = self._watch.first_byte or perf_counter()
        searched = max(0, len(self.body) - len(self._needle) + 1)
        self.body += data[: ANSWER_BYTES - len(self.body)]
        if self._needle and not self.found and self.body.find(self._needle, searched) >= 0:
            self.found = perf_counter()
        has_what_it_needs = bool(self.found) or not self._needle
        if len(self.body) == ANSWER_BYTES or (has_what_it_needs and not self._wants_all):
            self._end()
        elif has_what_it_needs:
            self._wait_for_more()

    def connection_lost(self, error: Exception | None) -> None:
        self.error = error
        self._end()

    def _wait_for_more(self) -> None:
        if self._pause:
            self._pause.cancel()
        self._pause = self._loop.call_later(PAUSE_SECONDS, self._end)

    def _end(self) -> None:
        if self._pause:
            self._pause.cancel()
        if not self.over.done():
            self.over.set_result(None)
