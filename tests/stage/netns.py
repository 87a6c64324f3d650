"""A network of its own for some processes: a loopback that can be cut, and nothing else. On Linux only.

Files are shared, and Unix sockets with them: PostgreSQL and Valkey are reached from within as from without, so that
what is cut off from its targets is not cut off from its database.
"""

import os
import socket
import subprocess
import sys
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
# A queue that has room for no packet: it is in kernels that have no other means.
TC = ("tc", "qdisc")
DROP_ALL = ("dev", "lo", "root", "tbf", "rate", "8bit", "burst", "1", "limit", "1")


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
        """Nothing within reaches anything any more, by network, and is told so at once."""
        subprocess.run(self._within(["ip", "link", "set", "lo", "down"]), check=True)

    def mend(self) -> None:
        subprocess.run(self._within(["ip", "link", "set", "lo", "up"]), check=True)

    def swallow(self) -> None:
        """As `cut`, but nobody is told: every packet is lost, as behind a broken router. Needs `tc`."""
        subprocess.run(self._within([*TC, "add", *DROP_ALL]), check=True)

    def let_through(self) -> None:
        subprocess.run(self._within([*TC, "del", *DROP_ALL[:3]]), check=True)

    def listens(self, port: int, host: str = "127.0.0.1") -> bool:
        """Whether something within does, at that address."""
        lines = Path(f"/proc/{self._holder.pid}/net/tcp").read_text().splitlines()[1:]
        sockets = [line.split()[1:4] for line in lines]
        return any(local == f"{_hex(host)}:{port:04X}" and state == LISTENING for local, _, state in sockets)

    def close(self) -> None:
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()

    def _within(self, command: Sequence[str]) -> list[str]:
        return ["nsenter", "-t", str(self._holder.pid), *ENTER, *command]


def _hex(host: str) -> str:
    """As /proc writes an address: the number in memory, in this machine's order of bytes."""
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}"
