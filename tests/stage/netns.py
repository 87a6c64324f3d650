"""A network of its own for some processes: a loopback that can be cut, and nothing else. On Linux only.

Files are shared, and Unix sockets with them: PostgreSQL and Valkey are reached from within as from without, so that
what is cut off from its targets is not cut off from its database.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# As root the network alone; else as the root of a user namespace of one's own, where the kernel lets people have one.
IS_ROOT = os.geteuid() == 0
UNSHARE = ("unshare", "-n") if IS_ROOT else ("unshare", "-Urn")
ENTER = ("-n",) if IS_ROOT else ("-U", "--preserve-credentials", "-n")
# It ends when its input does: also when whoever started it is killed.
HOLD = "ip link set lo up && echo up && exec cat > /dev/null"
LISTENING = "0A"


def why_no_network() -> str | None:
    """What keeps this machine from giving anyone a network of its own; None where it does."""
    try:
        tried = subprocess.run([*UNSHARE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, timeout=10)
    except OSError as error:
        return str(error)
    return tried.stderr.strip() or "unshare fails" if tried.returncode else None


class Network:
    """It lasts until it is closed, whatever happens to the processes in it."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            [*UNSHARE, "sh", "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "up\n"

    def start(self, *command: str, **options: Any) -> "subprocess.Popen[bytes]":
        """The process is that of the command itself: what kills it, kills it."""
        return subprocess.Popen(self._within(command), **options)

    def cut(self) -> None:
        """Nothing within reaches anything any more, by network."""
        subprocess.run(self._within(["ip", "link", "set", "lo", "down"]), check=True)

    def mend(self) -> None:
        subprocess.run(self._within(["ip", "link", "set", "lo", "up"]), check=True)

    def listens(self, port: int) -> bool:
        """Whether something within does, at 127.0.0.1."""
        lines = Path(f"/proc/{self._holder.pid}/net/tcp").read_text().splitlines()[1:]
        sockets = [line.split()[1:4] for line in lines]
        return any(local.endswith(f":{port:04X}") and state == LISTENING for local, _, state in sockets)

    def close(self) -> None:
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()

    def _within(self, command: Sequence[str]) -> list[str]:
        return ["nsenter", "-t", str(self._holder.pid), *ENTER, *command]
