"""Requests counted in windows of a minute, aligned to the minute of the clock: in this process, or in Redis for all."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

WINDOW_SECONDS = 60
WINDOW_MS = WINDOW_SECONDS * 1000
# How much longer than its window a count stays in Redis, for a process whose clock is behind.
SLACK_MS = 5_000
# What Redis has to answer in. In parts, so that a loop which comes late looks at its sockets before it gives up.
PATIENCE_SECONDS, PARTS = 0.1, 4

# Only what is accepted counts. `known` is what this process has seen already, should Redis have lost it.
SCRIPT = """
local answers = {}
for i, key in ipairs(KEYS) do
  local limit, known, ttl = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), ARGV[3 * i]
  local used, accepted = math.max(tonumber(redis.call('GET', key) or 0), known), 0
  if used < limit then
    used, accepted = used + 1, 1
    redis.call('SET', key, used, 'PX', ttl)
  end
  answers[i] = used * 2 + accepted
end
return answers
"""


@dataclass(frozen=True, slots=True)
class Charge:
    """One request to be counted. `bucket` names whose it is, `limit` what is allowed in a window."""

    bucket: str
    limit: int
    now_ms: int

    @property
    def window(self) -> int:
        return self.now_ms // WINDOW_MS

    @property
    def ends_at_ms(self) -> int:
        return (self.window + 1) * WINDOW_MS


@dataclass(frozen=True, slots=True)
class Allowance:
    """What has become of a charge, and what is left of the window."""

    charge: Charge
    used: int
    is_accepted: bool

    @property
    def limit(self) -> int:
        return self.charge.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def resets_at(self) -> int:
        """In seconds since the epoch."""
        return self.charge.ends_at_ms // 1000

    @property
    def resets_in_seconds(self) -> int:
        return math.ceil((self.charge.ends_at_ms - self.charge.now_ms) / 1000)


class LocalWindows:
    """Those of one process. It keeps one window: with the next, whatever has been counted is forgotten."""

    def __init__(self) -> None:
        self._window, self._used = 0, dict[str, int]()

    async def count(self, charge: Charge) -> Allowance:
        used = self.used(charge)
        is_accepted = used < charge.limit
        if is_accepted:
            self._used[charge.bucket] = used = used + 1
        return Allowance(charge, used, is_accepted)

    def used(self, charge: Charge) -> int:
        if charge.window != self._window:
            self._window, self._used = charge.window, {}
        return self._used.get(charge.bucket, 0)

    def learn(self, allowance: Allowance) -> None:
        """What others have counted too."""
        if allowance.used > self.used(allowance.charge):
            self._used[allowance.charge.bucket] = allowance.used


class SharedWindows:
    """Those of all processes of a Redis. Charges that come while it is being asked go together in the next question.

    Raises a RedisError, an OSError or a TimeoutError when Redis does not answer.
    """

    def __init__(self, redis: Redis, local: LocalWindows) -> None:
        self._ask = redis.register_script(SCRIPT)
        self._local = local
        self._waiting: list[tuple[Charge, asyncio.Future[Allowance]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def count(self, charge: Charge) -> Allowance:
        future: asyncio.Future[Allowance] = asyncio.get_running_loop().create_future()
        self._waiting.append((charge, future))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())
        return await future

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._settle(batch)
        finally:
            self._sender = None

    async def _settle(self, batch: Sequence[tuple[Charge, "asyncio.Future[Allowance]"]]) -> None:
        try:
            answers = await _in_time(self._ask(*self._question([charge for charge, _ in batch])))
        except Exception as error:  # not swallowed: it is raised where the charge was made
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (charge, future), answer in zip(batch, answers, strict=True):
            allowance = Allowance(charge, answer // 2, bool(answer % 2))
            self._local.learn(allowance)
            if not future.done():  # its caller may have hung up
                future.set_result(allowance)

    def _question(self, charges: Sequence[Charge]) -> tuple[list[str], list[int]]:
        keys, arguments = [], list[int]()
        for charge in charges:
            keys.append(f"is0k:rate:{charge.bucket}:{charge.window}")
            arguments += charge.limit, self._local.used(charge), charge.ends_at_ms - charge.now_ms + SLACK_MS
        return keys, arguments


async def _in_time(asking: Any) -> Any:
    task = asyncio.ensure_future(asking)
    for _ in range(PARTS):
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS / PARTS)
        if done:
            return task.result()
    task.cancel()
    # Nobody waits for it any more: an error it ends in would be reported as forgotten.
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    raise TimeoutError(f"no answer within {PATIENCE_SECONDS * 1000:.0f} ms")
