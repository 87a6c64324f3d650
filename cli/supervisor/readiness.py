"""Asking the API whether it is ready, with nothing but a socket."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

import structlog

SLOW_START_SECONDS = 30.0
POLL_SECONDS = 0.02

log = structlog.get_logger("is0k.supervisor")


async def wait_until_ready(check: Callable[[], None], url: str) -> None:
    """`check` raises when there is nothing to wait for any more."""
    warn_at = time.monotonic() + SLOW_START_SECONDS
    while (status := await _status(urlsplit(url))) != 200:
        check()
        if time.monotonic() > warn_at:
            log.warning("still not ready", readyz_status=status)
            warn_at = time.monotonic() + SLOW_START_SECONDS
        await asyncio.sleep(POLL_SECONDS)


async def _status(address: SplitResult) -> int | None:
    """What /readyz answers; None when it does not. The socket is there before the API, so it may have to wait."""
    with suppress(OSError, TimeoutError, ValueError, IndexError):
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                writer.write(f"GET /readyz HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
                return int((await reader.readline()).split()[1])
            finally:
                writer.close()
    return None
