"""Something real for every reason a check can give: a server that behaves so, or a job, a clock or a network."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from is0k import schema
from is0k.jobs.checker import Vouch, trust
from is0k.probes.base import Probe
from is0k.probes.dns import DnsProbe
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.probes.icmp import Icmp
from is0k.probes.icmp_socket import NoRight
from is0k.probes.name_servers import SystemServers
from is0k.probes.ping import PingProbe
from is0k.probes.tcp import TcpProbe
from is0k.probes.tls import TlsProbe
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import create_monitor
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorType, PingKind, Reason
from is0k.tests.jobs.birdcage import FakeNetwork, watching
from is0k.tests.jobs.scene import without_table
from is0k.tests.probes import name_server
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.echoes import HOST, Carry, Network, echo, losing, nothing, unreachable
from is0k.tests.probes.issuing import DAY, Paper, issue, serving, trusting
from is0k.tests.probes.name_server import NameServer, TcpScript, says
from is0k.tests.probes.site import Script, Site, closed_port, page, redirect, reset, saying, silent
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.jobs import call, listened, new_heartbeat

HTTP, TCP, TLS, DNS, PING = MonitorType.HTTP, MonitorType.TCP, MonitorType.TLS, MonitorType.DNS, MonitorType.PING
ROOT = issue("Root")
GOOD = issue("x", ROOT, "good.test")
EXPIRING = issue("x", ROOT, "good.test", begins=-80 * DAY, ends=DAY)
STRANGE = issue("x", issue("Stranger"), "good.test")
METADATA = "169.254.169.254"
HOUR = 3600
A_RECORD = "www.example.com. 60 IN A 192.0.2.1"


@dataclass
class Stage:
    """Where a cause is set up, and what the worker there has to work with."""

    ctx: Context
    clock: FakeClock
    stack: AsyncExitStack
    folder: Path
    echoes: Network = field(default_factory=Network)
    vouch: Vouch = trust
    # How long ago the check was due.
    overdue_ms: int = 0

    def probes(self) -> dict[MonitorType, Probe]:
        guard, names, trust = Guard(LOOPBACK), Names(), trusting(ROOT)
        resolv_conf = self.folder / "resolv.conf"
        resolv_conf.write_text("nameserver 127.0.0.1\n")
        return {
            HTTP: HttpProbe(guard, names, verifying=trust),
            TCP: TcpProbe(guard, names, verifying=trust),
            TLS: TlsProbe(guard, names, verifying=trust),
            DNS: DnsProbe(guard, system=SystemServers(resolv_conf, port=name_server.closed_port())),
            PING: PingProbe(guard, names, icmp=Icmp(self.echoes.open)),
        }

    async def watch(self, type: MonitorType, **fields: Any) -> int:
        """The number of a new monitor, described the way REST does."""
        body = {"name": "Shop", "type": type.value, "timeoutSeconds": 1, **fields}
        return (await create_monitor(self.ctx, read(schema.CreateMonitorInput, body, Flat(MonitorType)))).number


SetUp = Callable[[Stage], Awaitable[int]]


class Cause(NamedTuple):
    reason: Reason
    type: MonitorType
    # Of the message; empty where all is well.
    words: str
    # The number of the monitor that comes to it.
    set_up: SetUp


def web(answers: dict[str, bytes] | Script, tls: Paper | None = None, path: str = "/", **fields: Any) -> SetUp:
    async def set_up(stage: Stage) -> int:
        script, pages = (answers, {}) if callable(answers) else (None, answers)
        site = await stage.stack.enter_async_context(Site(pages, script, serving(tls) if tls else None, hangs_up=True))
        return await stage.watch(HTTP, url=site.url(path, "good.test"), **fields)

    return set_up


def port(type: MonitorType, script: Script | None, certificate: Paper | None = None, **fields: Any) -> SetUp:
    async def set_up(stage: Stage) -> int:
        context = serving(certificate) if certificate else None
        site = await stage.stack.enter_async_context(Site(script=script, tls=context, hangs_up=True))
        return await stage.watch(type, host="good.test", port=site.port, **fields)

    return set_up


def answer(script: name_server.Script, tcp: TcpScript | None = None, **fields: Any) -> SetUp:
    async def set_up(stage: Stage) -> int:
        server = await stage.stack.enter_async_context(NameServer(script, tcp))
        return await stage.watch(DNS, host="www.example.com", recordType="A", resolver=server.where, **fields)

    return set_up


def echoes(carry: Carry, **fields: Any) -> SetUp:
    async def set_up(stage: Stage) -> int:
        stage.echoes.carry = carry
        return await stage.watch(PING, host=HOST, **fields)

    return set_up


def only(type: MonitorType, **fields: Any) -> SetUp:
    return lambda stage: stage.watch(type, **fields)


def job(said: PingKind, later_seconds: float, heard_minutes: float, **more: Any) -> SetUp:
    async def set_up(stage: Stage) -> int:
        backup = await new_heartbeat(stage.ctx, intervalSeconds=86_400)
        await call(backup, stage.clock, said, **more)
        stage.clock.move(later_seconds)
        await listened(stage.clock, heard_minutes)
        return backup.number

    return set_up


async def no_right_to_ping(stage: Stage) -> int:
    stage.echoes.open_error = NoRight()
    return await stage.watch(PING, host=HOST)


async def overdue(stage: Stage) -> int:
    stage.overdue_ms = 60_001
    return await stage.watch(HTTP, url="https://shop.example/")


async def cut_off(stage: Stage) -> int:
    """The target is gone, and so is everything else."""
    network = FakeNetwork()
    stage.vouch = (await stage.stack.enter_async_context(watching(network, stage.clock))).vouch
    network.cut()
    return await nobody(HTTP)(stage)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65_536)


async def silent_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def cut_short(question: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\xff")
    writer.write_eof()


async def database_away(stage: Stage) -> int:
    backup = await new_heartbeat(stage.ctx)
    await call(backup, stage.clock)
    await stage.stack.enter_async_context(without_table("listening"))
    return backup.number


async def no_name_server(stage: Stage) -> int:
    where = f"127.0.0.1:{name_server.closed_port()}"
    return await stage.watch(DNS, host="www.example.com", recordType="A", resolver=where)


async def deaf(stage: Stage) -> int:
    """The job was due while nobody here could be called."""
    backup = await new_heartbeat(stage.ctx, intervalSeconds=86_400)
    await call(backup, stage.clock)
    await listened(stage.clock, 1)
    stage.clock.move(HOUR + 400)
    await listened(stage.clock, 0)
    return backup.number


def nobody(type: MonitorType) -> SetUp:
    """Nobody listens on the port. It is chosen late: a free port does not stay free for long."""

    async def set_up(stage: Stage) -> int:
        if type is HTTP:
            return await stage.watch(HTTP, url=f"http://good.test:{closed_port()}/")
        return await stage.watch(type, host="good.test", port=closed_port())

    return set_up


AWAY = {"host": "nowhere.invalid", "port": 1}
INSIDE = {"host": METADATA, "port": 80}
OK_PAGE = {"/": page(b"all is well")}
ROUND = {"/": redirect("/b"), "/b": redirect("/")}
LARGE = b"HTTP/1.1 200 OK\r\na: " + b"x" * 200_000
NOT_204 = [{"source": "status", "op": "eq", "target": "204"}]
BYE = [{"source": "body", "op": "contains", "target": "bye"}]
A_YEAR = [{"source": "certificate_days", "op": "gt", "target": "365"}]
OTHER_ANSWER = [{"source": "answers", "op": "contains", "target": "192.0.2.2"}]
NO_LOSS = [{"source": "packet_loss", "op": "eq", "target": "0"}]

CAUSES = (
    Cause(Reason.OK, HTTP, "", web(OK_PAGE, GOOD)),
    Cause(Reason.OK, TCP, "", port(TCP, saying(b"220 ready"), expect="ready")),
    Cause(Reason.OK, TLS, "", port(TLS, silent, GOOD)),
    Cause(Reason.OK, DNS, "", answer(says(A_RECORD))),
    Cause(Reason.OK, PING, "", echoes(echo)),
    Cause(Reason.OK, MonitorType.HEARTBEAT, "", job(PingKind.SUCCESS, 1, 1)),
    Cause(Reason.TIMEOUT, HTTP, "waiting for the first byte", web(silent_for_ever)),
    Cause(Reason.TIMEOUT, TCP, "says nothing", port(TCP, silent_for_ever, expect="x")),
    Cause(Reason.TIMEOUT, TLS, "TLS handshake", port(TLS, silent_for_ever)),
    Cause(Reason.TIMEOUT, DNS, "no answer within", answer(name_server.silent)),
    Cause(Reason.TIMEOUT, PING, "no answer from", echoes(nothing)),
    Cause(Reason.DNS_ERROR, HTTP, "does not resolve", only(HTTP, url="http://nowhere.invalid/")),
    Cause(Reason.DNS_ERROR, TCP, "does not resolve", only(TCP, **AWAY)),
    Cause(Reason.DNS_ERROR, TLS, "does not resolve", only(TLS, **AWAY)),
    Cause(Reason.DNS_ERROR, DNS, "does not exist", answer(says(rcode="NXDOMAIN"))),
    Cause(Reason.DNS_ERROR, PING, "does not resolve", only(PING, host="nowhere.invalid")),
    Cause(Reason.CONNECTION_REFUSED, HTTP, "refused", nobody(HTTP)),
    Cause(Reason.CONNECTION_REFUSED, TCP, "refused", nobody(TCP)),
    Cause(Reason.CONNECTION_REFUSED, TLS, "refused", nobody(TLS)),
    Cause(Reason.CONNECTION_REFUSED, DNS, "refused", no_name_server),
    Cause(Reason.CONNECTION_RESET, HTTP, "reset", web(reset)),
    Cause(Reason.CONNECTION_RESET, TCP, "reset", port(TCP, reset, send="hello", expect="x")),
    Cause(Reason.CONNECTION_RESET, TLS, "reset", port(TLS, reset)),
    Cause(Reason.CONNECTION_RESET, DNS, "before its answer was complete", answer(name_server.truncated, cut_short)),
    Cause(Reason.CONNECTION_ERROR, HTTP, "before the answer was complete", web(hang_up)),
    Cause(Reason.CONNECTION_ERROR, TCP, "without a word", port(TCP, hang_up, send="hello", expect="x")),
    Cause(Reason.CONNECTION_ERROR, TLS, "before it agreed", port(TLS, saying(b""), startTls="smtp")),
    Cause(Reason.CONNECTION_ERROR, PING, "no route", echoes(unreachable)),
    Cause(Reason.TLS_ERROR, HTTP, "issuer is not trusted", web(OK_PAGE, STRANGE)),
    Cause(Reason.TLS_ERROR, TCP, "issuer is not trusted", port(TCP, silent, STRANGE, tls=True)),
    Cause(Reason.TLS_ERROR, TLS, "issuer", port(TLS, silent, STRANGE)),
    Cause(Reason.TLS_EXPIRING, HTTP, "expires in", web(OK_PAGE, EXPIRING)),
    Cause(Reason.TLS_EXPIRING, TLS, "expires in", port(TLS, silent, EXPIRING)),
    Cause(Reason.BAD_STATUS, HTTP, "status 503", web({"/": page(status=503)})),
    Cause(Reason.BAD_STATUS, MonitorType.HEARTBEAT, "exit code 3", job(PingKind.FAIL, 1, 1, exit_code=3)),
    Cause(Reason.KEYWORD_MISSING, HTTP, "is missing", web(OK_PAGE, keyword="ill")),
    Cause(Reason.KEYWORD_MISSING, TCP, "is not in", port(TCP, saying(b"554 no"), expect="ready")),
    Cause(Reason.KEYWORD_PRESENT, HTTP, "is in the body", web(OK_PAGE, keyword="well", keywordMode="absent")),
    Cause(Reason.ASSERTION_FAILED, HTTP, "expected 204", web(OK_PAGE, assertions=NOT_204)),
    Cause(Reason.ASSERTION_FAILED, TCP, "'bye'", port(TCP, saying(b"220 ready"), expect="220", assertions=BYE)),
    Cause(Reason.ASSERTION_FAILED, TLS, "365", port(TLS, silent, GOOD, assertions=A_YEAR)),
    Cause(Reason.ASSERTION_FAILED, DNS, "192.0.2.2", answer(says(A_RECORD), assertions=OTHER_ANSWER)),
    Cause(Reason.ASSERTION_FAILED, PING, "25 %", echoes(losing(0), assertions=NO_LOSS)),
    Cause(Reason.PACKET_LOSS, PING, "3 of 4", echoes(losing(0, 1, 2))),
    Cause(Reason.DNS_MISMATCH, DNS, "192.0.2.2", answer(says(A_RECORD), expectedValues=["192.0.2.2"])),
    Cause(Reason.TOO_MANY_REDIRECTS, HTTP, "more than 5", web(ROUND)),
    Cause(Reason.RESPONSE_TOO_LARGE, HTTP, "headers", web(saying(LARGE))),
    Cause(Reason.BLOCKED_TARGET, HTTP, "metadata", only(HTTP, url=f"http://{METADATA}/")),
    Cause(Reason.BLOCKED_TARGET, TCP, "metadata", only(TCP, **INSIDE)),
    Cause(Reason.BLOCKED_TARGET, TLS, "metadata", only(TLS, **INSIDE)),
    Cause(Reason.BLOCKED_TARGET, PING, "metadata", only(PING, host=METADATA)),
    Cause(Reason.BLOCKED_TARGET, DNS, "metadata", only(DNS, host="a.example", recordType="A", resolver=METADATA)),
    Cause(Reason.LATE, HTTP, "Picked up 60 s after", overdue),
    Cause(Reason.MISSED, MonitorType.HEARTBEAT, "no call since", job(PingKind.SUCCESS, HOUR + 300, 120)),
    Cause(Reason.OBSERVER_UNHEALTHY, HTTP, "connection refused", cut_off),
    Cause(Reason.OBSERVER_UNHEALTHY, MonitorType.HEARTBEAT, "could not be", deaf),
    Cause(Reason.INTERNAL_ERROR, MonitorType.HEARTBEAT, "The probe failed", database_away),
    Cause(Reason.INTERNAL_ERROR, PING, "may not send", no_right_to_ping),
    Cause(Reason.INTERNAL_ERROR, DNS, "this machine", only(DNS, host="www.example.com", recordType="A")),
)
