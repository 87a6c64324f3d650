"""What the worker tells the supervisor once the database is ready; the supervisor itself never opens it.

The worker has loaded what that takes anyway, so a start loads it twice (API and worker) and not three times.
"""

import asyncio
import json
import os
from dataclasses import asdict, dataclass

from is0k.cli.faults import ToldFailure
from is0k.cli.supervisor.child import Child

POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Welcome:
    """What only the very first start knows, and shows once."""

    email: str
    password: str
    api_key: str


class Report:
    """The supervisor's side. The worker writes one line into the descriptor each time it is started."""

    def __init__(self) -> None:
        self._read_end, self.descriptor = os.pipe()
        os.set_blocking(self._read_end, False)

    async def read(self, worker: Child) -> Welcome | None:
        """Raises ToldFailure when the worker has ended instead, as it has said why."""
        while True:
            try:
                told = json.loads(os.read(self._read_end, 4096))
                return Welcome(**told) if told else None
            except BlockingIOError:
                if worker.deaths:
                    raise ToldFailure from None
            await asyncio.sleep(POLL_SECONDS)


def send(descriptor: int, welcome: Welcome | None) -> None:
    # Less than 4096 bytes, so the kernel hands it over in one piece.
    os.write(descriptor, json.dumps(welcome and asdict(welcome)).encode() + b"\n")
