"""More than a hundred servers that mean harm to every kind of probe, all at once: what they cost us and the others."""

import asyncio
import math
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import dns.flags
import dns.message
import pytest

from is0k.probes.base import Outcome
from is0k.probes.dns import DnsProbe
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.probes.tcp import TcpProbe
from is0k.probes.tls import TlsProbe
from is0k.schema.enums import CheckStatus, Reason, StartTls
from is0k.schema.tcp_settings import TcpSettings
from is0k.schema.tls_settings import TlsSettings
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.issuing import issue, serving, trusting
from is0k.tests.probes.name_server import NameServer, TcpScript, asked, rrset, says, truncated
from is0k.tests.probes.site import FLOOD, Script, Site, for_ever, page, reset, settings, silent
from is0k.tests.probes.stopwatch import own_time
from is0k.tests.probes.test_dns_hostile import ladder, other_id
from is0k.tests.probes.test_hostile_servers import SERVERS, watched_memory

pytestmark = pytest.mark.anyio

TIMEOUT = 1.0
AT_ONCE_OF_EACH = 3
MEMORY_MIB = 64
DELAY_SECONDS = 1.0

ROOT = issue("Root")
GOOD = issue("x", ROOT, "good.test")


def then_for_ever(start: bytes, again: bytes, pause: float = 0.0) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        await for_ever(again, pause)(reader, writer)

    return script


TCP: dict[str, Script] = {
    "a flood": for_ever(FLOOD, 0),
    "a drip": for_ever(b"x", 0.01),
    "silence": silent,
    "a reset": reset,
}
# A record of 16 KiB that holds a handshake message, and the head of one that is 16 MiB long.
RECORD, HUGE_MESSAGE = b"\x16\x03\x03\x40\x00", b"\x02\xff\xff\xff"
TLS: dict[str, Script] = {
    "silence": silent,
    "a dripping handshake": then_for_ever(RECORD, b"\x02", 0.01),
    "endless requests to begin": for_ever(b"\x16\x03\x03\x00\x04\x00\x00\x00\x00" * 1000, 0),
    "endless warnings": for_ever(b"\x15\x03\x03\x00\x02\x01\x5a" * 1000, 0),
    "an endless message": then_for_ever(RECORD + HUGE_MESSAGE + bytes(16_380), RECORD + bytes(16_384)),
    "empty records": for_ever(b"\x16\x03\x03\x00\x00" * 1000, 0),
}
STARTTLS: dict[str, tuple[StartTls, Script]] = {
    "an endless banner": (StartTls.SMTP, for_ever(b"220-hello\r\n" * 1000, 0)),
    "a banner line without end": (StartTls.SMTP, for_ever(FLOOD, 0)),
    "a dripping banner": (StartTls.SMTP, for_ever(b"220-hello\r\n", 0.02)),
    "endless news of a mailbox": (StartTls.IMAP, then_for_ever(b"* OK\r\n", b"* 1 EXISTS\r\n" * 1000)),
    "a dripping welcome": (StartTls.POP3, then_for_ever(b"+OK", b".", 0.01)),
    "an endless error": (StartTls.POSTGRES, then_for_ever(b"E\x7f\xff\xff\xffM", FLOOD)),
    "an agreement, then silence": (StartTls.POSTGRES, then_for_ever(b"S", b"", 0.01)),
}


