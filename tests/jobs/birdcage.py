"""Canaries that sing or not as a test wants, and an observer that listens to them."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager

from is0k.jobs.observer import Observer
from is0k.jobs.pulse import Pulse
from is0k.jobs.rounds import Rounds
from is0k.probes.canaries import Canary, Sign
from is0k.schema.clock import Clock
from is0k.tests.jobs.scene import soon

ADDRESSES = [Canary(f"192.0.2.{place}", 443) for place in (1, 2, 3)]
NAMES = [Canary("one.example", 443), Canary("two.example", 443)]
ALL = [*ADDRESSES, *NAMES]


class FakeNetwork:
    """All canaries answer, except those that are told not to. `rounds` counts how often the first was tried."""

    def __init__(self) -> None:
        self.silent: Collection[Canary] = ()
        self.nameless: Collection[Canary] = ()
        self.hanging: Collection[Canary] = ()
        self.rounds = 0
        self.let_go = asyncio.Event()

    async def __call__(self, canary: Canary) -> Sign:
        self.rounds += canary is ALL[0]
        if canary in self.hanging:
            await self.let_go.wait()
        if canary in self.nameless:
            return Sign.NAMELESS
        return Sign.SILENT if canary in self.silent else Sign.ANSWERS

    def cut(self) -> None:
        self.silent = ALL

    def mend(self) -> None:
        self.silent = self.nameless = ()


def rounds_of(network: FakeNetwork, proven: Iterable[Canary] = ALL, between_seconds: float = 3600.0) -> Rounds:
    """Rounds that are made when somebody asks, and almost never else."""

    async def read() -> list[str]:
        return [str(canary) for canary in proven]

    return Rounds(ALL, network, read, between_seconds, shortest_seconds=0.0)


@asynccontextmanager
async def watching(
    network: FakeNetwork,
    clock: Clock,
    region_number: int = 1,
    between_seconds: float = 3600.0,
    proven: Iterable[Canary] = ALL,
    pulse: Pulse | None = None,
) -> AsyncIterator[Observer]:
    """An observer at work, after its first round."""
    observer = Observer("default", region_number, rounds_of(network, proven, between_seconds), clock, pulse)
    task = asyncio.create_task(observer.run())
    await soon(lambda: observer.rounds.latest)
    yield observer
    network.let_go.set()
    observer.stop()
    await asyncio.wait_for(task, 5)
