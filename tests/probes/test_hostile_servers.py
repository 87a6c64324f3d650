"""Servers that mean harm: what they may cost us is bounded in time and memory."""

import asyncio
import gzip
import os
import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter

import pytest
import trustme

from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, Reason
from is0k.tests.probes.site import Script, Site, page, read_request, redirect, settings

pytestmark = pytest.mark.anyio

TIMEOUT = 0.3
# For a machine that has other things to do.
SLACK_MS = 500
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


def endless(start: bytes, again: bytes, pause: float = 0) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(start)
        while not writer.is_closing():
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)

    return script


def bomb() -> Script:
    """1 GiB of zeros in 1 MiB of gzip. A full flush makes every block stand by itself, so one is enough to have."""
    stream = zlib.compressobj(9, wbits=31)
    first = stream.compress(b"") + stream.flush(zlib.Z_FULL_FLUSH)
    mebibyte = stream.compress(b"\0" * 1024 * 1024) + stream.flush(zlib.Z_FULL_FLUSH)
    return endless(HEAD + b"content-encoding: gzip\r\n\r\n" + first, mebibyte * 64)


def empty_deflate() -> Script:
    """Compressed data without end that unpacks to nothing."""
    stream = zlib.compressobj(wbits=31)
    first = stream.compress(b"") + stream.flush(zlib.Z_SYNC_FLUSH)
    return endless(HEAD + b"content-encoding: gzip\r\n\r\n" + first, stream.flush(zlib.Z_FULL_FLUSH) * 10_000)


FIRST_256_KIB = "keyword 'needle' is missing from the body (first 256 KiB looked at)"

# What each server says, the reason it must come to, and words of the message.
SERVERS: dict[str, tuple[Script, Reason, str]] = {
    "a gzip bomb": (bomb(), Reason.KEYWORD_MISSING, FIRST_256_KIB),
    "gzip of nothing": (empty_deflate(), Reason.RESPONSE_TOO_LARGE, "compressed"),
    "a header of 200 kB": (endless(HEAD + b"a: " + b"x" * 200_000, b"x"), Reason.RESPONSE_TOO_LARGE, "headers"),
    "200 000 headers": (endless(HEAD + b"a: b\r\n" * 200_000, b"a: b\r\n"), Reason.RESPONSE_TOO_LARGE, "headers"),
    "few large headers": (endless(HEAD, b"a: " + b"x" * 9000 + b"\r\n"), Reason.RESPONSE_TOO_LARGE, "headers"),
    "a flood of cookies": (endless(HEAD, b"set-cookie: a=b\r\n" * 100), Reason.RESPONSE_TOO_LARGE, "headers"),
    "endless 1xx": (endless(b"", b"HTTP/1.1 103 Early\r\n\r\n" * 100), Reason.RESPONSE_TOO_LARGE, "headers"),
    "slow 1xx": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05), Reason.TIMEOUT, "(reading the headers)"),
    "a dripping status": (endless(HEAD[:-2], b"O", 0.05), Reason.TIMEOUT, "(reading the headers)"),
    "dripping headers": (endless(HEAD, b"a: b\r\n", 0.05), Reason.TIMEOUT, "(reading the headers)"),
    "a dripping body": (endless(HEAD + b"\r\n", b"x", 0.05), Reason.TIMEOUT, "(reading the body)"),
    "an endless body": (endless(HEAD + b"\r\n", b"x" * 65_536), Reason.KEYWORD_MISSING, FIRST_256_KIB),
    "endless chunks": (
        endless(CHUNKED, (b"10\r\n" + b"x" * 16 + b"\r\n") * 1000),
        Reason.KEYWORD_MISSING,
        FIRST_256_KIB,
    ),
    "an endless chunk extension": (endless(CHUNKED + b"1;", b"x" * 65_536), Reason.TIMEOUT, ""),
    "endless trailers": (endless(CHUNKED + b"0\r\n", b"a: b\r\n" * 1000), Reason.RESPONSE_TOO_LARGE, "headers"),
}