def sized(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data


def sixty_four_kib(question: bytes) -> bytes:
    """As many addresses as fit into the largest answer."""
    answer = dns.message.make_response(dns.message.from_wire(question))
    answer.flags = dns.flags.from_text("QR RD RA")
    answer.answer = [rrset("www.example.com. 60 IN A 192.0.2.1")]
    wire = answer.to_wire(max_size=65_535)
    record = wire[-14:]
    more = (65_500 - len(wire)) // len(record)
    return wire[:6] + (1 + more).to_bytes(2) + wire[8:] + record * more


def over_tcp(*parts: Callable[[bytes], bytes], again: bytes = b"", pause: float = 0.01) -> TcpScript:
    async def script(question: bytes, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part(question))
        while not writer.is_closing():
            writer.write(again)
            await asyncio.sleep(pause)

    return script


DNS: dict[str, Callable[[], NameServer]] = {
    "64 KiB": lambda: NameServer(truncated, tcp=over_tcp(lambda asks: sized(sixty_four_kib(asks)))),
    "64 KiB of pointers": lambda: NameServer(truncated, tcp=over_tcp(lambda asks: sized(ladder(asks)))),
    "half of 64 KiB": lambda: NameServer(truncated, tcp=over_tcp(lambda asks: sized(sixty_four_kib(asks))[:32_768])),
    "a drip": lambda: NameServer(truncated, tcp=over_tcp(lambda _: b"\xff\xff", again=b"x")),
    "silence over TCP": lambda: NameServer(truncated, tcp=over_tcp()),
    "a flood of others' answers": lambda: NameServer(lambda question: other_id(question) * 200),
}


Check = Callable[[], Awaitable[Outcome]]


@dataclass
class Probes:
    """Each asks a hostile server for something it does not have."""

    http: HttpProbe
    tcp: TcpProbe
    tls: TlsProbe
    dns: DnsProbe

    def visit(self, site: Site) -> Check:
        return lambda: self.http.run(settings(site.url(), keyword="needle"), TIMEOUT)

    def call(self, site: Site, tls: bool = False) -> Check:
        asks = TcpSettings(host="good.test", port=site.port, send="hello", expect="needle", tls=tls)
        return lambda: self.tcp.run(asks, TIMEOUT)

    def shake_hands(self, site: Site, kind: StartTls = StartTls.NONE) -> Check:
        return lambda: self.tls.run(TlsSettings(host="good.test", port=site.port, start_tls=kind), TIMEOUT)

    def ask(self, server: NameServer) -> Check:
        return lambda: self.dns.run(asked(server, expected_values=["192.0.2.99"]), TIMEOUT)

    async def close(self) -> None:
        for probe in (self.http, self.tcp, self.tls, self.dns):
            await probe.close()


@pytest.fixture
def probes(names: Names) -> Probes:
    guard, trust = Guard(LOOPBACK), trusting(ROOT)
    return Probes(
        HttpProbe(guard, names, verifying=trust),
        TcpProbe(guard, names, verifying=trust),
        TlsProbe(guard, names, verifying=trust),
        DnsProbe(guard),
    )


async def hostile(probes: Probes, stack: AsyncExitStack) -> list[Check]:
    """One check of each server, all of which are up."""

    async def up(script: Script | None = None, tls: ssl.SSLContext | None = None) -> Site:
        return await stack.enter_async_context(Site(script=script, tls=tls))

    checks = [probes.visit(await up(script)) for script, _, _ in SERVERS.values()]
    checks += [probes.call(await up(script)) for script in TCP.values()]
    huge_chain = serving(issue("x", ROOT, "good.test"), *[ROOT] * 400)
    for site in [await up(script) for script in TLS.values()] + [await up(tls=huge_chain)]:
        checks += [probes.shake_hands(site), probes.call(site, tls=True)]
    checks += [probes.shake_hands(await up(script), kind) for kind, script in STARTTLS.values()]
    checks += [probes.ask(await stack.enter_async_context(made())) for made in DNS.values()]
    return checks


async def honest(probes: Probes, stack: AsyncExitStack) -> list[Check]:
    web = await stack.enter_async_context(Site({"/": page()}))
    mail = await stack.enter_async_context(Site(script=for_ever(b"220 ready\r\n", 1)))
    safe = await stack.enter_async_context(Site({"/": page()}, tls=serving(GOOD)))
    names = await stack.enter_async_context(NameServer(says("www.example.com. 60 IN A 192.0.2.1")))
    return [
        lambda: probes.http.run(settings(web.url()), 5),
        lambda: probes.tcp.run(TcpSettings(host="good.test", port=mail.port, expect="ready"), 5),
        lambda: probes.tls.run(TlsSettings(host="good.test", port=safe.port), 5),
        lambda: probes.dns.run(asked(names), 5),
    ]


@dataclass
class Cost:
    """In seconds of this process's own time."""

    hostile: list[Outcome]
    hostile_seconds: float
    honest: list[Outcome]
    honest_seconds: list[float]
    memory_mib: float

    @property
    def p99_seconds(self) -> float:
        return sorted(self.honest_seconds)[math.ceil(0.99 * len(self.honest_seconds)) - 1]


async def cost_of(checks: list[Check], others: list[Check]) -> Cost:
    seen: list[Outcome] = []
    seconds: list[float] = []
    async with watched_memory() as memory:
        began = own_time()
        running = [asyncio.ensure_future(check()) for check in checks]

        async def go_on(check: Check) -> None:
            while not all(task.done() for task in running):
                start = own_time()
                seen.append(await check())
                seconds.append(own_time() - start)

        await asyncio.gather(*map(go_on, others))
        elapsed = own_time() - began
    return Cost([task.result() for task in running], elapsed, seen, seconds, max(memory) - memory[0])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to measure memory")
async def test_hostile_servers_of_every_kind_at_once_do_not_hurt_the_others(probes: Probes) -> None:
    async with AsyncExitStack() as stack:
        checks, others = await hostile(probes, stack), await honest(probes, stack)
        cost = await cost_of(checks * AT_ONCE_OF_EACH, others)
        await probes.close()

    assert len(cost.hostile) > 100
    assert {outcome.status for outcome in cost.hostile} == {CheckStatus.DOWN}
    assert {outcome.reason for outcome in cost.honest} == {Reason.OK}
    assert cost.hostile_seconds < TIMEOUT + 2
    assert cost.p99_seconds < DELAY_SECONDS
    assert cost.memory_mib < MEMORY_MIB
