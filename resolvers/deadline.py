"""How long an operation may take, and what waits by its nature and may take longer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import NamedTuple

OPERATION_SECONDS = 10.0
# Whatever an operation waits for, and however often.
LONGEST_SECONDS = 60.0


class Deadline(NamedTuple):
    timeout: asyncio.Timeout
    latest: float


# Of the task, not of the request: over a WebSocket several operations share one context.
_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@asynccontextmanager
async def deadline() -> AsyncIterator[None]:
    """Raises TimeoutError when what is inside takes longer than an operation may; it is cancelled then."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(OPERATION_SECONDS) as timeout:
        token = _current.set(Deadline(timeout, began + LONGEST_SECONDS))
        try:
            yield
        finally:
            _current.reset(token)


def allow(seconds: float) -> None:
    """The operation under way, if it has a deadline, may last this long from now."""
    if current := _current.get():
        until = min(asyncio.get_running_loop().time() + seconds, current.latest)
        current.timeout.reschedule(max(until, current.timeout.when() or until))
