"""Canaries: hosts the operator names, that answer as long as our own network and names work.

They say nothing about any target. The operator chose them, so the guard does not apply.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import NamedTuple, Self

from aiohappyeyeballs import start_connection
from aiohttp.abc import AbstractResolver

from is0k.probes.dialer import HAPPY_EYEBALLS_SECONDS, ThreadResolver, address_info, is_address, show

TIMEOUT_SECONDS = 2.0
# A look-up that hangs keeps its thread for longer than a round lasts.
LOOKUP_THREADS = 8


class Canary(NamedTuple):
    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Self:
        """`192.0.2.1:443`, `[2001:db8::1]:443` or `name.example:443`."""
        host, _, port = text.rpartition(":")
        return cls(host.strip("[]"), int(port))

    @property
    def is_name(self) -> bool:
        return not is_address(self.host)

    def __str__(self) -> str:
        return show(self.host, self.port)


class Sign(Enum):
    ANSWERS = "answers"
    NAMELESS = "nameless"  # its name could not be looked up, so it was not tried
    SILENT = "silent"


Reach = Callable[[Canary], Awaitable[Sign]]


class Dial:
    """Tries one canary. Never raises; ends within the time-out."""

    def __init__(self, resolver: AbstractResolver | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._resolver = resolver or ThreadResolver(LOOKUP_THREADS)
        self._timeout_seconds = timeout_seconds

    async def __call__(self, canary: Canary) -> Sign:
        failed = Sign.NAMELESS if canary.is_name else Sign.SILENT
        try:
            async with asyncio.timeout(self._timeout_seconds):
                addresses = await self._look_up(canary)
                failed = Sign.SILENT
                await self._connect(canary, addresses)
        except (ConnectionRefusedError, ConnectionResetError):
            # Somebody is there and has said no: so the network is.
            return Sign.ANSWERS
        except OSError:  # TimeoutError is one, and so is what a look-up raises
            return failed
        return Sign.ANSWERS

    async def close(self) -> None:
        await self._resolver.close()

    async def _look_up(self, canary: Canary) -> list[str]:
        if not canary.is_name:
            return [canary.host]
        found = [result["host"] for result in await self._resolver.resolve(canary.host, canary.port)]
        if not found:
            raise OSError("no address")
        return found

    async def _connect(self, canary: Canary, addresses: list[str]) -> None:
        sock = await start_connection(
            [address_info(address, canary.port) for address in addresses],
            loop=asyncio.get_running_loop(),
            happy_eyeballs_delay=HAPPY_EYEBALLS_SECONDS,
        )
        sock.close()
