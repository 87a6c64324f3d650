"""The types that are measured: how each is watched by us, and how blackbox_exporter is told to look at the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from is0k.bench.target import AUTHORITY, HOST

PROBED = ("http", "https", "tcp", "dns", "ping")
NAME = "shop.bench.test"


@dataclass(frozen=True, slots=True)
class Kind:
    """`module` and `target` are blackbox_exporter's, `monitor` what all our monitors have in common."""

    name: str
    module: Mapping[str, Any]
    target: str
    monitor: Mapping[str, Any]
    settings: Mapping[str, str] = field(default_factory=dict)  # of the environment

    def body(self, number: int) -> dict[str, Any]:
        """Each monitor has a target of its own, as far as there are any."""
        monitor = dict(self.monitor)
        if "url" in monitor:
            monitor["url"] += str(number)
        elif monitor["type"] == "ping":
            monitor["host"] = f"127.0.{number // 250}.{number % 250 + 1}"
        elif monitor["type"] == "dns":
            monitor["host"] = f"{number}.{NAME}"
        return monitor


def kind_of(name: str, port: int | None, folder: Path) -> Kind:
    place = f"{HOST}:{port}"
    ip4 = {"preferred_ip_protocol": "ip4"}
    if name in ("http", "https"):
        url = f"{name}://{place}/"
        # Both trust the same authority, and none else but the system's.
        ours = {"SSL_CERT_FILE": str(folder / AUTHORITY)} if name == "https" else {}
        theirs = {"tls_config": {"ca_file": str(folder / AUTHORITY)}} if name == "https" else {}
        return Kind(name, {"prober": "http", "http": ip4 | theirs}, url, {"type": "http", "url": url}, ours)
    if name == "tcp":
        return Kind(name, {"prober": "tcp", "tcp": ip4}, place, {"type": "tcp", "host": HOST, "port": port})
    if name == "dns":
        module = {"prober": "dns", "dns": {"query_name": NAME, "query_type": "A", "transport_protocol": "udp", **ip4}}
        return Kind(name, module, place, {"type": "dns", "resolver": place})
    # One packet, as the rival sends.
    return Kind(name, {"prober": "icmp", "icmp": ip4}, HOST, {"type": "ping", "packets": 1})
