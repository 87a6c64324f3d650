"""Decides which addresses is0k may connect to, at the moment it connects.

A name, a redirect, a rebinding DNS answer and an odd spelling all end as a socket address: that is what is judged.
"""

import socket
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# What getaddrinfo gives: family, type, protocol, canonical name, socket address.
AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


class Place(NamedTuple):
    network: Network
    words: str
    # The size of the network the operator is told how to allow; None where there is nothing to watch.
    opt_in_prefix: int | None


def place(network: str, words: str, opt_in_prefix: int | None = None) -> Place:
    return Place(ip_network(network), words, opt_in_prefix)


# The first match counts. Our own table, because `is_private` and `is_global` of ipaddress differ between patch versions
# of Python (CVE-2024-4032). Sources: IANA's special-purpose address registries, RFC 4291 for 2000::/3.
PLACES = (
    place("127.0.0.0/8", "this machine itself", 8),
    place("10.0.0.0/8", "in a private network", 24),
    place("172.16.0.0/12", "in a private network", 24),
    place("192.168.0.0/16", "in a private network", 24),
    place("100.64.0.0/10", "in a network shared behind a provider or a VPN", 24),
    place("169.254.0.0/16", "a link-local address", 24),
    place("198.18.0.0/15", "a benchmarking address", 24),
    place("0.0.0.0/8", "not the address of a host"),
    place("192.0.0.0/24", "an IETF protocol address"),
    place("192.0.2.0/24", "a documentation address"),
    place("192.88.99.0/24", "a 6to4 relay address"),
    place("198.51.100.0/24", "a documentation address"),
    place("203.0.113.0/24", "a documentation address"),
    place("224.0.0.0/4", "a multicast address"),
    place("240.0.0.0/4", "a reserved address"),
    place("::1/128", "this machine itself", 128),
    place("fc00::/7", "in a private network", 64),
    place("fec0::/10", "in a private network", 64),
    place("fe80::/10", "a link-local address", 64),
    # On a network without IPv4, DNS64 gives every IPv4-only name an address in here.
    place("64:ff9b::/96", "an IPv4 address behind NAT64", 96),
    place("64:ff9b:1::/48", "an IPv4 address behind NAT64", 48),
    place("::/128", "not the address of a host"),
    place("ff00::/8", "a multicast address"),
    place("2001:db8::/32", "a documentation address"),
    place("3fff::/20", "a documentation address"),
    place("2001::/23", "an IETF protocol address"),
    place("2002::/16", "a 6to4 address"),
    # What is left outside 2000::/3, the only part of IPv6 given out to hosts.
    place("::/3", "a reserved address"),
    place("4000::/2", "a reserved address"),
    place("8000::/1", "a reserved address"),
)

# They give credentials to whoever asks from inside, so opening 169.254.0.0/16 does not open them.
METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Google, Azure, DigitalOcean, OpenStack
        "169.254.170.2",  # AWS ECS tasks
        "169.254.170.23",  # AWS EKS pods
        "169.254.0.23",  # Tencent
        "168.63.129.16",  # Azure's wire server: a public address
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS EKS pods
        "fd20:ce::254",  # Google
        "fe80::a9fe:a9fe",  # OpenStack
    )
)

# Everything that reaches this machine counts as one address: a service bound to 0.0.0.0 answers on all of them.
THIS_MACHINE = IPv4Address("127.0.0.1")

IPV4_COMPATIBLE = ip_network("::/96")
SIIT = ip_network("::ffff:0:0:0/96")
NAT64 = ip_network("64:ff9b::/96")
NAT64_LOCAL = ip_network("64:ff9b:1::/48")


class BlockedTarget(OSError):
    """is0k may not connect there. The text is for a person: which address, and what can be done."""


class Guard:
    """One for every outgoing connection of a process.

    `allowed_networks` opens what is refused by default, metadata addresses excepted: those must be named by themselves
    (a /32 or /128). `denied_addresses` are our own database and Redis, and stay refused whatever is allowed.
    """

    def __init__(
        self,
        allowed_networks: Iterable[Network] = (),
        denied_addresses: Iterable[tuple[str, int]] = (),
    ) -> None:
        self._allowed = tuple(allowed_networks)
        self._denied = frozenset((endpoint(plain(ip_address(ip))), port) for ip, port in denied_addresses)
        # A worker connects to the same few thousand addresses for days.
        self._fault = lru_cache(maxsize=8192)(self._find_fault)

    def check(self, ip: str, port: int) -> None:
        """Raises BlockedTarget. Text that is not a plain IP address is refused too."""
        if message := self._fault(ip, port):
            raise BlockedTarget(message)

    def socket_factory(self, address: AddrInfo) -> socket.socket:
        """For `TCPConnector(socket_factory=…)`, which calls it for every address it is about to connect to."""
        family, kind, protocol, _, (ip, port, *_) = address
        self.check(str(ip), port)
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        return sock

    def _find_fault(self, ip: str, port: int) -> str | None:
        try:
            # A zone (fe80::1%eth0) picks a network card and does not change what the address is.
            address = plain(ip_address(ip.partition("%")[0]))
        except ValueError:
            return f"'{ip}' is not an IP address"
        if fault := self._fault_of(address, port):
            return f"{address} is {fault}"
        for inner in embedded(address):
            if fault := self._fault_of(inner, port):
                return f"{address} leads to {inner}, which is {fault}"
        return None

    def _fault_of(self, address: Address, port: int) -> str | None:
        if (endpoint(address), port) in self._denied:
            return f"on port {port} a part of is0k itself, which cannot be watched"
        single = ip_network(address)
        if address in METADATA and single not in self._allowed:
            return f"a cloud metadata service, which gives out credentials; only naming it allows it: {opt_in(single)}"
        if any(address in network for network in self._allowed):
            return None
        found = next((place for place in PLACES if address in place.network), None)
        if found and found.opt_in_prefix is not None:
            network = ip_network((address, found.opt_in_prefix), strict=False)
            return f"{found.words}; the operator can allow it: {opt_in(network)}"
        if found or not address.is_global:
            return f"{found.words if found else 'not public'}; only public addresses can be watched"
        return None


def opt_in(network: Network) -> str:
    return f"IS0K_ALLOWED_NETWORKS={network}"


def plain(address: Address) -> Address:
    """::ffff:10.0.0.1 is 10.0.0.1: the kernel connects to the same host."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def endpoint(address: Address) -> Address:
    return THIS_MACHINE if address.is_loopback or address.is_unspecified else address


def embedded(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a gateway or tunnel would connect to on behalf of this address."""
    if isinstance(address, IPv4Address):
        return
    if address in NAT64 or address in SIIT:
        yield IPv4Address(address.packed[12:])
    if address.sixtofour:
        yield address.sixtofour
    yield from address.teredo or ()
    # These may hold an IPv4 address; what reads as 0.x.x.x is something else, as ::1 is.
    yield from (inner for inner in perhaps_embedded(address) if inner.packed[0])


def perhaps_embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    if address in IPV4_COMPATIBLE or address in NAT64_LOCAL:
        yield IPv4Address(address.packed[12:])
    if address in NAT64_LOCAL:
        # RFC 6052 §2.2: behind a prefix of 48, 56 or 64 bits, byte 8 left out.
        squeezed = address.packed[:8] + address.packed[9:]
        yield from (IPv4Address(squeezed[start : start + 4]) for start in (6, 7, 8))
