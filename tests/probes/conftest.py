import socket
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from is0k.probes.dns import DnsProbe
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.probes.icmp import Icmp
from is0k.probes.ping import PingProbe
from is0k.probes.tcp import TcpProbe
from is0k.tests.probes.echoes import Network

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


# Sockets, TLS and cancelling differ between the two loops, and is0k may run on either.
@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


class Names(AbstractResolver):
    """Knows the addresses it is given; every other name that ends in .test is 127.0.0.1, and the rest are unknown."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = self.addresses.get(host, ["127.0.0.1"] if host.endswith(".test") else [])
        if family is not socket.AF_UNSPEC:
            found = [address for address in found if (":" in address) is (family is socket.AF_INET6)]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0) for address in found
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def probe(names: Names, trusting: ssl.SSLContext) -> AsyncIterator[HttpProbe]:
    """Reaches loopback, as an operator's opt-in would let it."""
    probe = HttpProbe(Guard(LOOPBACK), names, verifying=trusting)
    yield probe
    await probe.close()


@pytest.fixture
async def dns_probe() -> AsyncIterator[DnsProbe]:
    """Reaches loopback, as an operator's opt-in would let it."""
    probe = DnsProbe(Guard(LOOPBACK))
    yield probe
    await probe.close()


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def ping(network: Network, names: Names) -> AsyncIterator[PingProbe]:
    """Reaches public addresses, as far as it knows."""
    probe = PingProbe(Guard(), names, icmp=Icmp(network.open))
    yield probe
    await probe.close()


@pytest.fixture
async def tcp(names: Names, trusting: ssl.SSLContext) -> AsyncIterator[TcpProbe]:
    probe = TcpProbe(Guard(LOOPBACK), names, verifying=trusting)
    yield probe
    await probe.close()


@pytest.fixture
def secure(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("secure.test").configure_cert(context)
    return context
