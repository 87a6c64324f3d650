"""Ports that are open, shut, filtered or encrypted, and what a `tcp` monitor says of them."""

import asyncio
import ssl
from pathlib import Path

import pytest

from is0k.probes.tcp import TcpProbe
from is0k.schema.enums import CheckStatus, IpVersion, Reason
from is0k.schema.tcp_settings import TcpSettings
from is0k.tests.probes.conftest import Names
from is0k.tests.probes.site import FLOOD, Site, closed_port, echo, for_ever, full_backlog, saying, silent, until

pytestmark = pytest.mark.anyio


async def test_an_open_port_is_up(tcp: TcpProbe) -> None:
    async with Site(script=silent) as site:
        outcome = await tcp.run(TcpSettings(host="open.test", port=site.port), 5)
        await site.until_left()

    assert (outcome.status, outcome.reason, outcome.message) == (CheckStatus.UP, Reason.OK, None)
    assert outcome.detail == {"addresses": ["127.0.0.1"], "remoteAddress": f"127.0.0.1:{site.port}"}
    assert (outcome.facts.address, outcome.facts.body) == ("127.0.0.1", None)
    timings = outcome.timings
    assert outcome.latency_ms == pytest.approx((timings.dns_ms or 0) + (timings.connect_ms or 0), abs=50)
    assert (timings.tls_ms, timings.first_byte_ms) == (None, None)


async def test_a_refused_connection(tcp: TcpProbe) -> None:
    port = closed_port()
    outcome = await tcp.run(TcpSettings(host="127.0.0.1", port=port), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_REFUSED)
    assert outcome.message == f"connection refused by 127.0.0.1:{port}"
    assert (outcome.latency_ms, outcome.facts.address) == (None, None)
    assert outcome.detail == {"addresses": ["127.0.0.1"]}


async def test_a_filtered_port(tcp: TcpProbe) -> None:
    with full_backlog("127.0.0.1") as port:
        outcome = await tcp.run(TcpSettings(host="127.0.0.1", port=port), 0.1)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TIMEOUT)
    assert outcome.message == f"no answer within 0.1 s (connecting to 127.0.0.1:{port})"


async def test_an_unknown_name(tcp: TcpProbe) -> None:
    outcome = await tcp.run(TcpSettings(host="example.invalid", port=25), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.DNS_ERROR)
    assert outcome.message == "name does not resolve: example.invalid"


async def test_an_international_name_is_looked_up_in_its_ascii_form(tcp: TcpProbe, names: Names) -> None:
    names.addresses["xn--bcher-kva.example"] = ["127.0.0.1"]
    async with Site(script=silent) as site:
        outcome = await tcp.run(TcpSettings(host="bücher.example", port=site.port), 5)
        await site.until_left()

    assert outcome.status is CheckStatus.UP


async def test_a_second_address_is_tried_when_the_first_refuses(tcp: TcpProbe, names: Names) -> None:
    names.addresses["two.test"] = ["::1", "127.0.0.1"]
    async with Site(script=silent) as site:
        outcome = await tcp.run(TcpSettings(host="two.test", port=site.port), 5)
        await site.until_left()

    assert outcome.status is CheckStatus.UP
    assert outcome.detail == {"addresses": ["127.0.0.1", "::1"], "remoteAddress": f"127.0.0.1:{site.port}"}
    assert outcome.facts.address == "127.0.0.1"


@pytest.mark.parametrize(("version", "address"), [(IpVersion.IPV4, "127.0.0.1"), (IpVersion.IPV6, "::1")])
async def test_only_addresses_of_the_version_are_connected_to(
    tcp: TcpProbe, names: Names, version: IpVersion, address: str
) -> None:
    names.addresses["two.test"] = ["127.0.0.1", "::1"]
    async with Site(script=silent) as site, Site(script=silent, host="::1", port=site.port) as site6:
        outcome = await tcp.run(TcpSettings(host="two.test", port=site.port, ip_version=version), 5)
        await (site if version is IpVersion.IPV4 else site6).until_left()

    assert outcome.status is CheckStatus.UP
    assert (outcome.facts.address, outcome.detail["addresses"]) == (address, [address])


