"""Monitors, what is found about them, and what is stored of it, in few words."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from is0k import models
from is0k.jobs.checker import Finding, Slot
from is0k.jobs.monitor_file import Place
from is0k.jobs.writer import Writer
from is0k.models.check import REASONS, STATUSES
from is0k.models.sql import Row, execute, fetch
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.schema.enums import CheckStatus, Reason
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

REGION = Place(1, "default")
UP, DOWN, UNKNOWN, DEGRADED = CheckStatus.UP, CheckStatus.DOWN, CheckStatus.UNKNOWN, CheckStatus.DEGRADED

WELL = Outcome(UP, Reason.OK, latency_ms=12.5, status_code=200)
ILL = Outcome(DOWN, Reason.BAD_STATUS, "status 503, expected 200", latency_ms=9.25, status_code=503)
SLOW = Outcome(DEGRADED, Reason.OK, "took 900 ms, more than 500 ms", latency_ms=900.0, status_code=200)
BLIND = Outcome(UNKNOWN, Reason.OBSERVER_UNHEALTHY, "no canary answers")
OUTCOMES = {UP: WELL, DOWN: ILL, DEGRADED: SLOW, UNKNOWN: BLIND}


async def monitor(ctx: Context, **fields: Any) -> int:
    """The number of a new one."""
    return (await new_monitor(ctx, **fields)).number


async def monitors(ctx: Context, count: int, **fields: Any) -> list[int]:
    return [await monitor(ctx, **fields) for _ in range(count)]


def finding(number: int, tick: int, outcome: Outcome = WELL, epoch: int = 0, lag_ms: int = 3) -> Finding:
    return Finding(Slot(number, tick, epoch, 0), lag_ms, outcome)


async def state_of(number: int) -> models.MonitorState:
    return await models.MonitorState.get(number=number)


async def checks_of(number: int) -> list[Row]:
    """Oldest first, as they are stored."""
    return await fetch("SELECT * FROM check_result WHERE number = $1 ORDER BY tick, region", number)


async def ticks_of(number: int) -> list[int]:
    return [row["tick"] for row in await checks_of(number)]


def words(row: Row) -> tuple[str, str]:
    return STATUSES[row["status"]].value, REASONS[row["reason"]].value


async def incidents_of(number: int) -> list[models.Incident]:
    """Oldest first."""
    return await models.Incident.filter(monitor_number=number).order_by("started_at")


@asynccontextmanager
async def without_table(name: str) -> AsyncIterator[None]:
    """Statements that need it fail, on either database, as a database does that is half broken."""
    await execute(f"ALTER TABLE {name} RENAME TO {name}_away")
    try:
        yield
    finally:
        await execute(f"ALTER TABLE {name}_away RENAME TO {name}")


async def soon(seen: Callable[[], object], seconds: float = 20) -> None:
    """Returns when it is so; for what happens in this process."""
    async with asyncio.timeout(seconds):
        while not seen():
            await asyncio.sleep(0.005)


async def sooner_or_later(seen: Callable[[], Awaitable[object]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await seen():
            await asyncio.sleep(0.02)


class FakeProbe:
    """Says what it is told to; a target named in `hanging` is waited for until `let_go`."""

    def __init__(self) -> None:
        self.outcome = WELL
        self.started: list[str] = []
        self.hanging: set[str] = set()
        self.let_go = asyncio.Event()
        self.error: BaseException | None = None
        self.is_closed = False

    async def run(self, settings: Any, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        self.started.append(settings.url)
        if settings.url in self.hanging:
            await self.let_go.wait()
        if self.error:
            raise self.error
        return self.outcome

    async def close(self) -> None:
        self.is_closed = True


def urls(count: int) -> Sequence[str]:
    return [f"https://shop{place}.example/" for place in range(count)]


@asynccontextmanager
async def running(clock: FakeClock, retry_seconds: float = 0.02) -> AsyncIterator[Writer]:
    """A writer at work; at the end it writes what is left, and stops."""
    writer = Writer(REGION, clock, retry_seconds)
    task = asyncio.create_task(writer.run())
    yield writer
    writer.stop()
    await asyncio.wait_for(task, 30)


async def stored() -> int:
    return int((await fetch("SELECT count(*) AS n FROM check_result"))[0]["n"])


async def until_stored(count: int) -> None:
    async def seen() -> bool:
        return await stored() == count

    await sooner_or_later(seen)


async def until_failed(logs: Sequence[Mapping[str, object]], times: int) -> None:
    async def seen() -> bool:
        return len([line for line in logs if "could not write" in str(line["event"])]) >= times

    await sooner_or_later(seen)
