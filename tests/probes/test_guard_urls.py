"""Addresses written to slip past a guard, tried for real: what counts is how many connections the server accepts."""

import socket
from ipaddress import ip_network

import pytest

from is0k.probes.guard import AddrInfo, Guard
from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, Reason
from is0k.tests.probes.conftest import Names
from is0k.tests.probes.site import Site, page, redirect, settings

pytestmark = pytest.mark.anyio

THIS_MACHINE = (
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "2130706433",
    "0",
    "0.0.0.0",
    "0x0",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127．0．0．1",
    "user@127.0.0.1",
    "user:password@127.0.0.1",
    "example.com@127.0.0.1",
    "localhost",
    "LOCALHOST",
)
# Other networks, and spellings that lead nowhere today.
ELSEWHERE = (
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "example.com%40127.0.0.1",
    "localhost.",
    "127.127.127.127",
    "[::127.0.0.1]",
    "[::ffff:0:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[::1%25lo]",
    "[fe80::1%25lo]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "2852039166",
    "0xa9fea9fe",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
)
HOSTILE = THIS_MACHINE + ELSEWHERE
# Refused as addresses, or not resolvable to one; never a connection.
REFUSALS = (Reason.BLOCKED_TARGET, Reason.DNS_ERROR)


class CountingGuard(Guard):
    """Counts the sockets it hands out."""

    sockets = 0

    def socket_factory(self, address: AddrInfo) -> socket.socket:
        made = super().socket_factory(address)
        self.sockets += 1
        return made


@pytest.mark.parametrize("host", HOSTILE)
async def test_no_hostile_url_makes_a_socket(host: str) -> None:
    guard = CountingGuard()
    probe = HttpProbe(guard)
    async with Site({"/": page()}) as site, Site({"/": page()}, host="::1", port=site.port) as site6:
        outcome = await probe.run(settings(f"http://{host}:{site.port}/"), 5)
    await probe.close()

    assert outcome.status is CheckStatus.DOWN
    assert outcome.reason in REFUSALS
    assert (guard.sockets, site.accepted, site6.accepted) == (0, 0, 0)


@pytest.mark.allow_hosts(["127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "::ffff:7f00:1"])
async def test_the_list_is_real_without_a_guard_its_first_part_reaches_this_machine() -> None:
    probe = HttpProbe(Guard([ip_network("0.0.0.0/0"), ip_network("::/0")]))
    missed = []
    async with Site({"/": page()}) as site, Site({"/": page()}, host="::1", port=site.port) as site6:
        for host in THIS_MACHINE:
            before = site.accepted + site6.accepted
            await probe.run(settings(f"http://{host}:{site.port}/"), 5)
            missed += [host] if site.accepted + site6.accepted == before else []
    await probe.close()

    assert missed == []


@pytest.mark.parametrize("host", [host for host in HOSTILE if host not in ("[::1]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]")])
async def test_no_redirect_leads_to_a_hostile_url(host: str) -> None:
    guard = CountingGuard([ip_network("::1/128")])
    probe = HttpProbe(guard)
    async with Site({"/": page()}) as site, Site(host="::1") as front:
        front.answers = {"/": redirect(f"http://{host}:{site.port}/")}
        outcome = await probe.run(settings(front.url()), 5)
    await probe.close()

    assert outcome.reason in REFUSALS
    assert (guard.sockets, front.accepted, site.accepted) == (1, 1, 0)


async def test_a_name_that_changes_its_address_between_two_requests_is_refused(names: Names) -> None:
    probe = HttpProbe(Guard([ip_network("::1/128")]), names)
    names.addresses["rebind.test"] = ["::1"]
    async with Site({"/": page()}, host="::1") as front, Site({"/": page()}, port=front.port) as site:
        first = await probe.run(settings(front.url("/", "rebind.test")), 5)
        names.addresses["rebind.test"] = ["127.0.0.1"]
        second = await probe.run(settings(front.url("/", "rebind.test")), 5)
    await probe.close()

    assert (first.reason, second.reason) == (Reason.OK, Reason.BLOCKED_TARGET)
    assert (front.accepted, site.accepted) == (1, 0)


async def test_a_name_of_forbidden_addresses_alone_is_refused(names: Names) -> None:
    guard = CountingGuard()
    names.addresses["many.test"] = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"]
    probe = HttpProbe(guard, names)
    outcome = await probe.run(settings("http://many.test/"), 5)
    await probe.close()

    assert outcome.reason is Reason.BLOCKED_TARGET
    assert (outcome.message or "").startswith("10.0.0.1 is in a private network")
    assert guard.sockets == 0
