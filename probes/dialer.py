"""How a probe reaches a host: look up, connect, TLS; each step guarded, and timed where it happens."""

import asyncio
import functools
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import perf_counter
from typing import Any, TypeVar

from aiohappyeyeballs import start_connection
from aiohttp.abc import AbstractResolver, ResolveResult

from is0k.probes.base import Timings
from is0k.probes.failures import Failure, connect_failure, lookup_failure, tls_failure
from is0k.probes.guard import AddrInfo, BlockedTarget, Guard
from is0k.schema.enums import IpVersion, Reason

LOOKUP_THREADS = 64
# RFC 8305 §5: how long one address is tried alone before the next is tried beside it.
HAPPY_EYEBALLS_SECONDS = 0.25

FAMILY = {IpVersion.ANY: socket.AF_UNSPEC, IpVersion.IPV4: socket.AF_INET, IpVersion.IPV6: socket.AF_INET6}

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(slots=True)
class Watch:
    """Marks the moments of one request in seconds of perf_counter, None where there was no such moment."""

    begun: float = field(default_factory=perf_counter)
    ip_version: IpVersion = IpVersion.ANY
    lookup_began: float | None = None
    resolved: float | None = None
    connecting: float | None = None
    connected: float | None = None
    secured: float | None = None
    sent: float | None = None
    first_byte: float | None = None
    # host:port until one address is chosen, then that.
    where: str = ""
    # All that were found and may be connected to.
    addresses: list[str] = field(default_factory=list)
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


def time_out(watch: Watch, timeout_seconds: float) -> Failure:
    """What it means that a probe ran out of time."""
    if watch.waits_for_thread:
        return Failure(Reason.INTERNAL_ERROR, "too many names were being looked up at once on this machine")
    return Failure(Reason.TIMEOUT, f"no answer within {timeout_seconds:g} s ({watch.doing})")


def milliseconds(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1000, 3)


class Dialer:
    """`watch` is told of every step. Raises Failure for whatever does not work out."""

    def __init__(self, guard: Guard, resolver: AbstractResolver) -> None:
        self.guard, self.resolver = guard, resolver

    async def addresses(self, host: str, port: int, watch: Watch) -> list[AddrInfo]:
        """Those of the host that may be connected to; never none."""
        watch.where = f"{host}:{port}"
        if is_address(host):
            found = [address_info(host, port)]
        else:
            watch.doing = f"looking up {host}"
            found = [address_info(result["host"], port) for result in await self._resolve(host, port, watch)]
        allowed = self._allowed(found)
        watch.addresses = [str(address[4][0]) for address in allowed]
        if len(allowed) == 1:
            watch.where = show(*allowed[0][4][:2])
        return allowed

    async def connect(self, addresses: list[AddrInfo], watch: Watch) -> socket.socket:
        watch.doing = f"connecting to {watch.where}"
        watch.connecting = perf_counter()
        try:
            sock = await start_connection(
                addresses,
                loop=asyncio.get_running_loop(),
                happy_eyeballs_delay=HAPPY_EYEBALLS_SECONDS,
                socket_factory=self.guard.socket_factory,
            )
        except OSError as error:
            raise connect_failure(watch.where, error) from error
        watch.connected = perf_counter()
        if len(addresses) > 1:
            watch.where = show(*sock.getpeername()[:2])
        return sock

    async def encrypt(
        self, protocol: "functools.partial[P]", sock: socket.socket, context: ssl.SSLContext, name: str, watch: Watch
    ) -> tuple[asyncio.Transport, P]:
        watch.doing = f"TLS handshake with {watch.where}"
        # Certificates name hosts without the dot that ends a fully qualified name.
        name = name.rstrip(".")
        try:
            transport, made = await asyncio.get_running_loop().create_connection(
                protocol, sock=sock, ssl=context, server_hostname=name
            )
        except OSError as error:
            raise tls_failure(watch.where, name, error) from error
        watch.secured = perf_counter()
        watch.certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return transport, made

    async def _resolve(self, host: str, port: int, watch: Watch) -> list[ResolveResult]:
        watch.lookup_began = perf_counter()
        try:
            results = await self.resolver.resolve(host, port, family=FAMILY[watch.ip_version])
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
                self.guard.check(*address[4][:2])
            except BlockedTarget as refusal:
                refusals.append(refusal)
            else:
                allowed.append(address)
        if not allowed:
            raise Failure(Reason.BLOCKED_TARGET, str(refusals[0]))
        return allowed


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
        # As bytes: text goes through Python's old IDNA codec, and whoever asks has encoded the name already.
        return socket.getaddrinfo(host.encode("ascii"), port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)

    async def close(self) -> None:
        # A look-up cannot be interrupted; it ends by itself and nobody waits for it.
        self.pool.shutdown(wait=False, cancel_futures=True)


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
