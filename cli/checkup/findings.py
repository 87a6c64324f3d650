"""What a look finds, and what it looks at, so that tests can look at another machine."""

import resource
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from is0k.probes.icmp_socket import OpenSocket, open_socket
from is0k.schema.clock import Clock, SystemClock
from is0k.settings import Settings


class Level(Enum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is what to type, or to set, where there is something to do."""

    name: str
    level: Level
    message: str
    remedy: str | None = None


def most_files() -> float:
    """What a process may raise its own limit to, as ours do."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return float("inf") if hard == resource.RLIM_INFINITY else hard


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def is_container() -> bool:
    return any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))


@dataclass(frozen=True, slots=True)
class Surroundings:
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    open_socket: OpenSocket = open_socket
    most_files: Callable[[], float] = most_files
    free_bytes: Callable[[Path], int] = free_bytes
    resolv_conf: Path = Path("/etc/resolv.conf")
    is_container: bool = field(default_factory=is_container)


class Look(Protocol):
    """Its name, with blanks, is what is told where it fails itself."""

    __name__: str

    def __call__(self, here: Surroundings, /) -> Awaitable[list[Finding]]: ...
