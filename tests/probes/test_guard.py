import contextlib
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import aiohttp
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from is0k.probes.guard import METADATA, PLACES, Address, BlockedTarget, Guard, Place, plain
from is0k.tests.probes.site import Site, page

pytestmark = pytest.mark.anyio

EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))
GLOBAL = ("1.1.1.1", "8.8.8.8", "11.0.0.1", "172.32.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450:4001::1")


def refusal(guard: Guard, ip: str, port: int = 80) -> str | None:
    try:
        guard.check(ip, port)
    except BlockedTarget as error:
        return str(error)
    return None


@pytest.mark.parametrize("ip", GLOBAL)
def test_public_addresses_may_be_watched(ip: str) -> None:
    assert refusal(Guard(), ip) is None


@pytest.mark.parametrize(
    ("ip", "message"),
    [
        (
            "192.168.1.10",
            "192.168.1.10 is in a private network; the operator can allow it: IS0K_ALLOWED_NETWORKS=192.168.1.0/24",
        ),
        ("127.0.0.1", "127.0.0.1 is this machine itself; the operator can allow it: IS0K_ALLOWED_NETWORKS=127.0.0.0/8"),
        ("fe80::1%eth0", "fe80::1 is a link-local address; the operator can allow it: IS0K_ALLOWED_NETWORKS=fe80::/64"),
        ("224.0.0.1", "224.0.0.1 is a multicast address; only public addresses can be watched"),
        ("0.0.0.0", "0.0.0.0 is not the address of a host; only public addresses can be watched"),
        (
            "169.254.169.254",
            "169.254.169.254 is a cloud metadata service, which gives out credentials; "
            "only naming it allows it: IS0K_ALLOWED_NETWORKS=169.254.169.254/32",
        ),
        ("127.1", "'127.1' is not an IP address"),
        ("example.com", "'example.com' is not an IP address"),
    ],
)
def test_a_refusal_says_in_one_line_what_to_do(ip: str, message: str) -> None:
    assert refusal(Guard(), ip) == message


def test_what_an_address_leads_to_is_named() -> None:
    guard = Guard([ip_network("64:ff9b::/96")])

    assert refusal(guard, "64:ff9b::808:808") is None
    assert refusal(guard, "64:ff9b::a00:1") == (
        "64:ff9b::a00:1 leads to 10.0.0.1, which is in a private network; "
        "the operator can allow it: IS0K_ALLOWED_NETWORKS=10.0.0.0/24"
    )


def test_an_allowed_network_is_open_and_its_neighbour_is_not() -> None:
    guard = Guard([ip_network("192.168.1.0/24"), ip_network("::1/128")])

    assert refusal(guard, "192.168.1.10") is None
    assert refusal(guard, "::ffff:192.168.1.10") is None
    assert refusal(guard, "::1") is None
    assert refusal(guard, "192.168.2.10") is not None
    assert refusal(guard, "127.0.0.1") is not None


def test_our_own_services_are_refused_even_in_an_allowed_network() -> None:
    guard = Guard(EVERYTHING, [("10.0.0.5", 5432), ("127.0.0.1", 6379)])

    assert refusal(guard, "10.0.0.5", 5432) == "10.0.0.5 is on port 5432 a part of is0k itself, which cannot be watched"
    assert refusal(guard, "::ffff:10.0.0.5", 5432) is not None
    assert refusal(guard, "64:ff9b::10.0.0.5", 5432) is not None
    assert refusal(guard, "10.0.0.5", 80) is None
    assert refusal(guard, "10.0.0.6", 5432) is None


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.8.9.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"])
def test_a_service_of_ours_on_this_machine_is_refused_by_every_way_in(ip: str) -> None:
    guard = Guard(EVERYTHING, [("127.0.0.1", 6379)])

    assert refusal(guard, ip, 6379) is not None
    assert refusal(guard, ip, 80) is None


@pytest.mark.parametrize("address", sorted(map(str, METADATA)))
def test_metadata_is_open_only_when_it_is_named_alone(address: str) -> None:
    around = ip_network(f"{address}/{24 if '.' in address else 64}", strict=False)

    assert "metadata" in (refusal(Guard(), address) or "")
    assert "metadata" in (refusal(Guard([around, *EVERYTHING]), address) or "")
    assert refusal(Guard([ip_network(address)]), address) is None


def as_nat64(inner: IPv4Address) -> IPv6Address:
    return IPv6Address(int(IPv6Address("64:ff9b::")) | int(inner))


