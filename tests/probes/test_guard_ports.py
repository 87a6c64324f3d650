"""What the guard refuses is refused to `tcp` and `tls` monitors too: what counts is how many connections are made."""

import pytest

from is0k.probes.guard import Guard
from is0k.probes.tcp import TcpProbe
from is0k.probes.tls import TlsProbe
from is0k.schema.enums import CheckStatus, Reason, StartTls
from is0k.schema.tcp_settings import TcpSettings
from is0k.schema.tls_settings import TlsSettings
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.site import Site
from is0k.tests.probes.test_guard_urls import HOSTILE, REFUSALS, CountingGuard

pytestmark = pytest.mark.anyio

# Without the brackets of a URL.
HOSTS = [host.strip("[]") for host in HOSTILE]


@pytest.mark.parametrize("host", HOSTS)
async def test_no_hostile_host_makes_a_socket(host: str) -> None:
    guard = CountingGuard()
    tcp, tls = TcpProbe(guard), TlsProbe(guard)
    async with Site() as site, Site(host="::1", port=site.port) as site6:
        outcomes = [
            await tcp.run(TcpSettings(host=host, port=site.port, send="x", expect="y"), 5, wants_body=True),
            await tcp.run(TcpSettings(host=host, port=site.port, tls=True), 5),
            await tls.run(TlsSettings(host=host, port=site.port), 5),
            await tls.run(TlsSettings(host=host, port=site.port, start_tls=StartTls.SMTP), 5),
        ]
    await tcp.close()
    await tls.close()

    assert {outcome.status for outcome in outcomes} == {CheckStatus.DOWN}
    assert all(outcome.reason in REFUSALS for outcome in outcomes)
    assert (guard.sockets, site.accepted, site6.accepted) == (0, 0, 0)


async def test_a_denied_port_is_refused_in_words_that_say_why(names: Names) -> None:
    async with Site() as site:
        guard = CountingGuard(LOOPBACK, [("127.0.0.1", site.port)])
        tcp, tls = TcpProbe(guard, names), TlsProbe(guard, names)
        outcomes = [
            await tcp.run(TcpSettings(host="own.test", port=site.port), 5),
            await tls.run(TlsSettings(host="own.test", port=site.port), 5),
        ]

    assert [outcome.reason for outcome in outcomes] == [Reason.BLOCKED_TARGET] * 2
    assert {outcome.message for outcome in outcomes} == {
        f"127.0.0.1 is on port {site.port} a part of is0k itself, which cannot be watched"
    }
    assert (guard.sockets, site.accepted) == (0, 0)


async def test_an_allowed_address_is_used_when_the_name_has_a_forbidden_one_too(names: Names) -> None:
    names.addresses["mixed.test"] = ["169.254.169.254", "127.0.0.1", "10.0.0.1"]
    probe = TcpProbe(Guard(LOOPBACK), names)
    async with Site() as site:
        outcome = await probe.run(TcpSettings(host="mixed.test", port=site.port), 5)
        await site.until_left()

    assert outcome.status is CheckStatus.UP
    assert outcome.detail["addresses"] == ["127.0.0.1"]
