"""What is measured, and what is left behind."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import trustme
from aiohttp.abc import ResolveResult

from is0k.probes.base import Timings
from is0k.probes.dialer import ThreadResolver
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, HttpMethod, Reason
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.site import Script, Site, full_backlog, page, read_request, redirect, settings, silent, until

pytestmark = pytest.mark.anyio

PAUSE_MS = 200  # what a busy machine adds is less than half of it


def slow(answer: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(PAUSE_MS / 1000)
        writer.write(answer)

    return script


def late_relay(port: int) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(PAUSE_MS / 1000)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        finally:
            far_writer.close()

    return script


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
    sink.close()


class SlowNames(Names):
    async def resolve(self, *args: Any, **kwargs: Any) -> list[ResolveResult]:
        await asyncio.sleep(PAUSE_MS / 1000)
        return await super().resolve(*args, **kwargs)


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("secure.test", "127.0.0.1").configure_cert(context)
    return context


def known(value: float | None) -> float:
    assert value is not None
    return value


def phases(timings: Timings) -> list[str]:
    return [name for name in timings.__slots__ if getattr(timings, name) is not None]


async def test_an_address_over_http_has_no_dns_and_no_tls_phase(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert phases(outcome.timings) == ["connect_ms", "first_byte_ms", "total_ms"]


async def test_a_name_over_https_has_every_phase(probe: HttpProbe, server_tls: ssl.SSLContext) -> None:
    async with Site({"/": page()}, tls=server_tls) as site:
        outcome = await probe.run(settings(site.url("/", "secure.test")), 5)

    assert phases(outcome.timings) == ["dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "total_ms"]


async def test_the_wait_for_the_first_byte_is_measured_by_itself(probe: HttpProbe) -> None:
    async with Site(script=slow(page())) as site:
        outcome = await probe.run(settings(site.url()), 5)

    timings = outcome.timings
    assert known(timings.connect_ms) < PAUSE_MS / 2
    assert PAUSE_MS - 1 <= known(timings.first_byte_ms) < PAUSE_MS * 3
    assert known(outcome.latency_ms) >= known(timings.first_byte_ms) + known(timings.connect_ms)
    assert known(timings.total_ms) >= known(outcome.latency_ms)


async def test_the_look_up_is_measured_by_itself_and_part_of_the_latency(trusting: ssl.SSLContext) -> None:
    probe = HttpProbe(Guard(LOOPBACK), SlowNames(), verifying=trusting)
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url("/", "slow.test")), 5)
    await probe.close()

    timings = outcome.timings
    assert PAUSE_MS - 1 <= known(timings.dns_ms) < PAUSE_MS * 3
    assert known(timings.connect_ms) < PAUSE_MS / 2
    assert known(outcome.latency_ms) >= known(timings.dns_ms)


async def test_the_tls_handshake_is_measured_by_itself(probe: HttpProbe, server_tls: ssl.SSLContext) -> None:
    """A relay holds the handshake back: TCP is quick, TLS is not."""
    async with Site({"/": page()}, tls=server_tls) as site, Site(script=late_relay(site.port)) as front:
        outcome = await probe.run(settings(f"https://secure.test:{front.port}/"), 5)

    timings = outcome.timings
    assert outcome.message is None
    assert known(timings.connect_ms) < PAUSE_MS / 2
    assert PAUSE_MS - 1 <= known(timings.tls_ms) < PAUSE_MS * 3
    assert known(timings.first_byte_ms) < PAUSE_MS / 2


async def test_the_phases_are_those_of_the_last_request_and_the_total_is_of_all(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as fast, Site(script=slow(redirect(fast.url("/", "fast.test")))) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert outcome.timings.dns_ms is not None
    assert known(outcome.latency_ms) < PAUSE_MS / 2
    assert known(outcome.timings.total_ms) >= PAUSE_MS


async def test_an_answer_before_the_body_is_sent_has_no_wait(probe: HttpProbe) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(page(b"too large", 413))
        await writer.drain()
        await asyncio.sleep(PAUSE_MS / 1000)

    async with Site(script=script) as site:
        outcome = await probe.run(settings(site.url(), method=HttpMethod.POST, body="x" * 65_536), 5)

    assert outcome.status_code == 413
    assert outcome.latency_ms is not None


async def test_phases_not_reached_are_not_made_up(probe: HttpProbe) -> None:
    async with Site(script=slow(b"")) as site:
        outcome = await probe.run(settings(site.url()), PAUSE_MS / 2000)

    assert outcome.reason is Reason.TIMEOUT
    assert outcome.latency_ms is None
    assert phases(outcome.timings) == ["connect_ms", "total_ms"]


async def test_a_second_address_is_tried_when_the_first_refuses(probe: HttpProbe, names: Names) -> None:
    names.addresses["two.test"] = ["::1", "127.0.0.1"]
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url("/", "two.test")), 5)

    assert outcome.status is CheckStatus.UP
    assert outcome.detail["remoteAddress"] == f"127.0.0.1:{site.port}"


async def test_a_second_address_is_tried_beside_one_that_does_not_answer(probe: HttpProbe, names: Names) -> None:
    names.addresses["two.test"] = ["::1", "127.0.0.1"]
    async with Site({"/": page()}) as site:
        with full_backlog("::1", site.port):
            outcome = await probe.run(settings(site.url("/", "two.test")), 5)

    assert outcome.status is CheckStatus.UP
    assert outcome.detail["remoteAddress"] == f"127.0.0.1:{site.port}"
    assert 200 < known(outcome.timings.connect_ms) < 1000


async def test_ipv6_is_reached(probe: HttpProbe) -> None:
    async with Site({"/": page()}, host="::1") as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert outcome.status is CheckStatus.UP
    assert outcome.detail["remoteAddress"] == f"[::1]:{site.port}"


async def test_an_allowed_address_is_used_when_the_name_has_a_forbidden_one_too(probe: HttpProbe, names: Names) -> None:
    names.addresses["mixed.test"] = ["169.254.169.254", "127.0.0.1", "10.0.0.1"]
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url("/", "mixed.test")), 5)

    assert outcome.status is CheckStatus.UP


@pytest.fixture
def held() -> Iterator[Event]:
    """Set at the end, so that a thread which waits for it goes away."""
    event = Event()
    yield event
    event.set()


async def test_the_system_resolver_is_used_by_default() -> None:
    probe = HttpProbe(Guard(LOOPBACK))
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url("/", "localhost")), 5)
    await probe.close()

    assert outcome.status is CheckStatus.UP
    assert outcome.timings.dns_ms is not None


async def test_a_look_up_that_waits_for_its_turn_is_our_fault_not_the_targets(held: Event) -> None:
    resolver = ThreadResolver(threads=1)
    resolver.pool.submit(held.wait)
    probe = HttpProbe(Guard(LOOPBACK), resolver)
    outcome = await probe.run(settings("http://localhost:1/"), 0.05)
    await probe.close()

    assert (outcome.status, outcome.reason) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR)
    assert outcome.message == "too many names were being looked up at once on this machine"
    assert outcome.timings.dns_ms is None


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("secure", [False, True])
async def test_no_socket_is_left_behind(probe: HttpProbe, server_tls: ssl.SSLContext, secure: bool) -> None:
    tls = server_tls if secure else None
    async with Site({"/": page(b"x" * 300_000)}, tls=tls) as site, Site(script=silent) as mute:
        targets = [
            settings(site.url("/", "secure.test")),
            settings(site.url("/", "secure.test"), keyword="y"),
            settings(site.url("/", "secure.test"), "404"),
            settings(site.url("/", "wrong.test")),
            settings(f"{'https' if secure else 'http'}://127.0.0.1:{mute.port}/"),
            settings("http://127.0.0.1:1/"),
        ]
        before = open_files()
        for _ in range(5):
            await asyncio.gather(*(probe.run(target, 0.1) for target in targets))
        await site.until_alone()
        await mute.until_alone()

        await until(lambda: open_files() <= before)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_cancelled_check_closes_its_socket(probe: HttpProbe, scheme: str) -> None:
    async with Site(script=silent) as mute:
        check = asyncio.ensure_future(probe.run(settings(f"{scheme}://127.0.0.1:{mute.port}/"), 5))
        await mute.until_visited()
        check.cancel()
        with pytest.raises(asyncio.CancelledError):
            await check

        await mute.until_alone()


async def test_closing_the_probe_ends_what_is_under_way_without_a_verdict(names: Names) -> None:
    probe = HttpProbe(Guard(LOOPBACK), names)
    async with Site(script=silent) as mute:
        check = asyncio.ensure_future(probe.run(settings(mute.url()), 5))
        await mute.until_visited()
        await probe.close()

        outcome = await check

    assert (outcome.status, outcome.reason) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR)
    assert outcome.message == "is0k was stopped during the check"
