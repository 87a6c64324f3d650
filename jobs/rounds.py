"""Rounds of canaries: every ten seconds, and at once when somebody asks; never two at a time.

A canary counts once it has answered. A LAN without internet, whose canaries never did, is not blind for ever; and those
that did are remembered over a restart, or a machine that starts without its network would call everything down.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from is0k.jobs.stopping import within
from is0k.probes.canaries import Canary, Reach, Sign

log = structlog.get_logger("is0k.observer")

BETWEEN_SECONDS = 10.0
SHORTEST_SECONDS = 2.0


class Round:
    """What the canaries say. `began` and `ended` in seconds of the monotonic clock.

    A canary whose name cannot be looked up says nothing about the network, unless that is so of all of them.
    """

    def __init__(self, began: float, proven: Iterable[Canary]) -> None:
        self.began = self.ended = began
        self.proven = frozenset(proven)
        self.signs: dict[Canary, Sign] = {}
        self.is_settled = asyncio.Event()

    def add(self, canary: Canary, sign: Sign) -> None:
        self.signs[canary] = sign
        if self._is_well_for_sure():
            # Whoever waits to hear that all is well need not wait for a canary that is dead.
            self.is_settled.set()

    def end(self, now: float) -> None:
        self.ended = now
        self.is_settled.set()

    @property
    def voters(self) -> int:
        return self._count(Sign.ANSWERS) + self._count(Sign.SILENT)

    @property
    def failed(self) -> int:
        return len(self.proven) - self._count(Sign.ANSWERS)

    @property
    def is_blind(self) -> bool:
        if not self.voters:
            return bool(self.proven)
        return 2 * self._count(Sign.SILENT) > self.voters

    @property
    def is_nameless(self) -> bool:
        """The network answers, names do not."""
        names = [canary for canary in self.proven if canary.is_name]
        return bool(names) and not self.is_blind and all(self.signs.get(name) is Sign.NAMELESS for name in names)

    def _count(self, sign: Sign) -> int:
        return sum(self.signs.get(canary) is sign for canary in self.proven)

    def _is_well_for_sure(self) -> bool:
        silent = len(self.proven) - self._count(Sign.ANSWERS) - self._count(Sign.NAMELESS)
        names = [canary for canary in self.proven if canary.is_name]
        has_names = not names or any(self.signs.get(name, Sign.NAMELESS) is not Sign.NAMELESS for name in names)
        answers = self._count(Sign.ANSWERS)
        return has_names and answers > 0 and 2 * silent <= silent + answers


class Rounds:
    """`read_proven` may fail; it is asked again."""

    def __init__(
        self,
        canaries: Sequence[Canary],
        reach: Reach,
        read_proven: Callable[[], Awaitable[Iterable[str]]],
        between_seconds: float = BETWEEN_SECONDS,
        shortest_seconds: float = SHORTEST_SECONDS,
    ) -> None:
        self.canaries, self.reach, self.read_proven = canaries, reach, read_proven
        self.between_seconds, self.shortest_seconds = between_seconds, shortest_seconds
        self.proven: set[Canary] = set()
        self.latest: Round | None = None
        self._running: Round | None = None
        self._is_read = not canaries
        self._asked, self._begun, self._stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @property
    def may_tell(self) -> bool:
        """Whether it is worth waiting for a round."""
        return bool(self.proven) or not self._is_read

    def stop(self) -> None:
        self._stopping.set()
        self._asked.set()

    async def run(self, hear: Callable[[Round], None]) -> None:
        """`hear` is told of every round when it is over."""
        while self.canaries and not self._stopping.is_set():
            began = time.monotonic()
            self._asked.clear()
            hear(await self._go_round())
            # Both kinds of turn are counted from the beginning, so that a slow round does not put off the next.
            await self._until(began + self.shortest_seconds, self._stopping)
            await self._until(began + self.between_seconds, self._asked)
        await self._stopping.wait()

    async def since(self, moment: float) -> Round:
        """The first round that began then or later, as soon as it is sure of what it says. Ask with a time limit."""
        while True:
            for round in (self.latest, self._running):
                if round and round.began >= moment:
                    await round.is_settled.wait()
                    return round
            self._asked.set()
            self._begun.clear()
            await self._begun.wait()

    async def _go_round(self) -> Round:
        await self._read()
        round = self._running = Round(time.monotonic(), self.proven)
        self._begun.set()
        await asyncio.gather(*(self._try(canary, round) for canary in self.canaries))
        self.proven.update(canary for canary, sign in round.signs.items() if sign is Sign.ANSWERS)
        round.end(time.monotonic())
        self.latest, self._running = round, None
        return round

    async def _try(self, canary: Canary, round: Round) -> None:
        round.add(canary, await self.reach(canary))

    async def _read(self) -> None:
        if self._is_read:
            return
        try:
            words = set(await self.read_proven())
        except Exception as error:
            log.warning("could not read which canaries have answered before, trying again", error=repr(error))
            return
        self.proven.update(canary for canary in self.canaries if str(canary) in words)
        self._is_read = True

    async def _until(self, moment: float, event: asyncio.Event) -> None:
        await within(event, max(0.0, moment - time.monotonic()))
