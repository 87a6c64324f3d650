"""Tens of thousands of hostile targets through every probe: not one connection or packet goes to a forbidden address.

What counts is seen where Python hands an address to the kernel, whatever a probe says of itself.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_DGRAM, socket
from typing import Any

import pytest

from is0k import channels, probes
from is0k.probes.base import Probe
from is0k.probes.dns import DnsProbe
from is0k.probes.guard import METADATA, THIS_MACHINE, Guard, endpoint, plain
from is0k.probes.http import HttpProbe
from is0k.probes.icmp_socket import open_socket
from is0k.probes.ping import PingProbe
from is0k.probes.tcp import TcpProbe
from is0k.probes.tls import TlsProbe
from is0k.schema.enums import CheckStatus, Reason, StartTls
from is0k.schema.ping_settings import PingSettings
from is0k.schema.target_rules import NameServer
from is0k.schema.tcp_settings import TcpSettings
from is0k.schema.tls_settings import TlsSettings
from is0k.tests.probes.disguises import CASES, Case, Numbers
from is0k.tests.probes.echoes import told
from is0k.tests.probes.name_server import asked
from is0k.tests.probes.site import Site, redirect, settings
from is0k.tests.probes.test_guard_urls import REFUSALS
from is0k.tests.probes.witness import watching

# Nothing here goes further than the witness, who has to see it first.
pytestmark = [pytest.mark.anyio, pytest.mark.allow_hosts(["0.0.0.0/0", "::/0"])]

EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))
OPEN = Guard([*EVERYTHING, *map(ip_network, METADATA)])
URLS = (
    "http://{}/",
    "https://{}/",
    "HTTP://{}:8080/a?b=c#d",
    "http://user:password@{}/",
    "https://example.com@{}:22/",
    # Two readers of one URL may not agree on its host.
    "http://example.com\\@{}/",
    "http://{}\\@example.com/",
    "http:\\\\{}/",
)
TYPES = ("http", "tcp", "tls", "starttls", "ping")
Ask = Callable[[Case], Any]


def made(type: str, guard: Guard) -> tuple[Probe, Ask]:
    """A probe, and how it is sent to a case."""
    numbers = Numbers()
    match type:
        case "http":
            return HttpProbe(guard, numbers), lambda case: settings(f"http://{case.in_url}/")
        case "tcp":
            return TcpProbe(guard, numbers), lambda case: TcpSettings(host=case.host, port=6379, send="x", expect="y")
        case "tls":
            return TlsProbe(guard, numbers), lambda case: TlsSettings(host=case.host, port=443)
        case "starttls":
            return TlsProbe(guard, numbers), lambda case: TlsSettings(host=case.host, port=25, start_tls=StartTls.SMTP)
        case _:
            return PingProbe(guard, numbers), lambda case: PingSettings(host=case.host, packets=1)


def may_ping() -> bool:
    try:
        for family in (AF_INET, AF_INET6):
            open_socket(family).close()
    except OSError:
        return False
    return True


async def sent_to(probe: Probe, targets: Iterable[Any]) -> set[tuple[CheckStatus, Reason]]:
    """What it says of them, all in all. It is closed then."""
    found = set()
    for target in targets:
        status, reason, _ = told(await probe.run(target, 5))
        found.add((status, reason))
    await probe.close()
    return found


REFUSED = {(CheckStatus.DOWN, reason) for reason in REFUSALS}


def test_there_are_more_than_ten_thousand_different_urls() -> None:
    assert len({url.format(case.in_url) for url in URLS for case in CASES}) > 50_000


async def test_no_url_of_an_http_monitor_leads_to_a_forbidden_address() -> None:
    probe = HttpProbe(Guard(), Numbers())
    with watching() as witness:
        found = await sent_to(probe, (settings(url.format(case.in_url)) for url in URLS for case in CASES))

    assert found == REFUSED
    assert witness.strays == []


@pytest.mark.parametrize("type", TYPES[1:])
async def test_no_host_of_a_monitor_leads_to_a_forbidden_address(type: str) -> None:
    probe, ask = made(type, Guard())
    with watching() as witness:
        found = await sent_to(probe, map(ask, CASES))

    assert found == REFUSED
    assert witness.strays == []


def name_servers() -> Iterator[str]:
    for case in CASES:
        yield from (case.host, case.in_url, f"{case.in_url}:53", f"{case.in_url}:5353")


async def test_no_name_server_at_a_forbidden_address_is_asked() -> None:
    readable = [text for text in name_servers() if not list(NameServer()(text))]
    with watching() as witness:
        found = await sent_to(DnsProbe(Guard()), map(asked, readable))

    assert len(readable) > 5_000
    assert found == {(CheckStatus.DOWN, Reason.BLOCKED_TARGET)}
    assert witness.strays == []


@pytest.mark.parametrize("type", [type for type in TYPES if type != "ping" or may_ping()])
async def test_the_disguises_are_real_without_a_guard_each_leads_where_it_says(type: str) -> None:
    probe, ask = made(type, OPEN)
    missed = []
    for case in [case for case in CASES if case.is_same]:
        with watching() as witness:
            await probe.run(ask(case), 5)
        if {plain(ip_address(ip)) for ip, _ in witness.strays} != {plain(case.address)}:
            missed.append(case)
    await probe.close()

    assert missed == []


@pytest.mark.parametrize("type", TYPES)
async def test_where_all_is_allowed_no_disguise_leads_to_metadata(type: str) -> None:
    probe, ask = made(type, Guard(EVERYTHING))
    with watching() as witness:
        found = await sent_to(probe, (ask(case) for case in CASES if case.address in METADATA))

    assert found == REFUSED
    assert witness.strays == []


@pytest.mark.parametrize("type", ["tcp", "http"])
async def test_where_all_is_allowed_no_disguise_leads_to_our_own_redis(type: str) -> None:
    port = 6379 if type == "tcp" else 80
    probe, ask = made(type, Guard(EVERYTHING, [(str(THIS_MACHINE), port)]))
    here = [case for case in CASES if endpoint(plain(case.address)) == THIS_MACHINE]
    with watching() as witness:
        found = await sent_to(probe, map(ask, here))

    assert len(here) > 300
    assert found == REFUSED
    assert witness.strays == []


LOCATIONS = ("http://{}/", "https://{}/", "//{}/", "http://user:password@{}/", "HTTPS://{}:22/a?b#c")
STATUSES = (301, 302, 303, 307, 308)


async def test_no_redirect_leads_to_a_forbidden_address() -> None:
    # The front stands on the one address that is allowed.
    cases = [case for case in CASES if str(case.address) != "::1"][::3]
    probe = HttpProbe(Guard([ip_network("::1/128")]), Numbers())
    async with Site(host="::1") as front:
        front.answers = hops(cases)
        with watching(("::1", front.port)) as witness:
            found = await sent_to(probe, (settings(front.url(f"/far/{place}")) for place in range(len(cases))))

    assert found == REFUSED
    assert witness.strays == []
    assert front.accepted == len(witness.let_through) > len(cases)


def hops(cases: list[Case]) -> dict[str, bytes]:
    """/far/N leads to the case, every third by way of another page, and each by another kind of address and status."""
    answers = {}
    for place, case in enumerate(cases):
        target = redirect(LOCATIONS[place % 5].format(case.in_url), STATUSES[place // 5 % 5])
        if place % 3 == 0:
            answers[f"/near/{place}"], target = target, redirect(f"/near/{place}")
        answers[f"/far/{place}"] = target
    return answers


async def test_the_urls_and_redirects_are_real_without_a_guard_each_leads_there() -> None:
    cases = [case for case in CASES if str(case.address) == "10.0.0.1" and case.is_same]
    async with Site() as front:
        front.answers = hops(cases)
        urls = [settings(url.format(case.in_url)) for url in URLS[:5] for case in cases]
        fronts = [settings(front.url(f"/far/{place}")) for place in range(len(cases))]
        with watching((front.host, front.port)) as witness:
            await sent_to(HttpProbe(OPEN, Numbers()), urls)
            direct = len(witness.strays)
            await sent_to(HttpProbe(OPEN, Numbers()), fronts)

    assert len(cases) > 20
    assert (direct, len(witness.strays)) == (5 * len(cases), 6 * len(cases))
    assert {str(plain(ip_address(ip))) for ip, _ in witness.strays} == {"10.0.0.1"}
    assert {port for _, port in witness.strays} == {22, 80, 443, 8080}


def folders() -> Iterator[Path]:
    for package in (probes, channels):
        yield from Path(str(package.__file__)).parent.glob("*.py")


BY_LIBUV = ("create_connection", "create_datagram_endpoint", "open_connection")
# The operator's own mail server: nobody else names it.
TRUSTED = ("mail_server.py",)


def test_every_connection_of_ours_is_made_where_the_witness_sees_it() -> None:
    unseen = []
    for file in folders():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in BY_LIBUV:
                unseen += [] if "sock" in [keyword.arg for keyword in node.keywords] else [file.name]

    assert [name for name in unseen if name not in TRUSTED] == []


def test_the_witness_sees_and_stops_what_it_does_not_know() -> None:
    with socket() as stream, socket(type=SOCK_DGRAM) as datagrams, watching() as witness:
        for send in (
            lambda: stream.connect(("192.0.2.1", 1)),
            lambda: datagrams.sendto(b"x", ("192.0.2.1", 2)),
            lambda: datagrams.sendmsg([b"x"], (), 0, ("192.0.2.1", 3)),
        ):
            with pytest.raises(ConnectionRefusedError, match="a test stopped it"):
                send()

    assert witness.strays == [("192.0.2.1", 1), ("192.0.2.1", 2), ("192.0.2.1", 3)]
