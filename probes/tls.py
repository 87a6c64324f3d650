"""The `tls` monitor: a handshake, as TLS or after STARTTLS, and what is to be said of the certificates.

Whether a certificate has been revoked is not checked: that needs OCSP or lists of its authority, which most do without.
"""

import asyncio
import functools
import socket
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

from aiohttp.abc import AbstractResolver

from is0k.probes.attempt import address, attempt, name_on_the_wire, reached
from is0k.probes.base import Facts, Outcome
from is0k.probes.certificates import certificate_facts, chains_of, days_left, expiry_words, tls_context, weakness
from is0k.probes.dialer import Dialer, ThreadResolver, Watch, milliseconds
from is0k.probes.failures import Failure
from is0k.probes.guard import AddrInfo, Guard
from is0k.probes.starttls import start_tls
from is0k.probes.tls_faults import Seen, explain, whose
from is0k.schema.clock import Clock, SystemClock
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.tls_settings import TlsSettings

# What is behind a failed handshake is worth a moment, not the rest of the time-out.
EVIDENCE_SECONDS = 2.0
SHOWN_CHAIN = 10


@functools.cache
def curious_context() -> ssl.SSLContext:
    """Agrees to anything, to see what a server has: for evidence, never for a verdict."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


class TlsProbe:
    """What is measured: `latency_ms` runs from the start, look-up included, to the end of the handshake."""

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
        self._verifying = verifying or tls_context(True, ())
        self._clock = clock or SystemClock()

    async def run(self, settings: TlsSettings, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        visit = Visit(settings, Watch(ip_version=settings.ip_version))
        stopped = await attempt(self._look(visit), visit.watch, timeout_seconds)
        # The first stands: the time may be up while we look for what is behind it.
        return visit.outcome(visit.failure or stopped, self._clock.now())

    async def close(self) -> None:
        await self._dialer.resolver.close()

    async def _look(self, visit: "Visit") -> None:
        settings, watch = visit.settings, visit.watch
        host = name_on_the_wire(settings.host)
        visit.name = name_on_the_wire(settings.server_name) if settings.server_name else host
        addresses = await self._dialer.addresses(host, settings.port, watch)
        sock = await self._open(visit, addresses, watch)
        try:
            visit.seen = await self._shake_hands(sock, self._verifying, visit.name, watch)
        except Failure as failure:
            visit.failure = failure
            if failure.reason in (Reason.TLS_ERROR, Reason.CONNECTION_RESET):
                same = [found for found in addresses if found[4][0] == address(watch)]
                await self._look_again(visit, same or addresses)

    async def _look_again(self, visit: "Visit", addresses: list[AddrInfo]) -> None:
        """For evidence, at the same address: nothing is left of a handshake that failed."""
        watch = Watch()
        watch.where = visit.watch.where
        try:
            async with asyncio.timeout(EVIDENCE_SECONDS):
                sock = await self._open(visit, addresses, watch)
                visit.seen = await self._shake_hands(sock, curious_context(), visit.name, watch)
        except (Failure, TimeoutError):
            # Then the server says no more to us than it has.
            return

    async def _open(self, visit: "Visit", addresses: list[AddrInfo], watch: Watch) -> socket.socket:
        """A connection on which TLS may begin."""
        sock = await self._dialer.connect(addresses, watch)
        try:
            await start_tls(visit.settings.start_tls, sock, watch)
        except BaseException:
            sock.close()
            raise
        return sock

    async def _shake_hands(self, sock: socket.socket, context: ssl.SSLContext, name: str, watch: Watch) -> Seen:
        made = functools.partial(asyncio.Protocol)
        transport, _ = await self._dialer.encrypt(made, sock, context, name, watch)
        connection = transport.get_extra_info("ssl_object")
        try:
            return Seen(*chains_of(connection), connection.version(), connection.cipher()[0])
        finally:
            transport.abort()


@dataclass(slots=True)
class Visit:
    """One check under way, and what is known of it so far."""

    settings: TlsSettings
    watch: Watch
    begun: float = field(default_factory=perf_counter)
    name: str = ""
    seen: Seen | None = None
    failure: Failure | None = None

    def outcome(self, failure: Failure | None, now: datetime) -> Outcome:
        status, reason, message = self._verdict(failure, now)
        leaf = self.seen.chain[0] if self.seen and self.seen.chain else None
        return Outcome(
            status=status,
            reason=reason,
            message=message,
            latency_ms=milliseconds(self.watch.begun, self.watch.secured),
            timings=self.watch.timings(total_ms=milliseconds(self.begun, perf_counter())),
            detail=self._detail(),
            facts=Facts(certificate_days=days_left(leaf, now) if leaf else None, address=address(self.watch)),
        )

    def _verdict(self, failure: Failure | None, now: datetime) -> tuple[CheckStatus, Reason, str | None]:
        seen = self.seen
        if failure:
            exactly = explain(failure, self.name, self.watch.where, seen, now) if seen else failure
            return exactly.status, exactly.reason, exactly.message
        if seen and (words := weakness(seen.trusted)):
            return CheckStatus.DOWN, Reason.TLS_ERROR, words
        if seen and (words := self._expiring(seen.trusted, now)):
            return CheckStatus.DEGRADED, Reason.TLS_EXPIRING, words
        return CheckStatus.UP, Reason.OK, None

    def _expiring(self, trusted: list[bytes], now: datetime) -> str | None:
        """Of the certificate itself, or else of one that was sent with it and is needed."""
        limit = max(self.settings.warn_days, default=None)
        for place, der in enumerate(trusted):
            left = days_left(der, now)
            if limit is not None and left is not None and left <= limit:
                return expiry_words(whose(place, der, self.name), der, now)
        return None

    def _detail(self) -> dict[str, Any]:
        detail = reached(self.watch)
        if self.seen:
            facts = [certificate_facts(der) for der in self.seen.chain[: 1 + SHOWN_CHAIN]]
            chain = [{name: each.get(name) for name in ("subject", "issuer", "notAfter")} for each in facts[1:]]
            own = facts[0] if facts else {}
            detail["tls"] = {**own, "chain": chain, "protocol": self.seen.protocol, "cipher": self.seen.cipher}
        return detail
