"""Every forbidden network in every disguise that has ever slipped past a guard of somebody: hosts, and URLs of them."""

import socket
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

from aiohttp.abc import AbstractResolver, ResolveResult

from is0k.probes.guard import METADATA, Address, Network
from is0k.tests.probes.test_guard import SPELLINGS

# Written down anew from IANA's special-purpose registries: what the guard's own list forgets must be found here.
NETWORKS = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
::/128 ::1/128 ::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/32 2001:2::/48
2001:10::/28 2001:20::/28 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
"""

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


def percent(text: str) -> str:
    return "".join(f"%{ord(letter):02X}" for letter in text)


def numbers(ip: IPv4Address, *forms: str) -> str:
    """Its bytes in as many forms; what is left over goes into the last, as inet_aton(3) has it."""
    parts = [*ip.packed[: len(forms) - 1], int.from_bytes(ip.packed[len(forms) - 1 :])]
    return ".".join(format(part, form) for part, form in zip(parts, forms, strict=True))


def named(ip: Address) -> str:
    """A name that resolves to it; see Numbers."""
    return f"{ip.packed.hex()}.v{ip.version}.test"


# What the C library, a browser or a proxy takes for the same address.
SAME: dict[str, Callable[[IPv4Address], str]] = {
    "as it is": str,
    "decimal": lambda ip: str(int(ip)),
    "hexadecimal": lambda ip: hex(int(ip)),
    "hexadecimal in capitals": lambda ip: f"0X{int(ip):08X}",
    "octal": lambda ip: f"0{int(ip):011o}",
    "bytes in hexadecimal": lambda ip: ".".join(map(hex, ip.packed)),
    "bytes in long hexadecimal": lambda ip: ".".join(f"0x{byte:010x}" for byte in ip.packed),
    "bytes in octal": lambda ip: ".".join(f"0{byte:o}" for byte in ip.packed),
    "bytes in long octal": lambda ip: ".".join(f"{byte:010o}" for byte in ip.packed),
    "three parts": lambda ip: numbers(ip, "d", "d", "d"),
    "two parts": lambda ip: numbers(ip, "d", "d"),
    "two parts in hexadecimal": lambda ip: numbers(ip, "#x", "#x"),
    "parts of all kinds": lambda ip: numbers(ip, "#x", "d", "#x"),
    "full-width digits": lambda ip: str(ip).translate(FULL_WIDTH),
    "circled digits": lambda ip: str(ip).translate(CIRCLED),
    "bold digits": lambda ip: str(ip).translate(BOLD),
    "full-width decimal": lambda ip: str(int(ip)).translate(FULL_WIDTH),
    "ideographic stops": lambda ip: str(ip).replace(".", "。"),
    "full-width stops": lambda ip: str(ip).replace(".", "．"),
    "half-width stops": lambda ip: str(ip).replace(".", "｡"),
    "a name": named,
    "a name in capitals": lambda ip: named(ip).upper(),
    "a name of the mapped address": lambda ip: named(IPv6Address(f"::ffff:{ip}")),
    "mapped": lambda ip: f"::ffff:{ip}",
    "mapped in hexadecimal": lambda ip: f"::ffff:{ip.packed[:2].hex()}:{ip.packed[2:].hex()}",
    "mapped in capitals": lambda ip: f"::FFFF:{ip}",
    "mapped at full length": lambda ip: IPv6Address(f"::ffff:{ip}").exploded,
}
# What may lead somewhere by a gateway, a sloppy parser, or not at all today.
PERHAPS: dict[str, Callable[[IPv4Address], str]] = {
    "a final dot": lambda ip: f"{ip}.",
    "two final dots": lambda ip: f"{ip}..",
    "decimal with a final dot": lambda ip: f"{int(ip)}.",
    "decimal past 32 bits": lambda ip: str(int(ip) + 2**32),
    "bytes past 8 bits": lambda ip: ".".join(str(byte + 256) for byte in ip.packed),
    "percent-encoded": lambda ip: percent(str(ip)),
    "percent-encoded twice": lambda ip: percent(percent(str(ip))),
    "percent-encoded dots": lambda ip: str(ip).replace(".", "%2E"),
    "percent-encoded full-width stops": lambda ip: str(ip).replace(".", "%EF%BC%8E"),
    "a percent-encoded user": lambda ip: f"example.com%40{ip}",
    "a percent-encoded port": lambda ip: f"{ip}%3A80",
    "a percent-encoded end of the host": lambda ip: f"{ip}%23.example.com",
    "a zero byte": lambda ip: f"{ip}%00.example.com",
    "a soft hyphen": lambda ip: str(ip).replace(".", ".\N{SOFT HYPHEN}"),
    "a space without width": lambda ip: f"\N{ZERO WIDTH SPACE}{ip}",
    "mapped with a zone": lambda ip: f"::ffff:{ip}%1",
    "a name with a final dot": lambda ip: f"{named(ip)}.",
    **{spell.__name__: lambda ip, spell=spell: str(spell(ip)) for spell in SPELLINGS},  # type: ignore[misc]
    **{
        f"a name of {spell.__name__}": lambda ip, spell=spell: named(spell(ip))  # type: ignore[misc]
        for spell in SPELLINGS
    },
    "a teredo server": lambda ip: f"2001:0:{ip.packed[:2].hex()}:{ip.packed[2:].hex()}::",
}
SAME_IPV6: dict[str, Callable[[IPv6Address], str]] = {
    "as it is": str,
    "at full length": lambda ip: ip.exploded,
    "in capitals": lambda ip: str(ip).upper(),
    "dotted at the end": lambda ip: f"{ip.exploded[:30]}{IPv4Address(ip.packed[12:])}",
    "a name": named,
}
PERHAPS_IPV6: dict[str, Callable[[IPv6Address], str]] = {
    "a zone": lambda ip: f"{ip}%1",
    "a named zone": lambda ip: f"{ip}%lo",
    "an encoded zone": lambda ip: f"{ip}%25lo",
    "a zone that looks public": lambda ip: f"{ip}%2606:4700::1111",
    "a zone in a long address": lambda ip: f"{ip.exploded}%1",
    "a name with a final dot": lambda ip: f"{named(ip)}.",
}


class Case(NamedTuple):
    address: Address
    disguise: str
    # Without the brackets of a URL.
    host: str
    is_same: bool

    @property
    def in_url(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def some_of(network: Network) -> Iterator[Address]:
    """Its ends, their neighbours, and some in between."""
    size = network.num_addresses
    offsets = {0, 1, size // 3, size // 2, size - 2, size - 1}
    for offset in sorted(offset for offset in offsets if 0 <= offset < size):
        yield network.network_address + offset


ADDRESSES = sorted(
    {address for network in NETWORKS.split() for address in some_of(ip_network(network))} | METADATA,
    key=lambda ip: (ip.version, int(ip)),
)


def cases() -> Iterator[Case]:
    for ip in ADDRESSES:
        if isinstance(ip, IPv4Address):
            yield from (Case(ip, name, write(ip), True) for name, write in SAME.items())
            yield from (Case(ip, name, write(ip), False) for name, write in PERHAPS.items())
        else:
            yield from (Case(ip, name, write6(ip), True) for name, write6 in SAME_IPV6.items())
            yield from (Case(ip, name, write6(ip), False) for name, write6 in PERHAPS_IPV6.items())


CASES = list({case.host: case for case in cases()}.values())


class Numbers(AbstractResolver):
    """Reads numbers as the C library does, in every form it knows, and names that hold an address; no other."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._addresses(host.encode("ascii"), port, family)
        ]

    def _addresses(self, host: bytes, port: int, family: socket.AddressFamily) -> list[str]:
        held, _, rest = host.lower().removesuffix(b".").partition(b".")
        if rest in (b"v4.test", b"v6.test"):
            return [str(ip_address(bytes.fromhex(held.decode())))]
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(address[0]) for *_, address in found]

    async def close(self) -> None:
        pass