@pytest.mark.parametrize("name", SERVERS)
async def test_a_hostile_server_is_given_up_in_time(probe: HttpProbe, name: str) -> None:
    script, reason, words = SERVERS[name]
    async with Site(script=script) as site:
        outcome = await probe.run(settings(site.url(), keyword="needle"), TIMEOUT)
        await site.until_alone()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, reason)
    assert words in (outcome.message or "")
    assert (outcome.timings.total_ms or 0) < 1000 * TIMEOUT + SLACK_MS


async def test_a_hostile_body_costs_nothing_when_only_the_status_counts(probe: HttpProbe) -> None:
    async with Site(script=bomb()) as site:
        outcome = await probe.run(settings(site.url()), TIMEOUT)
        await site.until_alone()

    assert outcome.status is CheckStatus.UP
    assert (outcome.timings.total_ms or 0) < SLACK_MS


async def test_a_bomb_behind_a_bad_status_is_not_unpacked(probe: HttpProbe) -> None:
    body = gzip.compress(b"\0" * 10_000_000)
    async with Site({"/": page(body, 500, content_encoding="gzip")}) as site:
        outcome = await probe.run(settings(site.url()), TIMEOUT)

    assert outcome.reason is Reason.BAD_STATUS
    assert outcome.detail["bodyExcerpt"] == "\N{REPLACEMENT CHARACTER}" * 2048


async def test_a_redirect_loop_is_left(probe: HttpProbe) -> None:
    async with Site({"/": redirect("/b"), "/b": redirect("/")}) as site:
        outcome = await probe.run(settings(site.url()), TIMEOUT)

    assert outcome.reason is Reason.TOO_MANY_REDIRECTS
    assert site.accepted == 6


async def test_slow_redirects_share_one_time_out(probe: HttpProbe) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(TIMEOUT * 0.4)
        writer.write(redirect("/"))

    async with Site(script=script) as site:
        outcome = await probe.run(settings(site.url()), TIMEOUT)

    assert outcome.reason is Reason.TIMEOUT
    assert site.accepted <= 3
    assert (outcome.timings.total_ms or 0) < 1000 * TIMEOUT + SLACK_MS


async def test_a_huge_chain_of_certificates_is_refused(probe: HttpProbe, authority: trustme.CA, tmp_path: Path) -> None:
    leaf = authority.issue_cert("huge.test")
    chain = tmp_path / "chain"
    leaf.private_key_pem.write_to_path(chain)
    for pem in (*leaf.cert_chain_pems, *[authority.cert_pem] * 400):
        pem.write_to_path(chain, append=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    async with Site({"/": page()}, tls=context) as site:
        outcome = await probe.run(settings(site.url("/", "huge.test")), TIMEOUT)

    assert outcome.reason is Reason.TLS_ERROR
    assert site.requests == []


def memory_mib() -> float:
    """What the process holds now; the peak would be that of some earlier test."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@asynccontextmanager
async def watched_memory() -> AsyncIterator[list[float]]:
    seen: list[float] = [memory_mib()]

    async def watch() -> None:
        while True:
            await asyncio.sleep(0.01)
            seen.append(memory_mib())

    watching = asyncio.ensure_future(watch())
    yield seen
    watching.cancel()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to measure memory")
async def test_a_hundred_hostile_servers_at_once_do_not_hurt_the_others(probe: HttpProbe) -> None:
    async with AsyncExitStack() as stack:
        good = await stack.enter_async_context(Site({"/": page()}))
        hostile = [await stack.enter_async_context(Site(script=script)) for script, _, _ in SERVERS.values()]
        memory = await stack.enter_async_context(watched_memory())
        started = perf_counter()
        attacks = [
            asyncio.ensure_future(probe.run(settings(site.url(), keyword="needle"), TIMEOUT)) for site in hostile * 7
        ]
        totals = []
        while not all(attack.done() for attack in attacks):
            outcome = await probe.run(settings(good.url()), 5)
            totals.append(outcome.timings.total_ms or 0)
        elapsed = perf_counter() - started

    assert len(attacks) > 100
    assert all(attack.result().status is CheckStatus.DOWN for attack in attacks)
    assert elapsed < TIMEOUT + 2
    # 170 ms on a quiet machine. What is asserted is that nobody starves, not how fast the machine is.
    assert max(totals) < 4_000
    assert max(memory) - memory[0] < 64
