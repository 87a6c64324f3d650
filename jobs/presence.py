"""Says every ten seconds that this region has a worker, and how late its checks begin."""

import asyncio
from collections.abc import Callable

import structlog

from is0k.jobs.monitor_file import LARGEST_LAG_MS
from is0k.jobs.stopping import within
from is0k.models.region import touch_region
from is0k.schema.clock import Clock, milliseconds

log = structlog.get_logger("is0k.presence")

BETWEEN_SECONDS = 10.0


class Presence:
    """`take_worst_lag_ms` says how late checks began at worst since it was asked last; None if none did."""

    def __init__(
        self,
        region_number: int,
        version: str,
        clock: Clock,
        take_worst_lag_ms: Callable[[], int | None],
        between_seconds: float = BETWEEN_SECONDS,
    ) -> None:
        self.region_number, self.version, self.clock = region_number, version, clock
        self.take_worst_lag_ms, self.between_seconds = take_worst_lag_ms, between_seconds
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            await self._speak_up()
            await within(self._stopping, self.between_seconds)

    async def _speak_up(self) -> None:
        lag_ms = self.take_worst_lag_ms()
        if lag_ms is not None:
            lag_ms = min(lag_ms, LARGEST_LAG_MS)
        try:
            await touch_region(self.region_number, milliseconds(self.clock.now()), self.version, lag_ms)
        except Exception as error:
            # The database is away or busy: the region looks as if it were gone, and its checks go on.
            log.warning("could not say that this region is there", error=repr(error))
