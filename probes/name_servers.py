"""Which name servers a check asks: the one its monitor names, or those of this machine."""

import os
import socket
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from is0k.schema.target_rules import DNS_PORT, name_server

RESOLV_CONF = Path("/etc/resolv.conf")
# As the C library: the rest of the list is not looked at (MAXNS in resolv.h).
MOST_SERVERS = 3


class Server(NamedTuple):
    family: socket.AddressFamily
    address: tuple[Any, ...]
    # ip:port, and the same for people: the usual port goes without saying.
    where: str
    name: str


def server_at(ip: str, port: int) -> Server:
    """Raises ValueError for what is no address, or has a zone that this machine does not have."""
    address = ip_address(ip)
    where = f"[{ip}]:{port}" if address.version == 6 else f"{ip}:{port}"
    name = ip if port == DNS_PORT else where
    if address.version == 4:
        return Server(socket.AF_INET, (ip, port), where, name)
    bare, _, zone = ip.partition("%")
    return Server(socket.AF_INET6, (bare, port, 0, _scope(zone)), where, name)


def _scope(zone: str) -> int:
    if not zone or zone.isdigit():
        return int(zone or 0)
    try:
        return socket.if_nametoindex(zone)
    except OSError as error:
        raise ValueError(f"no such network card: {zone}") from error


@lru_cache(maxsize=8192)
def server_of(resolver: str) -> Server:
    """The name server of a monitor's settings."""
    return server_at(*name_server(resolver))


class SystemServers:
    """Those of /etc/resolv.conf, read again when it has changed. The operator trusts them: no guard looks at them."""

    def __init__(self, path: Path = RESOLV_CONF, port: int = DNS_PORT) -> None:
        self._path, self._port = path, port
        self._seen: tuple[int, ...] | None = None
        self._servers: tuple[Server, ...] = ()

    def current(self) -> tuple[Server, ...]:
        """Never none: without a list it is this machine itself, see resolv.conf(5)."""
        seen = self._stamp()
        if not self._servers or seen != self._seen:
            self._seen, self._servers = seen, self._read()
        return self._servers

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            stat = os.stat(self._path)  # noqa: PTH116 - a third of the time of Path.stat, for every check
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    def _read(self) -> tuple[Server, ...]:
        try:
            lines = self._path.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        words = [line.split() for line in lines]
        servers = []
        for ip in [line[1] for line in words if line[:1] == ["nameserver"] and len(line) > 1]:
            with suppress(ValueError):
                servers.append(server_at(ip, self._port))
        return tuple(servers[:MOST_SERVERS]) or (server_at("127.0.0.1", self._port),)