async def test_a_name_without_addresses_of_the_version_does_not_resolve(tcp: TcpProbe) -> None:
    outcome = await tcp.run(TcpSettings(host="four.test", port=25, ip_version=IpVersion.IPV6), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.DNS_ERROR)


@pytest.mark.parametrize("tls", [False, True])
async def test_what_is_sent_arrives_when_nothing_is_expected(tcp: TcpProbe, secure: ssl.SSLContext, tls: bool) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\n"))

    async with Site(script=listen, tls=secure if tls else None) as site:
        settings = TcpSettings(host="secure.test", port=site.port, send="x" * 4000 + "\n", tls=tls)
        outcome = await tcp.run(settings, 5)
        await until(lambda: bool(heard))

    assert outcome.status is CheckStatus.UP
    assert heard == [b"x" * 4000 + b"\n"]


async def test_tls_is_spoken_before_anything_is_sent(tcp: TcpProbe, secure: ssl.SSLContext) -> None:
    async with Site(script=echo(), tls=secure) as site:
        settings = TcpSettings(host="secure.test", port=site.port, tls=True, send="QUIT\n", expect="said QUIT")
        outcome = await tcp.run(settings, 5)

    assert (outcome.status, outcome.message) == (CheckStatus.UP, None)
    assert outcome.timings.tls_ms is not None
    assert outcome.facts.certificate_days is not None
    assert outcome.detail["tls"]["subjectAltNames"] == ["secure.test"]


async def test_an_open_port_with_tls_is_up_after_the_handshake(tcp: TcpProbe, secure: ssl.SSLContext) -> None:
    async with Site(script=silent, tls=secure) as site:
        outcome = await tcp.run(TcpSettings(host="secure.test", port=site.port, tls=True), 5)
        await site.until_alone()

    assert outcome.status is CheckStatus.UP
    assert (outcome.latency_ms or 0) >= (outcome.timings.tls_ms or 0) > 0


async def test_without_verification_any_certificate_will_do(tcp: TcpProbe, secure: ssl.SSLContext) -> None:
    async with Site(script=silent, tls=secure) as site:
        strict = await tcp.run(TcpSettings(host="other.test", port=site.port, tls=True), 5)
        lax = await tcp.run(TcpSettings(host="other.test", port=site.port, tls=True, verify_tls=False), 5)

    assert (strict.status, strict.message) == (CheckStatus.DOWN, "certificate is not valid for other.test")
    assert lax.status is CheckStatus.UP


async def test_a_port_that_does_not_speak_tls(tcp: TcpProbe) -> None:
    async with Site(script=saying(b"220 mail.test ESMTP ready\r\n")) as site:
        outcome = await tcp.run(TcpSettings(host="mail.test", port=site.port, tls=True), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == f"127.0.0.1:{site.port} does not speak TLS"


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def test_no_socket_is_left_behind(tcp: TcpProbe, secure: ssl.SSLContext) -> None:
    async with Site(script=silent) as mute, Site(script=for_ever(FLOOD, 0)) as loud, Site(tls=secure) as tls:
        targets = [
            TcpSettings(host="a.test", port=mute.port),
            TcpSettings(host="a.test", port=mute.port, expect="x"),
            TcpSettings(host="a.test", port=loud.port),
            TcpSettings(host="a.test", port=loud.port, expect="x", send="y"),
            TcpSettings(host="secure.test", port=tls.port, tls=True),
            TcpSettings(host="wrong.test", port=tls.port, tls=True),
            TcpSettings(host="a.test", port=mute.port, tls=True),
            TcpSettings(host="a.test", port=1),
        ]
        before = open_files()
        for _ in range(5):
            await asyncio.gather(*(tcp.run(target, 0.1) for target in targets))
        for site in (mute, loud, tls):
            await site.until_alone()

        await until(lambda: open_files() <= before)


async def test_a_cancelled_check_closes_its_socket(tcp: TcpProbe) -> None:
    async with Site(script=silent) as mute:
        check = asyncio.ensure_future(tcp.run(TcpSettings(host="a.test", port=mute.port, expect="x"), 5))
        await mute.until_visited()
        check.cancel()
        with pytest.raises(asyncio.CancelledError):
            await check

        await mute.until_alone()
