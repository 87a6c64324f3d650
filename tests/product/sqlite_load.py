"""One of several processes that use a SQLite database at once, the way the API and a worker do.

`python -m is0k.tests.product.sqlite_load FOLDER SECONDS` prints how often it wrote and read, and each fault it met.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from strawberry import ID

from is0k import schema
from is0k.jobs.checker import Finding, Slot
from is0k.jobs.monitor_file import Place
from is0k.jobs.writer import write
from is0k.models.database import opened
from is0k.models.monitor_state import claim
from is0k.models.region import region_number
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import create_monitor, delete_monitor, get_monitor, list_monitors, pause_monitor
from is0k.resolvers.organizations import operator_context
from is0k.resolvers.stats import get_stats
from is0k.schema.clock import milliseconds
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import CheckStatus, MonitorType, Reason
from is0k.schema.page import PageArguments
from is0k.settings import Settings

WELL = Outcome(CheckStatus.UP, Reason.OK, latency_ms=1.5, status_code=200)
ILL = Outcome(CheckStatus.DOWN, Reason.BAD_STATUS, "status 503, expected 200", status_code=503)
SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/", "intervalSeconds": 5, "retries": 0}


class Load:
    """Does one thing after the other, chosen by chance."""

    def __init__(self, ctx: Context, region: int) -> None:
        self.ctx, self.place = ctx, Place(region, "default")
        self.writes, self.reads = 0, 0
        self.faults: list[str] = []
        self._own: list[ID] = []

    async def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await self._do(random.choice([self._work, self._work, self._change, self._look]))

    async def _do(self, deed: Callable[[], Awaitable[None]]) -> None:
        try:
            await deed()
        except Exception as error:
            self.faults.append(f"{deed.__name__}: {error!r}")

    async def _work(self) -> None:
        """As the worker: claim what is due, and write what was found, with verdicts and incidents."""
        now = milliseconds(self.ctx.clock.now())
        rows = await claim(now, now + 5_000, 50)
        slots = [Slot(row["number"], row["slot_at"], row["epoch"], row["version"]) for row in rows]
        await write([Finding(slot, 0, random.choice([WELL, ILL])) for slot in slots], self.place)
        self.writes += 2

    async def _change(self) -> None:
        """As people do."""
        monitor = await create_monitor(self.ctx, read(schema.CreateMonitorInput, SHOP, Flat(MonitorType)))
        self._own.append(monitor.id)
        await pause_monitor(self.ctx, random.choice(self._own))
        self.writes += 2
        if len(self._own) > 50:
            await delete_monitor(self.ctx, self._own.pop(0))
            self.writes += 1

    async def _look(self) -> None:
        for monitor in (await list_monitors(self.ctx, schema.MonitorFilter(), PageArguments(limit=5))).items:
            # Another process may have deleted it meanwhile; only its own are surely there.
            self.reads += 1
            if monitor.id in self._own:
                await get_monitor(self.ctx, monitor.id)
                await get_stats(self.ctx, monitor.id, schema.StatsRange())
                self.reads += 2


async def main(folder: Path, seconds: float) -> None:
    async with opened(Settings(data_dir=folder)):
        load = Load(await operator_context(), await region_number("default"))
        await load.run(seconds)
    print(json.dumps({"writes": load.writes, "reads": load.reads, "faults": load.faults}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
