import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from is0k.probes.certificates import CERTIFICATES, MAX_CERTIFICATES, certificate_facts
from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, Reason
from is0k.tests.probes.conftest import Names
from is0k.tests.probes.site import Site, page, settings

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)


def server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def good(authority: trustme.CA) -> ssl.SSLContext:
    return server(authority.issue_cert("good.test", not_after=datetime(2099, 1, 2, tzinfo=UTC)))


async def test_a_good_certificate_is_up_and_its_facts_are_kept(probe: HttpProbe, good: ssl.SSLContext) -> None:
    async with Site({"/": page()}, tls=good) as site:
        outcome = await probe.run(settings(site.url("/", "good.test")), 5)

    assert outcome.status is CheckStatus.UP
    facts = outcome.detail["tls"]
    assert facts["notAfter"] == "2099-01-02T00:00:00.000Z"
    assert "trustme" in facts["subject"]
    assert "Testing CA" in facts["issuer"]


async def fault_of(probe: HttpProbe, tls: ssl.SSLContext, host: str = "bad.test") -> tuple[Reason, str | None]:
    async with Site({"/": page()}, tls=tls) as site:
        outcome = await probe.run(settings(site.url("/", host)), 5)

    assert outcome.status is CheckStatus.DOWN
    assert outcome.latency_ms is None
    assert site.requests == []
    return outcome.reason, outcome.message


async def test_an_expired_certificate(probe: HttpProbe, authority: trustme.CA) -> None:
    expired = authority.issue_cert("bad.test", not_before=NOW - timedelta(9), not_after=NOW - timedelta(1))

    assert await fault_of(probe, server(expired)) == (Reason.TLS_ERROR, "certificate has expired")


async def test_a_certificate_of_the_future(probe: HttpProbe, authority: trustme.CA) -> None:
    early = authority.issue_cert("bad.test", not_before=NOW + timedelta(1), not_after=NOW + timedelta(9))

    assert await fault_of(probe, server(early)) == (Reason.TLS_ERROR, "certificate is not valid yet")


async def test_a_certificate_for_another_name(probe: HttpProbe, good: ssl.SSLContext) -> None:
    assert await fault_of(probe, good) == (Reason.TLS_ERROR, "certificate is not valid for bad.test")


async def test_a_certificate_that_does_not_name_the_address(probe: HttpProbe, good: ssl.SSLContext) -> None:
    assert await fault_of(probe, good, "127.0.0.1") == (Reason.TLS_ERROR, "certificate is not valid for 127.0.0.1")


async def test_a_certificate_of_an_unknown_authority(probe: HttpProbe) -> None:
    stranger = trustme.CA().issue_cert("bad.test")

    message = "certificate's issuer is not trusted, or an intermediate certificate is missing"
    assert await fault_of(probe, server(stranger)) == (Reason.TLS_ERROR, message)


async def test_a_missing_intermediate_certificate(probe: HttpProbe, authority: trustme.CA) -> None:
    leaf = authority.create_child_ca().issue_cert("bad.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with leaf.private_key_pem.tempfile() as key, leaf.cert_chain_pems[0].tempfile() as alone:
        context.load_cert_chain(alone, key)

    message = "certificate's issuer is not trusted, or an intermediate certificate is missing"
    assert await fault_of(probe, context) == (Reason.TLS_ERROR, message)


async def test_a_self_signed_certificate(probe: HttpProbe, tmp_path: Path) -> None:
    stranger = trustme.CA()
    stranger.cert_pem.write_to_path(tmp_path / "cert")
    stranger.private_key_pem.write_to_path(tmp_path / "key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")

    assert await fault_of(probe, context) == (Reason.TLS_ERROR, "certificate is self-signed")


async def test_a_self_signed_root_in_the_chain(probe: HttpProbe, tmp_path: Path) -> None:
    stranger = trustme.CA()
    leaf = stranger.issue_cert("bad.test")
    leaf.private_key_pem.write_to_path(tmp_path / "chain")
    for pem in (*leaf.cert_chain_pems, stranger.cert_pem):
        pem.write_to_path(tmp_path / "chain", append=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain")

    message = "certificate's chain ends in a root that is not trusted"
    assert await fault_of(probe, context) == (Reason.TLS_ERROR, message)


async def test_a_server_that_speaks_only_old_tls(probe: HttpProbe) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        # RFC 5246 §7.2: alert, TLS 1.0, two bytes, fatal, protocol_version.
        writer.write(bytes((21, 3, 1, 0, 2, 2, 70)))

    async with Site(script=refuse) as site:
        outcome = await probe.run(settings(f"https://127.0.0.1:{site.port}/"), 5)

    assert outcome.reason is Reason.TLS_ERROR
    assert outcome.message == f"127.0.0.1:{site.port} speaks no version of TLS from 1.2 on"


async def test_a_server_that_does_not_speak_tls(probe: HttpProbe) -> None:
    async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP ready\r\n")

    async with Site(script=chat) as site:
        outcome = await probe.run(settings(f"https://127.0.0.1:{site.port}/"), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == f"127.0.0.1:{site.port} does not speak TLS"


async def test_a_server_that_hangs_up_in_the_handshake(probe: HttpProbe) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        await reader.read(65_536)

    async with Site(script=hang_up, hangs_up=True) as site:
        outcome = await probe.run(settings(f"https://127.0.0.1:{site.port}/"), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_RESET)
    assert outcome.message == f"127.0.0.1:{site.port} closed the connection during the TLS handshake"


async def test_without_verification_no_certificate_is_down_and_one_that_has_expired_is_still_noticed(
    probe: HttpProbe,
) -> None:
    stranger = trustme.CA().issue_cert("other.test", not_before=NOW - timedelta(9), not_after=NOW - timedelta(1))
    async with Site({"/": page()}, tls=server(stranger)) as site:
        outcome = await probe.run(settings(site.url("/", "bad.test"), verify_tls=False), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DEGRADED, Reason.TLS_EXPIRING)
    assert outcome.message is not None
    assert outcome.message.startswith("certificate of bad.test expired 1 day ago (")
    assert outcome.detail["tls"]["notAfter"].endswith("Z")


async def test_the_dot_at_the_end_of_a_full_name_is_no_part_of_the_certificate(
    probe: HttpProbe, names: Names, good: ssl.SSLContext
) -> None:
    names.addresses["good.test."] = ["127.0.0.1"]
    async with Site({"/": page()}, tls=good) as site:
        outcome = await probe.run(settings(site.url("/", "good.test.")), 5)

    assert outcome.status is CheckStatus.UP


def test_a_certificate_that_cannot_be_read_has_no_facts() -> None:
    assert certificate_facts(b"not a certificate") == {}


def test_the_memory_of_certificates_is_bounded() -> None:
    for number in range(MAX_CERTIFICATES + 10):
        certificate_facts(b"%d" % number)

    assert len(CERTIFICATES) <= MAX_CERTIFICATES
