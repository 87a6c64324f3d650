"""A thousand monitors of mixed types, on one worker in a network of its own. They look at two hosts, 600 at theirs.

Every tenth is down at its first failure, so that no confirmation hides a false one.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain, cycle, islice, repeat
from pathlib import Path
from typing import Any

from tortoise.transactions import in_transaction

from is0k import schema
from is0k.models.check import STATUSES
from is0k.models.monitor import count_by_status
from is0k.models.sql import fetch
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import create_monitor, list_monitors
from is0k.resolvers.organizations import set_plan
from is0k.resolvers.stats import stats_of
from is0k.schema.clock import SystemClock, milliseconds, moment
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorStatus, MonitorType, Plan
from is0k.schema.page import LARGEST_PAGE, PageArguments
from is0k.settings import Settings
from is0k.tests.stage.people import new_organization
from is0k.tests.stage.regions import RealRegion
from is0k.tests.stage.targets import ADDRESS, DNS, HTTP, NAME, SLOW_HTTP
from is0k.tests.stage.waiting import until

OURS, THEIRS = "127.0.0.1", "127.0.0.2"
OUR_COUNT, THEIR_COUNT = 400, 600
COUNT = OUR_COUNT + THEIR_COUNT
START_SECONDS = 20.0
CREATED_AT_ONCE = 50
UP_SINCE = "SELECT count(*) AS n FROM monitor_state WHERE status = 'up' AND last_status = 'up' AND last_tick >= $1"
CANARIES = f"{OURS}:{HTTP},{OURS}:{SLOW_HTTP},localhost:{HTTP}"


def kinds_at(host: str) -> dict[str, dict[str, Any]]:
    return {
        "http": {"type": "http", "url": f"http://{host}:{HTTP}/"},
        "slow": {"type": "http", "url": f"http://{host}:{SLOW_HTTP}/"},
        "tcp": {"type": "tcp", "host": host, "port": HTTP},
        "dns": {"type": "dns", "host": NAME, "expectedValues": [ADDRESS], "resolver": f"{host}:{DNS}"},
        "ping": {"type": "ping", "host": host, "packets": 1},
    }


def descriptions(intervals: Sequence[int]) -> Iterator[dict[str, Any]]:
    ours, theirs = kinds_at(OURS), kinds_at(THEIRS)
    # A host whose servers have died still answers pings.
    kinds = chain(
        *(repeat(ours[kind], count) for kind, count in zip(ours, (150, 100, 50, 50, 50), strict=True)),
        *(repeat(theirs[kind], count) for kind, count in (("http", 250), ("slow", 50), ("tcp", 200), ("dns", 100))),
    )
    for (place, kind), interval in zip(enumerate(kinds), cycle(intervals), strict=False):
        yield {
            "name": "Shop",
            **kind,
            "intervalSeconds": interval,
            "timeoutSeconds": 2,
            "retries": int(place % 10 > 0),
        }


class Crowd:
    def __init__(self, ctx: Context, region: RealRegion) -> None:
        self.ctx, self.region = ctx, region
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    async def open(self, host: str) -> None:
        command = (sys.executable, "-P", "-m", "is0k.tests.stage.targets", host)
        self._servers[host] = self.region.network.start(*command, cwd=self.region.folder)

        async def answers() -> bool:
            return self.region.network.listens(HTTP, host)

        await until(f"the targets at {host} answer", answers, START_SECONDS)

    async def create(self, descriptions: Iterator[dict[str, Any]]) -> None:
        """A transaction for many is quicker than one for each, and one for all would hold up the worker."""
        while some := list(islice(descriptions, CREATED_AT_ONCE)):
            async with in_transaction():
                for description in some:
                    await create_monitor(self.ctx, read(schema.CreateMonitorInput, description, Flat(MonitorType)))

    def kill(self, host: str) -> None:
        """Whoever asks there is refused."""
        self._servers[host].kill()
        self._servers[host].wait()

    def close(self) -> None:
        for host in self._servers:
            self.kill(host)

    @property
    def now(self) -> int:
        """In milliseconds since the epoch, as ticks are."""
        return milliseconds(self.ctx.clock.now())

    async def statuses(self) -> Counter[MonitorStatus]:
        """How many monitors there are of each, as people read it."""
        return Counter({status: count for status, count in (await count_by_status(self.now)).items() if count})

    async def until_up_since(self, tick: int, seconds: float) -> None:
        """All are up, and each was found so by a check of then or later."""

        async def are_up() -> bool:
            rows = await fetch(UP_SINCE, tick)
            return int(rows[0]["n"]) == COUNT

        await until(f"all are up by a check since {moment(tick)}", are_up, seconds)

    async def checks(self, since: int = 0) -> Counter[str]:
        """How many there are of each status."""
        rows = await fetch("SELECT status, count(*) AS n FROM check_result WHERE tick >= $1 GROUP BY status", since)
        return Counter({STATUSES[row["status"]].value: row["n"] for row in rows})

    async def stats(self, since: int) -> list[schema.Stats]:
        """Of every monitor until now, as people read them."""
        found, cursor, now = list[schema.Stats](), None, self.ctx.clock.now()
        while True:
            page = await list_monitors(
                self.ctx, schema.MonitorFilter(), PageArguments(limit=LARGEST_PAGE, cursor=cursor)
            )
            found += await stats_of(page.items, schema.StatsRange(from_=moment(since)), now)
            cursor = page.next_cursor
            if cursor is None:
                return found


@asynccontextmanager
async def working_crowd(settings: Settings, folder: Path, intervals: Sequence[int]) -> AsyncIterator[Crowd]:
    """With its servers, its worker and its monitors, in an open database; their first checks are under way."""
    environment = {
        "IS0K_DATABASE_URL": settings.database,
        "IS0K_REDIS_URL": settings.redis,
        "IS0K_DATA_DIR": str(settings.data_dir),
        "IS0K_CANARIES": CANARIES,
    }
    ctx = await new_organization("Ours", SystemClock())
    await set_plan(ctx, Plan.ENTERPRISE, 1_000_000)
    crowd = Crowd(ctx, RealRegion("default", folder, environment))
    try:
        for host in (OURS, THEIRS):
            await crowd.open(host)
        await crowd.region.start_worker()
        await crowd.create(descriptions(intervals))
        yield crowd
    finally:
        crowd.region.close()
        crowd.close()
