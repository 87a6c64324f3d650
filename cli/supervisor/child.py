"""One program that is kept running: started, watched, started again, and stopped within a deadline."""

import asyncio
import logging
import os
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 10.0
HEALTHY_AFTER_SECONDS = 30.0

log = logging.getLogger("is0k.supervisor")


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, the descriptors it inherits, and how long it may take to stop once it is asked to."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    descriptors: Sequence[int] = ()
    stop_seconds: float = 5.0

    async def start(self, stdout: int | None = None) -> Process:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which then stops all in order.
        return await asyncio.create_subprocess_exec(
            *self.command,
            env=self.environment,
            pass_fds=self.descriptors,
            start_new_session=True,
            stdin=DEVNULL,
            stdout=stdout,
        )


class Backoff:
    """How long to wait before the next start: doubled each time, forgotten once a program has lived long enough."""

    def __init__(self) -> None:
        self._next_seconds = FIRST_DELAY_SECONDS

    def after(self, lived_seconds: float) -> float:
        if lived_seconds >= HEALTHY_AFTER_SECONDS:
            self._next_seconds = FIRST_DELAY_SECONDS
        delay = self._next_seconds
        self._next_seconds = min(delay * 2, LONGEST_DELAY_SECONDS)
        return delay


class Child:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.deaths = 0
        self._process: Process | None = None

    async def keep(self) -> None:
        """Runs the program for ever."""
        backoff = Backoff()
        while True:
            started_at = time.monotonic()
            ending = await self._run_once()
            self.deaths += 1
            delay = backoff.after(time.monotonic() - started_at)
            log.warning(
                "%s ended, starting it again", self.program.name, extra={"ending": ending, "delay_seconds": delay}
            )
            await asyncio.sleep(delay)

    async def _run_once(self) -> str:
        try:
            self._process = await self.program.start()
        except OSError as error:
            return f"cannot be started: {error}"
        return _ending(await self._process.wait())

    async def stop(self, hurry: asyncio.Event) -> None:
        """Asks, waits until the deadline or until somebody is in a hurry, then kills."""
        if self._process is None or self._process.returncode is not None:
            return
        ended = asyncio.create_task(self._process.wait())
        hurried = asyncio.create_task(hurry.wait())
        with suppress(ProcessLookupError):
            self._process.terminate()
        await asyncio.wait({ended, hurried}, timeout=self.program.stop_seconds, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not ended.done():
            log.warning("%s is killed, it did not stop in time", self.program.name)
            # The whole session, so that what the program itself has started ends too.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await ended


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


@asynccontextmanager
async def kept_running(program: Program, hurry: asyncio.Event) -> AsyncIterator[Child]:
    """The program runs inside the block and is stopped at its end, however the block ends."""
    child = Child(program)
    keeper = asyncio.create_task(child.keep())
    try:
        yield child
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        await child.stop(hurry)
