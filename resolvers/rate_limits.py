"""How many requests a minute: counted in Redis for all processes, in each process alone while Redis is away.

Alone, every process allows the whole limit, as it does not know how many others there are. It goes on from what it has
seen counted, and brings its own count back to Redis: whatever fails, what remains never rises within a window.
"""

import time
from collections.abc import Callable

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from is0k.resolvers.windows import Allowance, Charge, LocalWindows, SharedWindows
from is0k.schema.clock import Clock, milliseconds

# After a failure Redis is asked again by one request a second; the others do not wait for it.
RETRY_SECONDS = 1.0
LOG_SECONDS = 60.0

log = structlog.get_logger("is0k.rate_limits")


class RateLimiter:
    """`redis` is None where there is none at all, as in a test."""

    def __init__(
        self, clock: Clock, redis: Redis | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._local = LocalWindows()
        self._shared = SharedWindows(redis, self._local) if redis else None
        self._is_away = False
        self._ask_again_at = self._log_again_at = -float("inf")

    async def charge(self, bucket: str, limit: int) -> Allowance:
        """Count one request, if it may pass. Never raises for a Redis that is away."""
        charge = Charge(bucket, limit, milliseconds(self._clock.now()))
        return await self._shared_count(charge) or await self._local.count(charge)

    async def _shared_count(self, charge: Charge) -> Allowance | None:
        if self._shared is None or (self._is_away and self._monotonic() < self._ask_again_at):
            return None
        self._ask_again_at = self._monotonic() + RETRY_SECONDS
        try:
            allowance = await self._shared.count(charge)
        except (RedisError, OSError) as error:  # a TimeoutError is an OSError
            self._leave(error)
            return None
        if self._is_away:
            self._is_away = False
            log.info("rate limits are shared again")
        return allowance

    def _leave(self, error: Exception) -> None:
        self._is_away = True
        now = self._monotonic()
        self._ask_again_at = now + RETRY_SECONDS
        if now >= self._log_again_at:
            self._log_again_at = now + LOG_SECONDS
            log.warning("Redis is away: rate limits are counted per process", error=str(error) or type(error).__name__)
