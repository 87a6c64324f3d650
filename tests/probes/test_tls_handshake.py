"""Handshakes that do not come to a certificate, and what decides which certificate is shown."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from is0k.probes.guard import Guard
from is0k.probes.tcp import TcpProbe
from is0k.probes.tls import TlsProbe
from is0k.schema.enums import CheckStatus, IpVersion, Reason
from is0k.schema.tcp_settings import TcpSettings
from is0k.schema.tls_settings import TlsSettings
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.issuing import issue, plain_server, serving, trusting
from is0k.tests.probes.site import Script, Site, closed_port, full_backlog, reset, silent, until

pytestmark = pytest.mark.anyio

ROOT = issue("Root")
GOOD = issue("x", ROOT, "good.test")


@pytest.fixture
async def tls(names: Names) -> AsyncIterator[TlsProbe]:
    probe = TlsProbe(Guard(LOOPBACK), names, verifying=trusting(ROOT))
    yield probe
    await probe.close()


OLD = {"TLS 1.1": ssl.TLSVersion.TLSv1_1, "TLS 1.0": ssl.TLSVersion.TLSv1}


@pytest.mark.parametrize("words", OLD)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
async def test_a_server_of_old_tls_is_told_by_its_newest_version(tls: TlsProbe, words: str) -> None:
    with plain_server(serving(GOOD, newest=OLD[words])) as port:
        outcome = await tls.run(TlsSettings(host="good.test", port=port), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == f"127.0.0.1:{port} speaks nothing newer than {words}, which is not safe any more"
    assert outcome.detail["tls"]["subject"] == "CN=x"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
async def test_a_server_of_old_tls_that_only_hangs_up_is_found_out(tls: TlsProbe) -> None:
    async with Site(tls=serving(GOOD, newest=ssl.TLSVersion.TLSv1_1)) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == f"127.0.0.1:{site.port} speaks nothing newer than TLS 1.1, which is not safe any more"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
async def test_a_tcp_monitor_of_a_server_of_old_tls(names: Names) -> None:
    probe = TcpProbe(Guard(LOOPBACK), names, verifying=trusting(ROOT))
    with plain_server(serving(GOOD, newest=ssl.TLSVersion.TLSv1_1)) as port:
        outcome = await probe.run(TcpSettings(host="good.test", port=port, tls=True), 5)
    await probe.close()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == f"127.0.0.1:{port} speaks no version of TLS from 1.2 on"


async def test_ciphers_that_are_not_safe_are_told_by_name(tls: TlsProbe) -> None:
    context = serving(GOOD, newest=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("AECDH-AES256-SHA@SECLEVEL=0")
    with plain_server(context) as port:
        outcome = await tls.run(TlsSettings(host="good.test", port=port), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == (
        f"127.0.0.1:{port} refused the TLS handshake: no cipher in common, or it wants a certificate of ours; "
        "it works only with less security (AECDH-AES256-SHA)"
    )


async def test_a_server_that_wants_a_certificate_of_ours(tls: TlsProbe) -> None:
    context = serving(GOOD, newest=ssl.TLSVersion.TLSv1_2)
    context.verify_mode = ssl.CERT_REQUIRED
    with plain_server(context) as port:
        outcome = await tls.run(TlsSettings(host="good.test", port=port), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == (
        f"127.0.0.1:{port} refused the TLS handshake: no cipher in common, or it wants a certificate of ours"
    )


async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.test ESMTP ready\r\n")


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65_536)


BREAKS: dict[str, tuple[Script, bool, Reason, str, int]] = {
    "not TLS at all": (chat, False, Reason.TLS_ERROR, "{where} does not speak TLS", 2),
    "reset": (reset, True, Reason.CONNECTION_RESET, "connection reset by {where} during the TLS handshake", 2),
    "closed": (hang_up, True, Reason.CONNECTION_RESET, "{where} closed the connection during the TLS handshake", 2),
    "hangs": (silent, False, Reason.TIMEOUT, "no answer within 0.3 s (TLS handshake with {where})", 1),
}


@pytest.mark.parametrize("name", BREAKS)
async def test_a_handshake_that_breaks_is_told(tls: TlsProbe, name: str) -> None:
    script, hangs_up, reason, message, connections = BREAKS[name]
    async with Site(script=script, hangs_up=hangs_up) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port), 0.3)
        await site.until_alone()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, reason)
    assert outcome.message == message.format(where=f"127.0.0.1:{site.port}")
    assert outcome.latency_ms is None
    assert "tls" not in outcome.detail
    assert site.accepted == connections


async def test_a_huge_chain_is_refused(tls: TlsProbe) -> None:
    async with Site(tls=serving(GOOD, *[ROOT] * 400)) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == f"127.0.0.1:{site.port} sends too long a chain of certificates"


async def test_what_stands_behind_a_fault_is_not_waited_for_past_the_time_out(tls: TlsProbe) -> None:
    """The first connection gets a bad certificate, the second never an answer."""
    bad = serving(issue("x", ROOT, "other.test"))

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if front.accepted > 1:
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", back.port)
        try:
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        finally:
            far_writer.close()

    async with Site(tls=bad) as back, Site(script=relay) as front:
        outcome = await tls.run(TlsSettings(host="good.test", port=front.port), 0.4)

    assert front.accepted == 2
    assert (outcome.reason, outcome.message) == (Reason.TLS_ERROR, "certificate is not valid for good.test")
    assert 400 <= (outcome.timings.total_ms or 0) < 900


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
    sink.close()


def by_name() -> ssl.SSLContext:
    default, special = serving(issue("default", ROOT, "default.test")), serving(issue("special", ROOT, "special.test"))

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name == "special.test":
            connection.context = special

    default.sni_callback = choose
    return default


async def test_the_host_decides_which_certificate_is_shown(tls: TlsProbe) -> None:
    async with Site(tls=by_name()) as site:
        special = await tls.run(TlsSettings(host="special.test", port=site.port), 5)
        default = await tls.run(TlsSettings(host="default.test", port=site.port), 5)

    assert (special.reason, special.detail["tls"]["subject"]) == (Reason.OK, "CN=special")
    assert (default.reason, default.detail["tls"]["subject"]) == (Reason.OK, "CN=default")


async def test_the_server_name_stands_in_for_the_host(tls: TlsProbe) -> None:
    async with Site(tls=by_name()) as site:
        named = await tls.run(TlsSettings(host="127.0.0.1", port=site.port, server_name="special.test"), 5)
        other = await tls.run(TlsSettings(host="special.test", port=site.port, server_name="other.test"), 5)

    assert (named.reason, named.detail["tls"]["subject"]) == (Reason.OK, "CN=special")
    assert other.message == "certificate is not valid for other.test, only for default.test"


async def test_an_international_name_is_asked_for_in_its_ascii_form(tls: TlsProbe, names: Names) -> None:
    names.addresses["xn--bcher-kva.test"] = ["127.0.0.1"]
    async with Site(tls=serving(issue("x", ROOT, "xn--bcher-kva.test"))) as site:
        outcome = await tls.run(TlsSettings(host="bücher.test", port=site.port), 5)

    assert (outcome.status, outcome.message) == (CheckStatus.UP, None)


async def test_a_refused_connection(tls: TlsProbe) -> None:
    port = closed_port()
    outcome = await tls.run(TlsSettings(host="good.test", port=port), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_REFUSED)
    assert outcome.message == f"connection refused by 127.0.0.1:{port}"


async def test_a_filtered_port(tls: TlsProbe) -> None:
    with full_backlog("127.0.0.1") as port:
        outcome = await tls.run(TlsSettings(host="good.test", port=port), 0.1)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TIMEOUT)
    assert outcome.message == f"no answer within 0.1 s (connecting to 127.0.0.1:{port})"


@pytest.mark.parametrize(("version", "address"), [(IpVersion.IPV4, "127.0.0.1"), (IpVersion.IPV6, "::1")])
async def test_only_addresses_of_the_version_are_connected_to(
    tls: TlsProbe, names: Names, version: IpVersion, address: str
) -> None:
    names.addresses["good.test"] = ["127.0.0.1", "::1"]
    async with Site(tls=serving(GOOD)) as site, Site(tls=serving(GOOD), host="::1", port=site.port):
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, ip_version=version), 5)

    assert outcome.status is CheckStatus.UP
    assert (outcome.facts.address, outcome.detail["addresses"]) == (address, [address])


async def test_what_is_looked_at_a_second_time_is_the_same_address(tls: TlsProbe, names: Names) -> None:
    names.addresses["good.test"] = ["::1", "127.0.0.1"]
    bad = issue("bad", ROOT, "other.test")
    async with Site(tls=serving(GOOD)) as site, Site(tls=serving(bad), host="::1", port=site.port):
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port), 5)

    assert outcome.message == "certificate is not valid for good.test, only for other.test"
    assert outcome.detail["remoteAddress"] == f"[::1]:{site.port}"
    assert site.accepted == 0


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def test_no_socket_is_left_behind(tls: TlsProbe) -> None:
    bad = serving(issue("x", ROOT, "other.test"))
    async with Site(tls=serving(GOOD)) as site, Site(tls=bad) as wrong, Site(script=silent) as mute:
        before = open_files()
        for _ in range(5):
            targets = [TlsSettings(host="good.test", port=each.port) for each in (site, wrong, mute)]
            await asyncio.gather(*(tls.run(target, 0.2) for target in targets))
        await mute.until_alone()

        await until(lambda: open_files() <= before)