def as_local_nat64(inner: IPv4Address) -> IPv6Address:
    """RFC 6052 §2.2 for a prefix of 48 bits: 16 bits, a byte of zero, 16 bits."""
    high, low = divmod(int(inner), 1 << 16)
    return IPv6Address(int(IPv6Address("64:ff9b:1::")) | high << 64 | low << 40)


def as_6to4(inner: IPv4Address) -> IPv6Address:
    return IPv6Address(int(IPv6Address("2002::")) | int(inner) << 80)


def as_siit(inner: IPv4Address) -> IPv6Address:
    return IPv6Address(int(IPv6Address("::ffff:0:0:0")) | int(inner))


def as_mapped(inner: IPv4Address) -> IPv6Address:
    return IPv6Address(int(IPv6Address("::ffff:0:0")) | int(inner))


def as_compatible(inner: IPv4Address) -> IPv6Address:
    return IPv6Address(int(inner))


def as_teredo_client(inner: IPv4Address) -> IPv6Address:
    return IPv6Address(int(IPv6Address("2001:0:808:808::")) | int(inner) ^ 0xFFFFFFFF)


SPELLINGS = (as_mapped, as_nat64, as_local_nat64, as_6to4, as_siit, as_compatible, as_teredo_client)


def inside(place: Place) -> st.SearchStrategy[Address]:
    return st.ip_addresses(network=place.network)


forbidden = st.sampled_from(PLACES).flatmap(inside)
forbidden_v4 = st.sampled_from([place for place in PLACES if place.network.version == 4]).flatmap(inside)


@given(forbidden)
def test_every_address_of_every_forbidden_network_is_refused(address: Address) -> None:
    assert refusal(Guard(), str(address)) is not None


@given(st.ip_addresses(v=4), st.sampled_from(SPELLINGS))
def test_no_spelling_reaches_further_than_the_address_itself(address: IPv4Address, spell: type) -> None:
    if refusal(Guard(), str(spell(address))) is None:
        assert refusal(Guard(), str(address)) is None


@given(forbidden_v4, st.sampled_from(SPELLINGS))
def test_allowing_all_of_ipv6_opens_no_forbidden_ipv4_address(address: IPv4Address, spell: type) -> None:
    # 0.x.x.x inside such an address means that something else is written there: ::1 is not 0.0.0.1.
    assume(address.packed[0] != 0)
    guard = Guard([IPv6Network("::/0")])

    assert refusal(guard, str(spell(address))) is not None


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), st.ip_addresses(network="2000::/3")))
def test_what_is_let_through_is_public(address: Address) -> None:
    assume(refusal(Guard(), str(address)) is None)
    judged = plain(address)

    assert judged.is_global
    assert not (judged.is_multicast or judged.is_reserved or judged.is_private or judged.is_loopback)


@given(
    st.sampled_from([place for place in PLACES if place.opt_in_prefix and "NAT64" not in place.words]).flatmap(inside)
)
def test_doing_what_a_refusal_says_allows_the_address(address: Address) -> None:
    advice = re.search(r"IS0K_ALLOWED_NETWORKS=(\S+)$", refusal(Guard(), str(address)) or "")
    assert advice

    assert refusal(Guard([ip_network(advice[1])]), str(address)) is None


@given(st.text())
def test_text_that_is_no_address_is_refused(text: str) -> None:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        assert refusal(Guard(EVERYTHING), text) == f"'{text}' is not an IP address"


def test_a_socket_is_made_for_an_allowed_address_and_does_not_block() -> None:
    with Guard().socket_factory((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700::1", 443, 0, 0))) as made:
        assert (made.family, made.type, made.getblocking()) == (socket.AF_INET6, socket.SOCK_STREAM, False)


def test_no_socket_is_made_for_a_forbidden_address() -> None:
    with pytest.raises(BlockedTarget, match="this machine itself"):
        Guard().socket_factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))


@pytest.mark.parametrize(("guard", "accepted"), [(Guard(), 0), (Guard(EVERYTHING), 1)])
async def test_a_connector_of_aiohttp_obeys_the_guard(guard: Guard, accepted: int) -> None:
    connector = aiohttp.TCPConnector(socket_factory=guard.socket_factory)
    async with Site({"/": page()}) as site, aiohttp.ClientSession(connector=connector) as session:
        with contextlib.suppress(aiohttp.ClientConnectorError):
            await session.get(site.url())

    assert site.accepted == accepted
