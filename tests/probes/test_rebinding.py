"""A name server that gives another address each time: what was judged is what is connected to, and nothing else is."""

import contextlib
import itertools
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network
from typing import Any

import dns.asyncquery
import dns.message
import dns.rdatatype
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from is0k.channels.base import Reach
from is0k.channels.http import Http
from is0k.channels.refusal import Refused
from is0k.channels.webhook import WebhookChannel
from is0k.probes.base import Outcome, Probe
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.probes.icmp import Icmp
from is0k.probes.ping import PingProbe
from is0k.probes.tcp import TcpProbe
from is0k.probes.tls import TlsProbe
from is0k.schema.enums import Reason
from is0k.schema.ping_settings import PingSettings
from is0k.schema.tcp_settings import TcpSettings
from is0k.schema.tls_settings import TlsSettings
from is0k.schema.webhook_settings import WebhookSettings
from is0k.tests.channels.conftest import MESSAGE
from is0k.tests.probes.conftest import Names
from is0k.tests.probes.echoes import HOST, Network
from is0k.tests.probes.issuing import issue, serving, trusting
from is0k.tests.probes.name_server import NameServer, says
from is0k.tests.probes.site import Site, full_backlog, page, redirect, settings
from is0k.tests.probes.witness import Witness, watching

# Nothing here goes further than the witness, who has to see it first.
pytestmark = [pytest.mark.anyio, pytest.mark.allow_hosts(["0.0.0.0/0", "::/0"])]

OURS = "127.0.0.1"
# The one address that may be connected to here; its neighbour may not.
ALLOWED = [ip_network(f"{OURS}/32")]
FORBIDDEN = ("127.0.0.2", "10.0.0.1", "169.254.169.254", "192.168.1.1")
TIMES = 200


class Flipping(NameServer):
    """The public address and a forbidden one in turns, to be forgotten at once."""

    def __init__(self, public: str = OURS) -> None:
        super().__init__(self._flip)
        self._turns: Iterator[str] = itertools.chain.from_iterable(
            (public, each) for each in itertools.cycle(FORBIDDEN)
        )

    def _flip(self, question: bytes) -> list[bytes]:
        name = dns.message.from_wire(question).question[0].name
        return says(f"{name} 0 IN A {next(self._turns)}")(question)


