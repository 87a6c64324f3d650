"""The pulse of the event loop: whether this process stood still, or was so busy that it was late for what it measures.

A process that was stopped, a machine that slept and one that is overloaded look the same from within: what should come
every tenth of a second comes later.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from is0k.jobs.stopping import within

log = structlog.get_logger("is0k.observer")

BEAT_SECONDS = 0.1
LARGEST_LAG_SECONDS = 1.0

# Goes on while the machine sleeps, unlike the clock of event loops and time-outs.
AWAKE_OR_ASLEEP: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot() -> float:
    return time.clock_gettime(AWAKE_OR_ASLEEP)


class Pulse:
    def __init__(self, elapsed: Callable[[], float] = since_boot) -> None:
        self.elapsed = elapsed
        self._last_beat = elapsed()
        self._last_gap_ended: float | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            self.beat()
            await within(self._stopping, BEAT_SECONDS)

    def beat(self) -> None:
        now = self.elapsed()
        late_seconds = now - self._last_beat - BEAT_SECONDS
        if late_seconds > LARGEST_LAG_SECONDS:
            self._last_gap_ended = time.monotonic()
            log.warning(
                "this worker stood still: what it measured meanwhile is unknown", seconds=round(late_seconds, 1)
            )
        self._last_beat = now

    def has_missed_since(self, moment: float) -> bool:
        """Whether it stopped for a second at any time after then, in seconds of the monotonic clock.

        Whoever asks may be woken before the pulse is, so the present gap is looked at too.
        """
        self.beat()
        return self._last_gap_ended is not None and self._last_gap_ended >= moment
