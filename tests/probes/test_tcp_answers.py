"""What a port says, and what a `tcp` monitor makes of it: polite, chatty, silent and hostile ones."""

import asyncio

import pytest

from is0k.probes.tcp import ANSWER_BYTES, TcpProbe
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.tcp_settings import TcpSettings
from is0k.tests.probes.site import FLOOD, Script, Site, echo, for_ever, reset, saying, silent

pytestmark = pytest.mark.anyio


async def test_what_is_expected_is_found(tcp: TcpProbe) -> None:
    async with Site(script=saying(b"220 mail ESMTP\r\n")) as site:
        outcome = await tcp.run(TcpSettings(host="mail.test", port=site.port, expect="ESMTP"), 5)
        await site.until_alone()

    assert (outcome.status, outcome.message) == (CheckStatus.UP, None)
    assert outcome.timings.first_byte_ms is not None
    assert "bodyExcerpt" not in outcome.detail


async def test_what_is_expected_may_come_in_pieces(tcp: TcpProbe) -> None:
    async with Site(script=saying(b"220 mail E", b"SM", b"TP ready")) as site:
        outcome = await tcp.run(TcpSettings(host="mail.test", port=site.port, expect="ESMTP"), 5)

    assert outcome.status is CheckStatus.UP
    assert (outcome.latency_ms or 0) >= 35


async def test_what_is_sent_arrives_before_an_answer_is_expected(tcp: TcpProbe) -> None:
    async with Site(script=echo()) as site:
        settings = TcpSettings(host="echo.test", port=site.port, send="héllo\n", expect="said héllo")
        outcome = await tcp.run(settings, 5)

    assert outcome.status is CheckStatus.UP


# Whoever closes with something unread resets the connection.
async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\n")


async def says_no(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\n")
    writer.write(b"554 no\x07\r\n")


BAD: dict[str, tuple[Script, bool, Reason, str]] = {
    "other words": (
        says_no,
        True,
        Reason.KEYWORD_MISSING,
        "connected to {where}, but 'ESMTP' is not in what it said: '554 no\N{REPLACEMENT CHARACTER}'",
    ),
    "other words, then silence": (
        saying(b"554 no\r\n"),
        False,
        Reason.KEYWORD_MISSING,
        "connected to {where}, but 'ESMTP' is not in what it said within 0.3 s: '554 no'",
    ),
    "half-open": (silent, False, Reason.TIMEOUT, "no answer within 0.3 s (connected to {where}, which says nothing)"),
    "closed": (hang_up, True, Reason.CONNECTION_ERROR, "{where} closed the connection without a word"),
    "reset": (reset, True, Reason.CONNECTION_RESET, "connection reset by {where}"),
    "drip": (
        for_ever(b"a", 0.01),
        False,
        Reason.KEYWORD_MISSING,
        "connected to {where}, but 'ESMTP' is not in what it said within 0.3 s: 'aaa",
    ),
    "flood": (
        for_ever(FLOOD, 0),
        False,
        Reason.KEYWORD_MISSING,
        "connected to {where}, but 'ESMTP' is not in the first 64 KiB of what it said: '0123456789",
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_expected_and_does_not_come(tcp: TcpProbe, name: str) -> None:
    script, hangs_up, reason, message = BAD[name]
    async with Site(script=script, hangs_up=hangs_up) as site:
        outcome = await tcp.run(TcpSettings(host="mail.test", port=site.port, send="HELO\r\n", expect="ESMTP"), 0.3)
        await site.until_alone()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, reason)
    assert (outcome.message or "").startswith(message.format(where=f"127.0.0.1:{site.port}"))
    assert outcome.latency_ms is None
    assert (outcome.timings.total_ms or 0) < 800
    assert len(outcome.detail.get("bodyExcerpt", "")) <= 2048
    assert len(outcome.message or "") < 250


async def test_what_is_expected_counts_only_in_the_first_64_kib(tcp: TcpProbe) -> None:
    edge = b"x" * (ANSWER_BYTES - 5)
    async with Site(script=saying(edge + b"ESMTP")) as good, Site(script=saying(edge + b"xESMTP")) as late:
        found = await tcp.run(TcpSettings(host="a.test", port=good.port, expect="ESMTP"), 5)
        missed = await tcp.run(TcpSettings(host="a.test", port=late.port, expect="ESMTP"), 5)

    assert (found.reason, missed.reason) == (Reason.OK, Reason.KEYWORD_MISSING)


async def body(
    tcp: TcpProbe, script: Script, hangs_up: bool = False, expect: str | None = None
) -> tuple[Reason, bytes | None]:
    async with Site(script=script, hangs_up=hangs_up) as site:
        outcome = await tcp.run(TcpSettings(host="a.test", port=site.port, expect=expect), 0.8, wants_body=True)
        await site.until_alone()
    return outcome.reason, outcome.facts.body


async def test_for_assertions_all_is_read_until_the_peer_pauses(tcp: TcpProbe) -> None:
    assert await body(tcp, saying(b"one ", b"two ", b"three")) == (Reason.OK, b"one two three")


async def test_for_assertions_all_is_read_until_the_peer_closes(tcp: TcpProbe) -> None:
    assert await body(tcp, saying(b"one ", b"two"), hangs_up=True) == (Reason.OK, b"one two")
    assert await body(tcp, saying(), hangs_up=True) == (Reason.OK, b"")


async def test_for_assertions_what_follows_the_expected_is_read_too(tcp: TcpProbe) -> None:
    assert await body(tcp, saying(b"one ", b"two"), expect="one") == (Reason.OK, b"one two")


async def test_for_assertions_no_more_than_64_kib_are_read(tcp: TcpProbe) -> None:
    assert await body(tcp, for_ever(FLOOD, 0)) == (Reason.OK, FLOOD)


async def test_for_assertions_a_drip_is_taken_as_far_as_it_came(tcp: TcpProbe) -> None:
    reason, dripped = await body(tcp, for_ever(b"a", 0.05))

    assert reason is Reason.OK
    assert 3 < len(dripped or b"") < 40


async def test_for_assertions_silence_is_no_answer(tcp: TcpProbe) -> None:
    assert await body(tcp, silent) == (Reason.TIMEOUT, b"")
