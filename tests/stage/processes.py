"""Processes as the kernel tells of them: who runs, what it costs. From /proc, so on Linux only."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

# What stands in the command line of each part of an installation.
PARTS = {"supervisor": (" up ", " demo "), "valkey": ("valkey-server",), "worker": (" worker ",), "api": (" serve ",)}


class Process(NamedTuple):
    pid: int
    command: str

    @property
    def part(self) -> str:
        """Which part of the installation it is; `other` for one that is none."""
        found = (part for part, words in PARTS.items() if any(word in self.command for word in words))
        return next(found, "other")

    @property
    def cpu_seconds(self) -> float:
        """User and system time, that of children it has waited for included."""
        fields = (PROC / str(self.pid) / "stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS_PER_SECOND

    @property
    def resident_mb(self) -> float:
        """What it holds in memory, the pages it shares with others included."""
        return int((PROC / str(self.pid) / "statm").read_text().split()[1]) * PAGE_BYTES / 2**20

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def processes_in(folder: Path) -> list[Process]:
    """Those that stand in the folder, or below. A process keeps the place of its parent, also when that has died."""
    return sorted(_standing_in(folder.resolve()))


def _standing_in(folder: Path) -> Iterator[Process]:
    for entry in PROC.iterdir():
        # A process may end while we look at it.
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "cwd").readlink().is_relative_to(folder):
                    yield Process(int(entry.name), (entry / "cmdline").read_text().replace("\0", " ").strip())
