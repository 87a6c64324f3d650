"""Rules for what is watched other than by URL: hosts and name servers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from typing import Any

import idna

from is0k.schema.enums import IpVersion
from is0k.schema.faults import Fault

LONGEST_NAME = 253
DNS_PORT = 53
# RFC 1123 §2.1, and the underscore of service names (RFC 8552).
LABEL = re.compile(r"(?!-)[a-zA-Z0-9_-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class Host:
    """A name, also an international one, or an IP address without brackets."""

    def __call__(self, value: str) -> Iterator[Fault]:
        if host_fault(value):
            yield Fault((), "BAD_HOST", "Must be a host name such as db.example.com, or an IP address")

    def json_schema(self) -> dict[str, Any]:
        label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?"
        return {
            "pattern": rf"^{label}(\.{label}){{0,5}}$",
            "maxLength": LONGEST_NAME,
            "examples": ["db.example.com"],
        }


def host_fault(value: str) -> bool:
    if is_ip(value):
        return False
    try:
        encoded = ascii_host(value)
    except ValueError:
        return True
    labels = encoded.removesuffix(".").split(".")
    # The system reads numbers as addresses of four, three, two or one part; we read addresses as people write them.
    return len(encoded) > LONGEST_NAME or not all(map(LABEL.fullmatch, labels)) or is_number(labels[-1])


def ascii_host(value: str) -> str:
    """As it goes to a name server. Raises ValueError for what is no name."""
    return value if value.isascii() else idna.encode(value, uts46=True).decode()


def is_number(label: str) -> bool:
    return re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", label) is not None


def version_faults(host: object, version: object) -> Iterator[Fault]:
    """An address must be of the version that is to be tried. Either may be unset in an input."""
    if not isinstance(host, str) or not is_ip(host) or version not in (IpVersion.IPV4, IpVersion.IPV6):
        return
    own = IpVersion.IPV6 if ":" in host else IpVersion.IPV4
    if version is not own:
        yield Fault(
            ("ip_version",), "CONFLICT", f"The host is an {'IPv6' if own is IpVersion.IPV6 else 'IPv4'} address"
        )


def is_ip(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return "%" not in value


def reverse_name(ip: str) -> str:
    """The name a PTR record of the address stands under."""
    return ip_address(ip).reverse_pointer


def is_reverse_name(name: str) -> bool:
    return name.lower().removesuffix(".").endswith((".in-addr.arpa", ".ip6.arpa"))


@dataclass(frozen=True, slots=True)
class NameServer:
    """An IP address, with or without a port: 192.0.2.53, 192.0.2.53:5353, [2001:db8::53]:5353."""

    def __call__(self, value: str) -> Iterator[Fault]:
        try:
            name_server(value)
        except ValueError:
            message = "Must be an IP address such as 9.9.9.9, or with a port: 9.9.9.9:53, [2620:fe::fe]:53"
            yield Fault((), "BAD_NAME_SERVER", message)

    def json_schema(self) -> dict[str, Any]:
        byte, group = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])", "[0-9a-fA-F]{1,4}"
        high = "[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
        ipv4, port = rf"{byte}(\.{byte}){{3}}", f"(:([1-9][0-9]{{0,3}}|{high}))?"
        # One pattern for each place where `::` may stand.
        ipv6 = "|".join(
            [
                f"({group}:){{7}}{group}",
                *(f"({group}:){{1,{before}}}(:{group}){{1,{7 - before}}}" for before in range(1, 7)),
                f"({group}:){{1,7}}:",
                f":((:{group}){{1,7}}|:)",
            ]
        )
        return {"pattern": rf"^({ipv4}{port}|({ipv6})|\[({ipv6})\]{port})$", "examples": ["9.9.9.9"]}


def name_server(text: str) -> tuple[str, int]:
    """Its address and port. Raises ValueError for what is neither an address nor one with a port."""
    bare = re.fullmatch(r"([0-9.]+)(?::([0-9]{1,5}))?|\[([0-9a-fA-F:.]+)\](?::([0-9]{1,5}))?|([0-9a-fA-F:.]+)", text)
    if bare is None:
        raise ValueError(f"not a name server: {text}")
    ipv4, ipv4_port, bracketed, ipv6_port, ipv6 = bare.groups()
    address, port = ip_address(ipv4 or bracketed or ipv6), int(ipv4_port or ipv6_port or DNS_PORT)
    if not 0 < port < 65_536 or (bracketed and address.version == 4):
        raise ValueError(f"not a name server: {text}")
    return str(address), port


def version_of_address(value: str) -> IpVersion | None:
    """None for a name. ::ffff:192.0.2.1 is IPv4: that is what the packets are."""
    if not is_ip(value):
        return None
    address = ip_address(value)
    is_ipv4 = isinstance(address, IPv4Address) or address.ipv4_mapped is not None
    return IpVersion.IPV4 if is_ipv4 else IpVersion.IPV6
