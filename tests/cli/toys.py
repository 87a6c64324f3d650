"""Small programs to be supervised, and looking at whether they live."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from is0k.cli.supervisor.child import Program
from is0k.tests.stage.waiting import until

SAID_GOODBYE = -1
# Each start adds a line with the process's id to the file it is given.
TELL = "import os, signal, sys, time; tell = lambda what: print(what, file=open(sys.argv[1], 'a')); "
SLEEP = TELL + "tell(os.getpid()); time.sleep(60)"
END = TELL + "tell(os.getpid()); sys.exit({code})"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
POLITE = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(tell(-1))); " + SLEEP


def toy(code: str, told: Path, stop_seconds: float = 5.0) -> Program:
    return Program("toy", [sys.executable, "-I", "-S", "-c", code, str(told)], stop_seconds=stop_seconds)


def starts(told: Path) -> list[int]:
    """The ids of the processes that told they have started, in order."""
    return [int(line) for line in told.read_text().split()] if told.exists() else []


async def started(told: Path, count: int = 1, seconds: float = 10) -> int:
    """The id of the one that is the `count`th to start."""

    async def enough() -> bool:
        return len(starts(told)) >= count

    await until(f"it has started {count} times", enough, seconds)
    return starts(told)[count - 1]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    # A zombie has ended; whoever adopted it has only not looked yet.
    return state != "Z"


async def gone(pid: int, seconds: float = 10) -> None:
    async def ended() -> bool:
        return not is_alive(pid)

    await until(f"process {pid} has ended", ended, seconds)


@contextmanager
def process(*command: str, told: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A program that is not supervised; it and what it tells it has started are killed at the end."""
    with subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        try:
            yield running
        finally:
            for pid in (running.pid, *starts(told)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
