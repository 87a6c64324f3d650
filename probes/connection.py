"""How a probe reaches a host: look up, connect, TLS; each step guarded, and timed where it happens."""

import asyncio
import functools
import hashlib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import perf_counter
from typing import Any

import aiohttp
from aiohappyeyeballs import start_connection
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from cryptography import x509

from is0k.probes.base import Timings
from is0k.probes.failures import Failure, connect_failure, headers_too_large, lookup_failure, tls_failure
from is0k.probes.guard import AddrInfo, BlockedTarget, Guard
from is0k.schema.enums import Reason
from is0k.schema.scalars import rfc3339

HEADER_BYTES = 64 * 1024
LOOKUP_THREADS = 64
# RFC 8305 §5: how long one address is tried alone before the next is tried beside it.
HAPPY_EYEBALLS_SECONDS = 0.25

CERTIFICATES: dict[bytes, dict[str, str]] = {}
MAX_CERTIFICATES = 4096
NAME_LENGTH = 200


@dataclass(slots=True)
class Watch:
    """Marks the moments of one request in seconds of perf_counter, None where there was no such moment."""

    begun: float = field(default_factory=perf_counter)
    lookup_began: float | None = None
    resolved: float | None = None
    connecting: float | None = None
    connected: float | None = None
    secured: float | None = None
    sent: float | None = None
    first_byte: float | None = None
    # host:port until one address is chosen, then that.
    where: str = ""
    doing: str = "getting ready"
    waits_for_thread: bool = False
    certificate: bytes | None = None

    @property
    def latency_ms(self) -> float | None:
        return milliseconds(self.begun, self.first_byte)

    def timings(self, total_ms: float | None) -> Timings:
        return Timings(
            dns_ms=milliseconds(self.lookup_began, self.resolved),
            connect_ms=milliseconds(self.connecting, self.connected),
            tls_ms=milliseconds(self.connected, self.secured),
            first_byte_ms=milliseconds(self.sent, self.first_byte),
            total_ms=total_ms,
        )


# The request's own stop-watch: aiohttp hands nothing of ours down to the connector and the resolver.
WATCH: ContextVar[Watch] = ContextVar("WATCH")


def milliseconds(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1000, 3)


class Connector(aiohttp.BaseConnector):
    """A new connection for every request. TCPConnector would time TCP and TLS as one, and try again without a word.

    All we use that aiohttp does not promise is in this class and the next: `_create_connection`, which BaseConnector
    leaves to its subclasses, its `_loop`, and methods of ResponseHandler. test_connection.py notices when they change.
    """

    def __init__(self, guard: Guard, resolver: AbstractResolver) -> None:
        super().__init__(force_close=True, limit=0)
        self._guard = guard
        self._resolver = resolver

    async def _create_connection(self, req: aiohttp.ClientRequest, *_traces_and_timeout: Any) -> ResponseHandler:
        watch = WATCH.get()
        sock = await self._connect(await self._addresses(req, watch), watch)
        handler = functools.partial(Handler, self._loop, watch)
        if not req.is_ssl():
            _, protocol = await self._loop.create_connection(handler, sock=sock)
            return protocol
        return await self._encrypt(handler, sock, req, watch)

    async def _addresses(self, req: aiohttp.ClientRequest, watch: Watch) -> list[AddrInfo]:
        host, port = req.host, req.port or 0
        watch.where = f"{host}:{port}"
        if is_address(host):
            found = [address_info(host, port)]
        else:
            watch.doing = f"looking up {host}"
            found = [address_info(result["host"], port) for result in await self._resolve(host, port, watch)]
        allowed = self._allowed(found)
        if len(allowed) == 1:
            watch.where = show(*allowed[0][4][:2])
        return allowed

    async def _resolve(self, host: str, port: int, watch: Watch) -> list[ResolveResult]:
        watch.lookup_began = perf_counter()
        try:
            results = await self._resolver.resolve(host, port, family=socket.AF_UNSPEC)
        except (OSError, ValueError) as error:
            raise lookup_failure(host, error) from error
        watch.resolved = perf_counter()
        if not results:
            raise lookup_failure(host, OSError("no address"))
        return results

    def _allowed(self, addresses: list[AddrInfo]) -> list[AddrInfo]:
        allowed, refusals = [], []
        for address in addresses:
            try:
                self._guard.check(*address[4][:2])
            except BlockedTarget as refusal:
                refusals.append(refusal)
            else:
                allowed.append(address)
        if not allowed:
            raise Failure(Reason.BLOCKED_TARGET, str(refusals[0]))
        return allowed

    async def _connect(self, addresses: list[AddrInfo], watch: Watch) -> socket.socket:
        watch.doing = f"connecting to {watch.where}"
        watch.connecting = perf_counter()
        try:
            sock = await start_connection(
                addresses,
                loop=self._loop,
                happy_eyeballs_delay=HAPPY_EYEBALLS_SECONDS,
                socket_factory=self._guard.socket_factory,
            )
        except OSError as error:
            raise connect_failure(watch.where, error) from error
        watch.connected = perf_counter()
        watch.doing = "sending the request"
        if len(addresses) > 1:
            watch.where = show(*sock.getpeername()[:2])
        return sock

    async def _encrypt(
        self, handler: "functools.partial[Handler]", sock: socket.socket, req: aiohttp.ClientRequest, watch: Watch
    ) -> ResponseHandler:
        watch.doing = f"TLS handshake with {watch.where}"
        # Certificates name hosts without the dot that ends a fully qualified name.
        name = req.host.rstrip(".")
        context = req.ssl if isinstance(req.ssl, ssl.SSLContext) else tls_context(verify=True)
        try:
            transport, protocol = await self._loop.create_connection(
                handler, sock=sock, ssl=context, server_hostname=name
            )
        except OSError as error:
            raise tls_failure(watch.where, name, error) from error
        watch.secured = perf_counter()
        watch.doing = "sending the request"
        watch.certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return protocol


