"""Rules for what is watched other than by URL: hosts, name servers, cron expressions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import idna

from is0k.schema.faults import Fault

LONGEST_NAME = 253
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


def is_ip(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return "%" not in value
