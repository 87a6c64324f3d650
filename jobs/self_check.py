"""A check of ourselves that goes all the way: a real probe of a server of our own, a verdict, the database and back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

from is0k.jobs.verdict import Policy, Result, State, judge
from is0k.models.region import record_self_check
from is0k.probes.base import Probe
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.schema.clock import Clock, milliseconds
from is0k.schema.enums import MonitorStatus
from is0k.schema.http_settings import HttpSettings

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
PROBE_SECONDS = 5.0
POLICY = Policy(interval_ms=60_000, retries=0)


class SelfCheckFailed(Exception):
    """The text says where it ended."""


class SelfCheck:
    def __init__(self, region_number: int, clock: Clock, probe: Probe | None = None) -> None:
        self.region_number, self.clock = region_number, clock
        self.probe = probe or HttpProbe(Guard([ip_network("127.0.0.1/32")]))

    async def run(self, url: str) -> None:
        """Raises SelfCheckFailed, or whatever the database says."""
        now = milliseconds(self.clock.now())
        outcome = await self.probe.run(HttpSettings(url=url, keyword="ok"), PROBE_SECONDS)
        result = Result(now, 0, outcome.status, outcome.reason, outcome.message)
        if judge(POLICY, State(), result).state.status is not MonitorStatus.UP:
            raise SelfCheckFailed(f"a check of this worker's own server ended with: {outcome.message}")
        stored = await record_self_check(self.region_number, now)
        if stored is None or stored < now:
            raise SelfCheckFailed("what was stored is not what is read back")

    async def close(self) -> None:
        await self.probe.close()


@asynccontextmanager
async def local_target() -> AsyncIterator[str]:
    """The URL of a server on loopback that is always well."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        async with asyncio.timeout(PROBE_SECONDS):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await writer.drain()
    writer.close()
