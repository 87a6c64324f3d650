"""The dead man's switch: is0k tells a place elsewhere that it works, and that place calls you when it falls silent.

Each worker does so while checks are made in time, nothing waits to be sent, and a check of itself goes all the way.
The first two are read from the database and true of the whole server; the last is the worker's own. So of several
workers with one URL it is the last healthy one whose end is heard. To hear of each, give each a URL of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import structlog

from is0k.jobs.self_check import SelfCheck, local_target
from is0k.jobs.stopping import within
from is0k.resolvers.health import LARGEST_LAG_MS, LONGEST_UNSENT_MS, scheduler_lag_ms, unsent_ms
from is0k.schema.clock import Clock

log = structlog.get_logger("is0k.dead_man")

BETWEEN_SECONDS = 30.0
# A database that does not answer is a problem too, and must not keep us from saying so.
EACH_SECONDS = 10.0


class Late(Exception):
    """The text says what waits, and for how long."""


class DeadManSwitch:
    """`url` is the operator's: not guarded. Without one, what is wrong is only logged."""

    def __init__(
        self, url: str | None, self_check: SelfCheck, clock: Clock, between_seconds: float = BETWEEN_SECONDS
    ) -> None:
        self.url, self.self_check, self.clock, self.between_seconds = url, self_check, clock, between_seconds
        self._told: set[str] = set()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        try:
            async with local_target() as target:
                while not self._stopping.is_set():
                    await self.take_turn(target)
                    await within(self._stopping, self.between_seconds)
        finally:
            await self.self_check.close()

    async def take_turn(self, target: str) -> None:
        checks: dict[str, Callable[[], Awaitable[None]]] = {
            "scheduler": self._schedules,
            "deliveries": self._delivers,
            "self_check": lambda: self.self_check.run(target),
        }
        problems = {name: problem for name, check in checks.items() if (problem := await _problem(check))}
        self._tell(problems)
        if self.url and not problems:
            await self._ping(self.url)

    async def _schedules(self) -> None:
        if (lag_ms := await scheduler_lag_ms(self.clock)) >= LARGEST_LAG_MS:
            raise Late(f"checks are {lag_ms // 1000} s late")

    async def _delivers(self) -> None:
        if (waited_ms := await unsent_ms(self.clock)) >= LONGEST_UNSENT_MS:
            raise Late(f"an alert has waited for {waited_ms // 1000} s")

    def _tell(self, problems: dict[str, str]) -> None:
        """Each problem when it begins, and once when all are gone."""
        for name in problems.keys() - self._told:
            log.error("is0k is not well, the heartbeat stops", part=name, problem=problems[name])
        if self._told and not problems:
            log.info("is0k is well again, the heartbeat goes on")
        self._told = set(problems)

    async def _ping(self, url: str) -> None:
        limit = aiohttp.ClientTimeout(total=EACH_SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=limit) as session, session.get(url) as response:
                if not response.ok:
                    log.warning("the heartbeat was not taken", status=response.status)
        except (aiohttp.ClientError, OSError) as error:
            # Its text may hold the URL, which is a secret.
            log.warning("the heartbeat did not arrive", error=type(error).__name__)


async def _problem(check: Callable[[], Awaitable[None]]) -> str | None:
    try:
        async with asyncio.timeout(EACH_SECONDS):
            await check()
    except Exception as error:
        # Whatever it is, it is a reason not to say that all is well.
        return str(error) or type(error).__name__
    return None
