"""Ending things in time."""

import asyncio
from collections.abc import Iterable
from typing import Any

CANCELS = 3
BETWEEN_CANCELS_SECONDS = 0.2


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Wait that long, or until the event; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def end(tasks: "Iterable[asyncio.Task[Any]]", seconds: float) -> bool:
    """Give tasks that long to end and cancel what is left; whether none was. Raises nothing of what they raise."""
    tasks = list(tasks)
    pending = await _pending(tasks, seconds)
    is_in_time = not pending
    for _ in range(CANCELS):
        # Some hear of it and still have something to finish.
        for task in pending:
            task.cancel()
        pending = await _pending(pending, BETWEEN_CANCELS_SECONDS)
    await asyncio.gather(*(task for task in tasks if task.done()), return_exceptions=True)
    return is_in_time


async def _pending(tasks: "Iterable[asyncio.Task[Any]]", seconds: float) -> "set[asyncio.Task[Any]]":
    pending = {task for task in tasks if not task.done()}
    if pending:
        _, pending = await asyncio.wait(pending, timeout=seconds)
    return pending