class Handler(ResponseHandler):
    """aiohttp's side of one connection, with the moments marked, the headers limited, and no lingering at the end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, watch: Watch) -> None:
        super().__init__(loop)
        self._watch = watch
        self._header_bytes = 0
        self._answered = False

    def start_timeout(self) -> None:
        """aiohttp calls it when the request is on its way, body included."""
        if self._watch.first_byte is None:
            self._watch.sent = perf_counter()
            self._watch.doing = "connected, waiting for the first byte"
        super().start_timeout()

    def data_received(self, data: bytes) -> None:
        watch = self._watch
        if watch.first_byte is None:
            watch.first_byte = perf_counter()
            watch.doing = "reading the headers"
        super().data_received(data)
        if not self._answered:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES:
                self.abort()
                self.set_exception(headers_too_large(watch.where))

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Takes the parsed head of an answer; 1xx are heads too, and others follow them."""
        self._answered = data[0].code >= 200 or data[0].code == 101
        super().feed_data(data, size)

    def close(self) -> None:
        """At once: a peer that never reads, or never says goodbye in TLS, would keep the socket open for 30 s."""
        self.abort()


class ThreadResolver(AbstractResolver):
    """The system's look-up in threads of its own: slow names must not hold up other work, nor other work them."""

    def __init__(self, threads: int = LOOKUP_THREADS) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="lookup")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        watch = WATCH.get(None) or Watch()
        watch.waits_for_thread = True
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self.pool, self._look_up, host, port, family, watch)
        return [
            ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=0)
            for kind, _, proto, _, address in found
        ]

    @staticmethod
    def _look_up(host: str, port: int, family: socket.AddressFamily, watch: Watch) -> list[Any]:
        watch.waits_for_thread = False
        watch.lookup_began = perf_counter()
        # As bytes: text goes through Python's old IDNA codec, and yarl has encoded the name already.
        return socket.getaddrinfo(host.encode("ascii"), port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)

    async def close(self) -> None:
        # A look-up cannot be interrupted; it ends by itself and nobody waits for it.
        self.pool.shutdown(wait=False, cancel_futures=True)


@functools.cache
def tls_context(verify: bool) -> ssl.SSLContext:
    """Made once: reading the system's certificates takes 35 ms."""
    context = ssl.create_default_context()
    # Python 3.13 switched this on; browsers do not ask for it, and many private authorities fail it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def certificate_facts(der: bytes) -> dict[str, str]:
    """`{subject, issuer, notAfter}`, read once for each certificate; empty for one that cannot be read."""
    fingerprint = hashlib.sha256(der).digest()
    facts = CERTIFICATES.get(fingerprint)
    if facts is None:
        if len(CERTIFICATES) >= MAX_CERTIFICATES:
            CERTIFICATES.clear()
        facts = CERTIFICATES[fingerprint] = read_certificate(der)
    return facts


def read_certificate(der: bytes) -> dict[str, str]:
    try:
        certificate = x509.load_der_x509_certificate(der)
        return {
            "subject": certificate.subject.rfc4514_string()[:NAME_LENGTH],
            "issuer": certificate.issuer.rfc4514_string()[:NAME_LENGTH],
            "notAfter": rfc3339(certificate.not_valid_after_utc),
        }
    except (ValueError, x509.InvalidVersion):
        return {}


@functools.lru_cache(maxsize=8192)
def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # No name has a colon: this is an address with a zone, for the guard to judge.
        return ":" in host
    return True


def address_info(ip: str, port: int) -> AddrInfo:
    if ":" in ip:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (ip, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (ip, port)


def show(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
