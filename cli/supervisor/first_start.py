"""What the worker tells the supervisor once it has made the database ready; the supervisor itself never opens it.

A worker has loaded what that takes anyway: so a start loads it twice, for API and worker at once, and not three times.
"""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass

POLL_SECONDS = 0.01

TEXT = """\
This is shown once; keep it.

  Address   {url}
  E-mail    {email}
  Password  {password}
  API key   {api_key}
"""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What only the very first start knows, and shows once."""

    email: str
    password: str
    api_key: str

    def text(self, url: str) -> str:
        return TEXT.format(url=url, **asdict(self))


class Report:
    """The supervisor's side. The worker writes one line into the descriptor each time it is started."""

    def __init__(self) -> None:
        self._read_end, self.descriptor = os.pipe()
        os.set_blocking(self._read_end, False)

    async def read(self, check: Callable[[], None]) -> Welcome | None:
        """`check` raises when there is nothing to wait for any more."""
        while True:
            with suppress(BlockingIOError):
                told = json.loads(os.read(self._read_end, 4096))
                return Welcome(**told) if told else None
            check()
            await asyncio.sleep(POLL_SECONDS)


def send(descriptor: int, welcome: Welcome | None) -> None:
    # Less than 4096 bytes, so the kernel hands it over in one piece.
    os.write(descriptor, json.dumps(welcome and asdict(welcome)).encode() + b"\n")
