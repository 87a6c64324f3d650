"""No sleeping: wait for a condition, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.05


async def until(what: str, seen: Callable[[], Awaitable[T | None]], seconds: float) -> T:
    """The first thing `seen` that is true. `what` says in the failure what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        found = await seen()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(POLL_SECONDS)
