"""One program that is kept running: started, watched, started again, and stopped within a deadline."""

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from is0k.cli.faults import Failure, ToldFailure

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 10.0
HEALTHY_AFTER_SECONDS = 30.0

log = structlog.get_logger("is0k.supervisor")


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, the descriptors it inherits, and how long it may take to stop once it is asked to."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    descriptors: Sequence[int] = ()
    stop_seconds: float = 5.0
    # Where it says what is wrong; without one, on our stderr.
    log: Path | None = None

    async def start(self) -> Process:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which then stops all in order.
        return await asyncio.create_subprocess_exec(
            *self.command,
            env=self.environment,
            pass_fds=self.descriptors,
            start_new_session=True,
            stdin=DEVNULL,
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
    """Until it is settled, a program that ends has failed to start; from then on it is started again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.is_settled = False
        self._process: Process | None = None
        self._early_ending: str | None = None

    async def keep(self) -> None:
        backoff = Backoff()
        while True:
            started_at = time.monotonic()
            ending = await self._run_once()
            if not self.is_settled:
                self._early_ending = ending
                return
            delay = backoff.after(time.monotonic() - started_at)
            log.warning(f"{self.program.name} ended, starting it again", ending=ending, delay_seconds=delay)
            await asyncio.sleep(delay)

    async def _run_once(self) -> str:
        try:
            self._process = await self.program.start()
        except OSError as error:
            return f"{self.program.command[0]}: {error.strerror}"
        code = await self._process.wait()
        _kill_session(self._process.pid)
        return f"exit code {code}" if code >= 0 else f"signal {-code}, {signal.strsignal(-code)}"

    def check(self) -> None:
        """Raises Failure when the program has failed to start."""
        if self._early_ending is None:
            return
        told = f"{self.program.name} did not start: {self._early_ending}."
        if self.program.log:
            raise Failure(f"{told} {self.program.log} may say why.")
        raise ToldFailure if self._early_ending == "exit code 1" else Failure(told)

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
            log.warning(f"{self.program.name} is killed, it did not stop in time")
        _kill_session(self._process.pid)
        await asyncio.gather(ended, hurried, return_exceptions=True)


def _kill_session(leader: int) -> None:
    """The program if it still runs, and what it has started itself."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


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
