"""Who is at the other end, also behind proxies, and whose requests are counted together."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import Scope

from is0k.settings import Network

Address = IPv4Address | IPv6Address


def client_address(scope: Scope, proxies: Sequence[Network]) -> Address | None:
    """The last address that no trusted proxy has; what a stranger writes into X-Forwarded-For is never looked at.

    None where there is none, as over a Unix socket.
    """
    peer = scope.get("client")
    address = _parsed(peer[0]) if peer else None
    if not proxies or not address or not _is_in(address, proxies):
        return address
    for hop in reversed(_forwarded(scope)):
        client = _parsed(hop)
        if client is None:
            return address  # the proxy before it is who we know
        address = client
        if not _is_in(address, proxies):
            return address
    return address


@lru_cache(4096)
def bucket_of(address: Address | None) -> str:
    """A household has a /64 of IPv6, so one address more is no other caller."""
    if isinstance(address, IPv6Address):
        return f"{address.packed[:8].hex(':', 2)}::/64"
    return str(address)


def _forwarded(scope: Scope) -> list[str]:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop for value in values for hop in value.split(",")]


def _parsed(text: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`, as proxies write them."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
