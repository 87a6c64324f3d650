"""Servers that begin in the clear, spoken to in their own words."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from is0k.probes.guard import Guard
from is0k.probes.starttls import LINE_BYTES, SSL_REQUEST
from is0k.probes.tls import TlsProbe
from is0k.schema.enums import CheckStatus, Reason, StartTls
from is0k.schema.tls_settings import TlsSettings
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.issuing import issue, serving, trusting
from is0k.tests.probes.site import Script, Site, for_ever, reset, silent

pytestmark = pytest.mark.anyio

ROOT = issue("Root")
GOOD = issue("x", ROOT, "good.test")
EHLO = b"EHLO [127.0.0.1]\r\n"
# What the server says, then by turns what it must hear and what it says.
DIALOGUES: dict[StartTls, tuple[bytes, ...]] = {
    StartTls.SMTP: (
        b"220-mail.test ESMTP\r\n220 ready\r\n",
        EHLO,
        b"250-mail.test\r\n250-SIZE 1000\r\n250-starttls\r\n250 8BITMIME\r\n",
        b"STARTTLS\r\n",
        b"220 go ahead\r\n",
    ),
    StartTls.IMAP: (
        b"* OK IMAP4rev1 ready\r\n",
        b"a STARTTLS\r\n",
        b"* CAPABILITY IMAP4rev1\r\na OK begin\r\n",
    ),
    StartTls.POP3: (b"+OK ready\r\n", b"STLS\r\n", b"+OK begin\r\n"),
    StartTls.POSTGRES: (b"", SSL_REQUEST, b"S"),
}


def talking(lines: tuple[bytes, ...], then: ssl.SSLContext | None = None) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for turn, line in enumerate(lines):
            if turn % 2:
                assert await reader.readexactly(len(line)) == line
            else:
                writer.write(line)
        if then:
            await writer.start_tls(then)

    return script


@pytest.fixture
async def tls(names: Names) -> AsyncIterator[TlsProbe]:
    probe = TlsProbe(Guard(LOOPBACK), names, verifying=trusting(ROOT))
    yield probe
    await probe.close()


@pytest.mark.parametrize("kind", DIALOGUES)
async def test_a_server_that_agrees_shows_its_certificate(tls: TlsProbe, kind: StartTls) -> None:
    async with Site(script=talking(DIALOGUES[kind], serving(GOOD))) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=kind), 5)
        await site.until_alone()

    assert (outcome.status, outcome.message) == (CheckStatus.UP, None)
    assert outcome.detail["tls"]["subject"] == "CN=x"
    assert (outcome.latency_ms or 0) > (outcome.timings.connect_ms or 0)


@pytest.mark.parametrize("kind", DIALOGUES)
async def test_what_is_behind_a_bad_certificate_is_asked_for_in_the_same_way(tls: TlsProbe, kind: StartTls) -> None:
    async with Site(script=talking(DIALOGUES[kind], serving(issue("x", ROOT, "other.test")))) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=kind), 5)
        await site.until_alone()

    assert outcome.reason is Reason.TLS_ERROR
    assert outcome.message == "certificate is not valid for good.test, only for other.test"
    assert site.accepted == 2


async def test_over_ipv6_we_say_our_address_as_mail_servers_want_it(tls: TlsProbe, names: Names) -> None:
    names.addresses["good.test"] = ["::1"]
    greeting, _, *rest = DIALOGUES[StartTls.SMTP]
    lines = (greeting, b"EHLO [IPv6:::1]\r\n", *rest)
    async with Site(script=talking(lines, serving(GOOD)), host="::1") as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=StartTls.SMTP), 5)
        await site.until_alone()

    assert (outcome.status, outcome.message) == (CheckStatus.UP, None)


SMTP_READY = b"220 mail\r\n"
SMTP_OFFER = b"250-mail\r\n250 STARTTLS\r\n"
REFUSALS: dict[str, tuple[StartTls, tuple[bytes, ...], str]] = {
    "smtp turns away": (StartTls.SMTP, (b"554-no\r\n554 not you\r\n",), "turned us away: '554 not you'"),
    "smtp knows no EHLO": (StartTls.SMTP, (SMTP_READY, EHLO, b"502 what?\r\n"), "turned us away: '502 what?'"),
    "smtp does not offer": (StartTls.SMTP, (SMTP_READY, EHLO, b"250-m\r\n250 SIZE\r\n"), "does not offer STARTTLS"),
    "smtp refuses": (
        StartTls.SMTP,
        (SMTP_READY, EHLO, SMTP_OFFER, b"STARTTLS\r\n", b"454 not now\r\n"),
        "refused to encrypt: '454 not now'",
    ),
    "smtp is ssh": (StartTls.SMTP, (b"SSH-2.0-Open\r\n",), "does not speak SMTP: 'SSH-2.0-Open'"),
    "imap turns away": (StartTls.IMAP, (b"* BYE full\r\n",), "turned us away: '* BYE full'"),
    "imap has let us in": (StartTls.IMAP, (b"* PREAUTH hi\r\n",), "turned us away: '* PREAUTH hi'"),
    "imap refuses": (
        StartTls.IMAP,
        (b"* OK\r\n", b"a STARTTLS\r\n", b"a BAD what?\r\n"),
        "refused to encrypt: 'a BAD what?'",
    ),
    "imap babbles": (
        StartTls.IMAP,
        (b"* OK\r\n", b"a STARTTLS\r\n", b"hm\r\n"),
        "does not speak IMAP: 'hm'",
    ),
    "imap is smtp": (StartTls.IMAP, (SMTP_READY,), "does not speak IMAP: '220 mail'"),
    "imap never ends": (
        StartTls.IMAP,
        (b"* OK\r\n", b"a STARTTLS\r\n", b"* hm\r\n" * 200),
        "does not speak IMAP: '* hm'",
    ),
    "pop3 turns away": (StartTls.POP3, (b"-ERR busy\r\n",), "turned us away: '-ERR busy'"),
    "pop3 refuses": (StartTls.POP3, (b"+OK\r\n", b"STLS\r\n", b"-ERR no\r\n"), "refused to encrypt: '-ERR no'"),
    "pop3 babbles": (StartTls.POP3, (b"+OK\r\n", b"STLS\r\n", b"hm\r\n"), "does not speak POP3: 'hm'"),
    "pop3 is smtp": (StartTls.POP3, (SMTP_READY,), "does not speak POP3: '220 mail'"),
    "postgres refuses": (
        StartTls.POSTGRES,
        (b"", SSL_REQUEST, b"N"),
        "does not offer TLS: it answered 'N' to the SSLRequest of PostgreSQL",
    ),
    "postgres turns away": (
        StartTls.POSTGRES,
        (b"", SSL_REQUEST, b"E\0\0\0\x24SFATAL\0Msorry, too many clients\0\0"),
        "turned us away: 'sorry, too many clients'",
    ),
    "postgres is http": (
        StartTls.POSTGRES,
        (b"", SSL_REQUEST, b"HTTP/1.1 400 Bad Request\r\n"),
        "does not speak the protocol of PostgreSQL: 'HTTP/1.1 400 Bad Request'",
    ),
    "words after the answer": (
        StartTls.POP3,
        (b"+OK\r\n", b"STLS\r\n", b"+OK\r\n+OK injected\r\n"),
        "went on in the clear after it agreed to encrypt: '+OK injected'",
    ),
    "a line without end": (
        StartTls.SMTP,
        (b"2" * LINE_BYTES * 4,),
        f"does not speak SMTP: '{'2' * 80}…'",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_server_that_does_not_agree_is_told_in_its_words(tls: TlsProbe, name: str) -> None:
    kind, lines, words = REFUSALS[name]
    async with Site(script=talking(lines)) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=kind), 5)
        await site.until_alone()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == f"127.0.0.1:{site.port} {words}"
    assert outcome.latency_ms is None
    assert site.accepted == 1


@pytest.mark.parametrize("kind", DIALOGUES)
async def test_a_server_that_says_nothing_is_waited_for_no_longer_than_the_time_out(
    tls: TlsProbe, kind: StartTls
) -> None:
    async with Site(script=silent) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=kind), 0.1)
        await site.until_alone()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TIMEOUT)
    assert outcome.message == f"no answer within 0.1 s (connected to 127.0.0.1:{site.port}, asking it to encrypt)"


@pytest.mark.parametrize("kind", [StartTls.SMTP, StartTls.IMAP])
async def test_a_flood_of_good_lines_is_left(tls: TlsProbe, kind: StartTls) -> None:
    line = {StartTls.SMTP: b"220-hm\r\n", StartTls.IMAP: b"* OK\r\n"}[kind]
    async with Site(script=for_ever(line * 1000, 0)) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=kind), 5)
        await site.until_alone()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert (outcome.timings.total_ms or 0) < 2000


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"421 bye")


async def test_a_server_that_closes_is_told_with_its_last_words(tls: TlsProbe) -> None:
    async with Site(script=hang_up, hangs_up=True) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=StartTls.SMTP), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_ERROR)
    assert outcome.message == (f"127.0.0.1:{site.port} closed the connection before it agreed to encrypt: '421 bye'")


async def test_a_server_that_resets_the_connection(tls: TlsProbe) -> None:
    async with Site(script=reset, hangs_up=True) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=StartTls.POSTGRES), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_RESET)
    assert outcome.message == f"connection reset by 127.0.0.1:{site.port} before it agreed to encrypt"


async def agrees_and_babbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await talking(DIALOGUES[StartTls.POSTGRES])(reader, writer)
    await reader.read(1)
    writer.write(b"hello, who is there?")


async def test_a_server_that_agrees_and_speaks_no_tls(tls: TlsProbe) -> None:
    async with Site(script=agrees_and_babbles) as site:
        outcome = await tls.run(TlsSettings(host="good.test", port=site.port, start_tls=StartTls.POSTGRES), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == f"127.0.0.1:{site.port} does not speak TLS"
