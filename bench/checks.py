"""Row `checks`: N monitors on one installation. Is every slot kept, how late is it begun, what does a check cost?"""

import asyncio
import math
import time
from collections.abc import Sequence
from typing import NamedTuple

from is0k.bench.installation import Installation
from is0k.bench.processes import Meter
from is0k.bench.rows import Figures, Load, percentile
from is0k.models.sql import Row

# Results are on their way for a quarter of a second, and longer on a machine that is busy.
SETTLE_SECONDS = 5.0
COST = "CPU per check, all, ms"


class Window(NamedTuple):
    """In milliseconds since the epoch, the end not included."""

    start: int
    end: int

    @classmethod
    def soon(cls, seconds: int) -> "Window":
        start = math.ceil(time.time() + 1) * 1000
        return cls(start, start + seconds * 1000)

    async def begins(self) -> None:
        await asyncio.sleep(self.start / 1000 - time.time())

    async def ends(self) -> None:
        await asyncio.sleep(self.end / 1000 - time.time())


class Checks:
    def __init__(self, kind: str, installation: Installation, load: Load) -> None:
        self._installation, self._load = installation, load
        self.name = name_of(kind, load)

    async def prepare(self) -> None:
        await self._installation.prepare()

    async def measure(self) -> Figures:
        async with self._installation.running() as product:
            await self._all_are_checked()
            window = Window.soon(self._load.seconds)
            await window.begins()
            meter = Meter(product.processes)
            await window.ends()
            cpu_ms, memory_mb = meter.cpu_ms(), meter.memory_mb()
            await asyncio.sleep(SETTLE_SECONDS)
        return await self._kept(window) | await self._cost(window, cpu_ms, memory_mb)

    async def _all_are_checked(self) -> None:
        """After a start each monitor has a slot to catch up with: the regular schedule begins when all have done so."""
        started_at = time.time()
        patience = 2 * self._load.interval_seconds + 60
        while (checked := await self._checked_since(int(started_at * 1000))) < self._load.monitors:
            assert time.time() < started_at + patience, f"only {checked} monitors were checked in {patience} s"
            await asyncio.sleep(1)

    async def _checked_since(self, moment: int) -> int:
        rows = await self._installation.read(
            "SELECT count(*) AS n FROM monitor_state WHERE last_checked_at >= $1", moment
        )
        return int(rows[0]["n"])

    async def _kept(self, window: Window) -> dict[str, float]:
        monitors = await self._installation.read("SELECT number, phase_ms, interval_ms FROM monitor_state")
        checks = await self._stored(window)
        planned = {(row["number"], slot) for row in monitors for slot in slots_of(row, window)}
        stored = {(row["number"], row["tick"]) for row in checks}
        lags = [row["lag_ms"] for row in checks]
        return {
            "slots planned": len(planned),
            "slots lost": len(planned - stored),
            "checks that were not up": sum(row["status"] != 0 for row in checks),
            "start lateness p50, ms": percentile(lags, 50),
            "start lateness p99, ms": percentile(lags, 99),
            "start lateness max, ms": max(lags),
        }

    async def _cost(self, window: Window, cpu_ms: dict[str, float], memory_mb: dict[str, float]) -> dict[str, float]:
        checks = len(await self._stored(window))
        return {
            COST: sum(cpu_ms.values()) / checks,
            **{f"CPU per check, {part}, ms": spent / checks for part, spent in cpu_ms.items()},
            "RSS, all, MB": sum(memory_mb.values()),
            **{f"RSS, {part}, MB": held for part, held in memory_mb.items()},
        }

    async def _stored(self, window: Window) -> Sequence[Row]:
        return await self._installation.read(
            "SELECT number, tick, lag_ms, status FROM check_result WHERE tick >= $1 AND tick < $2", *window
        )


def slots_of(row: Row, window: Window) -> range:
    """The regular slots of a monitor in the window: whole intervals since the epoch, and its own phase."""
    interval_ms: int = row["interval_ms"]
    first = window.start + (row["phase_ms"] - window.start) % interval_ms
    return range(first, window.end, interval_ms)


def name_of(kind: str, load: Load) -> str:
    return f"checks of {load.monitors:,} {kind} monitors"
