"""Signs every few seconds that this process takes calls, so that a silent job can be told from a deaf is0k."""

import asyncio

import structlog

from is0k.jobs.heartbeats import DEAF_MS, LISTENING_KEPT_MS
from is0k.jobs.stopping import within
from is0k.models.listening import forget_listening, sign
from is0k.schema.clock import Clock, milliseconds
from is0k.schema.ids import uuid7

log = structlog.get_logger("is0k.listening")

# How much later than its deadline a missed call may become known.
BETWEEN_SECONDS = 5.0


class Listening:
    def __init__(self, clock: Clock, between_seconds: float = BETWEEN_SECONDS) -> None:
        self.clock, self.between_seconds = clock, between_seconds
        self._id, self._heard_from, self._signed_at = uuid7(), 0, -DEAF_MS
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            await self._sign()
            await within(self._stopping, self.between_seconds)
        # Until now.
        await self._sign()

    async def _sign(self) -> None:
        now = milliseconds(self.clock.now())
        is_new = not 0 <= now - self._signed_at < DEAF_MS
        if is_new:
            # The database was away, or this machine asleep: what was not signed in time was not listened to.
            self._id, self._heard_from = uuid7(), now
        try:
            if is_new:
                await forget_listening(now - LISTENING_KEPT_MS)
            await sign(self._id, self._heard_from, now)
        except Exception as error:
            log.warning("could not sign that calls are taken", error=repr(error))
        else:
            self._signed_at = now
