"""Asking the API whether it is ready, with nothing but a socket."""

import asyncio
import logging
import time
from contextlib import suppress

from is0k.cli.faults import Failure
from is0k.cli.supervisor.child import Child

# An API that dies this often before it was ever ready will not get better by itself.
HOPELESS_DEATHS = 3
SLOW_START_SECONDS = 30.0
POLL_SECONDS = 0.02

log = logging.getLogger("is0k.supervisor")


async def wait_until_ready(api: Child, host: str, port: int) -> None:
    warn_at = time.monotonic() + SLOW_START_SECONDS
    while (status := await _status(host, port)) != 200:
        if api.deaths >= HOPELESS_DEATHS:
            raise Failure("The API does not start; its messages are above.")
        if time.monotonic() > warn_at:
            log.warning("still not ready", extra={"readyz_status": status})
            warn_at = time.monotonic() + SLOW_START_SECONDS
        await asyncio.sleep(POLL_SECONDS)


async def _status(host: str, port: int) -> int | None:
    """What /readyz answers; None when it does not. The socket is there before the API, so it may have to wait."""
    with suppress(OSError, TimeoutError, ValueError, IndexError):
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET /readyz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                return int((await reader.readline()).split()[1])
            finally:
                writer.close()
    return None