class Asking(AbstractResolver):
    """Asks the server each time, and keeps nothing."""

    def __init__(self, server: NameServer) -> None:
        self.server = server

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        question = dns.message.make_query(host, dns.rdatatype.A)
        answer = await dns.asyncquery.udp(question, self.server.host, timeout=5, port=self.server.port)
        return [
            ResolveResult(hostname=host, host=str(record), port=port, family=family, proto=0, flags=0)
            for record in answer.answer[0]
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def server() -> AsyncIterator[Flipping]:
    async with Flipping() as server:
        yield server


def own(*places: Any) -> tuple[tuple[str, int], ...]:
    return tuple((place.host, place.port) for place in places)


async def many(probe: Probe, target: Any, times: int = TIMES) -> list[Outcome]:
    outcomes = [await probe.run(target, 5) for _ in range(times)]
    await probe.close()
    return outcomes


def reasons(outcomes: list[Outcome]) -> Counter[Reason]:
    return Counter(outcome.reason for outcome in outcomes)


def assert_none_strayed(witness: Witness, server: NameServer, site: Site, visits: int) -> None:
    assert witness.strays == []
    assert site.accepted == visits == witness.let_through.count((site.host, site.port))
    # One question for one connection: nothing is looked up again between the judgement and the connection.
    assert len(server.questions) == 2 * visits


async def test_an_http_check_goes_where_it_was_judged_to_go(server: Flipping) -> None:
    probe = HttpProbe(Guard(ALLOWED), Asking(server))
    async with Site({"/": page()}) as site:
        with watching(*own(site, server)) as witness:
            outcomes = await many(probe, settings(site.url("/", "rebind.example")))

    assert reasons(outcomes) == {Reason.OK: TIMES / 2, Reason.BLOCKED_TARGET: TIMES / 2}
    assert_none_strayed(witness, server, site, TIMES // 2)


@pytest.mark.parametrize("loops", [2, 3, 6])
async def test_every_redirect_is_judged_anew(server: Flipping, loops: int) -> None:
    """The name leads to itself again and again, and somewhere else when it is asked for the second time."""
    probe = HttpProbe(Guard(ALLOWED), Asking(server))
    async with Site() as site:
        paths = ["/", *(f"/{place}" for place in range(loops))]
        again = (site.url(path, "rebind.example") for path in paths[1:])
        site.answers = {path: redirect(location) for path, location in zip(paths, again, strict=False)}
        with watching(*own(site, server)) as witness:
            outcomes = await many(probe, settings(site.url("/", "rebind.example")))

    assert reasons(outcomes) == {Reason.BLOCKED_TARGET: TIMES}
    assert_none_strayed(witness, server, site, TIMES)


async def test_a_tcp_check_goes_where_it_was_judged_to_go(server: Flipping) -> None:
    probe = TcpProbe(Guard(ALLOWED), Asking(server))
    async with Site({"/": page()}) as site:
        with watching(*own(site, server)) as witness:
            target = TcpSettings(host="rebind.example", port=site.port, send="GET / HTTP/1.1\r\n\r\n", expect="200")
            outcomes = await many(probe, target)

    assert reasons(outcomes) == {Reason.OK: TIMES / 2, Reason.BLOCKED_TARGET: TIMES / 2}
    assert_none_strayed(witness, server, site, TIMES // 2)


async def test_a_tls_check_looks_again_where_it_looked_first(server: Flipping) -> None:
    """After a handshake that failed it connects a second time, for evidence, without a second look-up."""
    probe = TlsProbe(Guard(ALLOWED), Asking(server), verifying=trusting(issue("Root")))
    async with Site(tls=serving(issue("x", issue("Stranger"), "rebind.example"))) as site:
        with watching(*own(site, server)) as witness:
            outcomes = await many(probe, TlsSettings(host="rebind.example", port=site.port), 20)

    assert reasons(outcomes) == {Reason.TLS_ERROR: 10, Reason.BLOCKED_TARGET: 10}
    assert witness.strays == []
    assert witness.let_through.count((OURS, site.port)) == len(server.questions) == 20


async def test_a_ping_goes_where_it_was_judged_to_go() -> None:
    network = Network()
    async with Flipping(HOST) as server:
        probe = PingProbe(Guard(), Asking(server), icmp=Icmp(network.open))
        with watching(*own(server)) as witness:
            outcomes = await many(probe, PingSettings(host="rebind.example", packets=1))

    assert reasons(outcomes) == {Reason.OK: TIMES / 2, Reason.BLOCKED_TARGET: TIMES / 2}
    assert [request.ip for request in network.sent] == [HOST] * (TIMES // 2)
    assert witness.strays == []


async def test_a_message_goes_where_it_was_judged_to_go(server: Flipping) -> None:
    reach, taken = Reach(Http(Guard(ALLOWED), Asking(server))), 0
    async with Site({"/": page()}) as site:
        hook = WebhookSettings(url=site.url("/", "rebind.example"), secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        with watching(*own(site, server)) as witness:
            for _ in range(TIMES):
                with contextlib.suppress(Refused):
                    await WebhookChannel(reach).send(hook, MESSAGE)
                    taken += 1
    await reach.close()

    assert taken == TIMES // 2
    assert_none_strayed(witness, server, site, taken)


async def test_the_flips_are_real_without_a_guard_every_second_check_goes_astray(server: Flipping) -> None:
    everything = [ip_network("0.0.0.0/0"), *(ip_network(ip) for ip in FORBIDDEN)]
    probe = HttpProbe(Guard(everything), Asking(server))
    async with Site({"/": page()}) as site:
        with watching(*own(site, server)) as witness:
            outcomes = await many(probe, settings(site.url("/", "rebind.example")))

    assert reasons(outcomes) == {Reason.OK: TIMES / 2, Reason.CONNECTION_REFUSED: TIMES / 2}
    assert Counter(ip for ip, _ in witness.strays) == dict.fromkeys(FORBIDDEN, TIMES / 8)


@pytest.mark.parametrize("type", ["http", "tcp", "tls"])
async def test_of_mixed_addresses_only_the_allowed_are_tried_one_after_the_other(names: Names, type: str) -> None:
    """Happy eyeballs: the first allowed address hangs, and the next is tried beside it."""
    guard, root = Guard([*ALLOWED, ip_network("::1/128")]), issue("Root")
    names.addresses["mixed.test"] = ["169.254.169.254", "127.0.0.1", "10.0.0.1", "::1", "::ffff:10.0.0.1", "127.0.0.2"]
    context = serving(issue("x", root, "mixed.test")) if type == "tls" else None
    async with Site({"/": page()}, host="::1", tls=context) as site:
        with full_backlog(OURS, site.port), watching((OURS, site.port), ("::1", site.port)) as witness:
            match type:
                case "http":
                    [outcome] = await many(HttpProbe(guard, names), settings(site.url("/", "mixed.test")), 1)
                case "tcp":
                    [outcome] = await many(TcpProbe(guard, names), TcpSettings(host="mixed.test", port=site.port), 1)
                case _:
                    probe = TlsProbe(guard, names, verifying=trusting(root))
                    [outcome] = await many(probe, TlsSettings(host="mixed.test", port=site.port), 1)

    assert outcome.reason is Reason.OK
    assert witness.let_through == [(OURS, site.port), ("::1", site.port)]
    assert witness.strays == []
    assert outcome.detail["addresses"] == ["127.0.0.1", "::1"]
