import asyncio
import errno
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp.abc import ResolveResult

from is0k.probes.failures import connect_failure, lookup_failure
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, Reason
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.site import Site, closed_port, full_backlog, page, reset, settings, silent

pytestmark = pytest.mark.anyio


async def test_a_refused_connection(probe: HttpProbe) -> None:
    port = closed_port()
    outcome = await probe.run(settings(f"http://127.0.0.1:{port}/"), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_REFUSED)
    assert outcome.message == f"connection refused by 127.0.0.1:{port}"
    assert outcome.detail == {"addresses": ["127.0.0.1"]}


async def test_a_connection_refused_by_all_addresses_of_a_name(probe: HttpProbe, names: Names) -> None:
    names.addresses["two.test"] = ["127.0.0.1", "::1"]
    port = closed_port()
    outcome = await probe.run(settings(f"http://two.test:{port}/"), 5)

    assert outcome.message == f"connection refused by two.test:{port}"


async def test_an_unknown_name(probe: HttpProbe) -> None:
    outcome = await probe.run(settings("http://example.invalid/"), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.DNS_ERROR)
    assert outcome.message == "name does not resolve: example.invalid"
    assert outcome.timings.connect_ms is None


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".test", "-", "xn--zzzzzzz.invalid"])
async def test_what_cannot_be_a_name_does_not_resolve(host: str) -> None:
    probe = HttpProbe(Guard(LOOPBACK))
    outcome = await probe.run(settings(f"http://{host}/"), 5)
    await probe.close()

    assert outcome.reason is Reason.DNS_ERROR
    assert outcome.latency_ms is None


async def test_a_name_without_an_address_does_not_resolve() -> None:
    class Empty(Names):
        async def resolve(self, *_: Any, **__: Any) -> list[ResolveResult]:
            return []

    probe = HttpProbe(Guard(LOOPBACK), Empty())
    outcome = await probe.run(settings("http://empty.test/"), 5)
    await probe.close()

    assert outcome.message == "name does not resolve: empty.test"


async def test_a_target_in_a_private_network_is_not_connected_to(names: Names) -> None:
    probe = HttpProbe(Guard(), names)
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url("/", "any.test")), 5)
    await probe.close()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.BLOCKED_TARGET)
    assert outcome.message == (
        "127.0.0.1 is this machine itself; the operator can allow it: IS0K_ALLOWED_NETWORKS=127.0.0.0/8"
    )
    assert site.accepted == 0


async def test_a_time_out_names_the_look_up() -> None:
    class Never(Names):
        async def resolve(self, *_: Any, **__: Any) -> list[ResolveResult]:
            await asyncio.Event().wait()
            return []

    probe = HttpProbe(Guard(LOOPBACK), Never())
    outcome = await probe.run(settings("http://slow.test/"), 0.05)
    await probe.close()

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TIMEOUT)
    assert outcome.message == "no answer within 0.05 s (looking up slow.test)"


async def test_a_time_out_names_the_connection(probe: HttpProbe) -> None:
    with full_backlog("127.0.0.1") as port:
        outcome = await probe.run(settings(f"http://127.0.0.1:{port}/"), 0.05)

    assert outcome.message == f"no answer within 0.05 s (connecting to 127.0.0.1:{port})"


async def test_a_time_out_names_the_tls_handshake(probe: HttpProbe) -> None:
    async with Site(script=silent) as site:
        outcome = await probe.run(settings(f"https://127.0.0.1:{site.port}/"), 0.05)

    assert outcome.message == f"no answer within 0.05 s (TLS handshake with 127.0.0.1:{site.port})"


async def test_a_time_out_names_the_wait_for_the_first_byte(probe: HttpProbe) -> None:
    async with Site(script=silent) as site:
        outcome = await probe.run(settings(site.url()), 0.05)

    assert outcome.message == "no answer within 0.05 s (connected, waiting for the first byte)"
    assert outcome.detail == {"remoteAddress": f"127.0.0.1:{site.port}", "addresses": ["127.0.0.1"]}


async def test_a_time_out_names_the_headers(probe: HttpProbe) -> None:
    async with Site({"/": b"HTTP/1.1 200 OK\r\nserver: slow\r\n"}) as site:
        outcome = await probe.run(settings(site.url()), 0.05)

    assert outcome.message == "no answer within 0.05 s (reading the headers)"
    assert outcome.latency_ms is not None


async def test_a_time_out_names_the_body(probe: HttpProbe) -> None:
    async with Site({"/": b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"}) as site:
        outcome = await probe.run(settings(site.url(), keyword="x"), 0.05)

    assert (outcome.reason, outcome.status_code) == (Reason.TIMEOUT, 200)
    assert outcome.message == "no answer within 0.05 s (reading the body)"


async def test_a_bad_status_stands_even_if_its_body_never_ends(probe: HttpProbe) -> None:
    async with Site({"/": b"HTTP/1.1 500 Oops\r\ncontent-length: 9\r\n\r\nab"}) as site:
        outcome = await probe.run(settings(site.url()), 0.05)

    assert outcome.message == "status 500, expected 200"
    assert outcome.detail["bodyExcerpt"] == "ab"


async def test_a_reset_connection(probe: HttpProbe) -> None:
    async with Site(script=reset, hangs_up=True) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_RESET)
    assert outcome.message == f"connection reset by 127.0.0.1:{site.port}"


async def test_a_connection_reset_in_the_tls_handshake(probe: HttpProbe) -> None:
    async with Site(script=reset, hangs_up=True) as site:
        outcome = await probe.run(settings(f"https://127.0.0.1:{site.port}/"), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_RESET)
    assert outcome.message == f"connection reset by 127.0.0.1:{site.port} during the TLS handshake"


async def test_a_connection_closed_without_an_answer_is_not_tried_again(probe: HttpProbe) -> None:
    async with Site({"/": b""}, hangs_up=True) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_ERROR)
    assert outcome.message == f"127.0.0.1:{site.port} closed the connection before the answer was complete"
    assert site.accepted == 1


async def test_an_answer_that_is_not_http(probe: HttpProbe) -> None:
    async with Site({"/": b"220 mail.test ESMTP ready\r\n\r\n"}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_ERROR)
    assert outcome.message == f"the answer of 127.0.0.1:{site.port} is not valid HTTP"


@contextmanager
def no_more_open_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as highest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest.fileno(), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_being_out_of_file_handles_is_our_fault(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as site:
        await probe.run(settings(site.url()), 5)
        await site.until_alone()
        with no_more_open_files():
            outcome = await probe.run(settings(site.url()), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR)
    assert outcome.message == "this machine is out of file handles"


@pytest.mark.parametrize(
    ("number", "reason", "message"),
    [
        (errno.ECONNRESET, Reason.CONNECTION_RESET, "connection reset by there:80"),
        (errno.EPIPE, Reason.CONNECTION_RESET, "connection reset by there:80"),
        (errno.ETIMEDOUT, Reason.TIMEOUT, "no answer from there:80 for so long that the system gave up"),
        (errno.EHOSTUNREACH, Reason.CONNECTION_ERROR, "no route to there:80"),
        (errno.ENETUNREACH, Reason.CONNECTION_ERROR, "the network of there:80 cannot be reached from here"),
        (errno.EPROTO, Reason.CONNECTION_ERROR, "no connection to there:80: protocol error"),
        (None, Reason.CONNECTION_ERROR, "no connection to any address of there:80"),
        (errno.EADDRNOTAVAIL, Reason.INTERNAL_ERROR, "this machine has no free port or address to connect from"),
        (errno.ENOMEM, Reason.INTERNAL_ERROR, "this machine is out of memory"),
    ],
)
def test_every_fault_of_a_connection_has_its_words(number: int | None, reason: Reason, message: str) -> None:
    failure = connect_failure("there:80", OSError(number, "…") if number else OSError("…"))

    assert (failure.reason, failure.message) == (reason, message)
    assert (failure.status is CheckStatus.UNKNOWN) is (reason is Reason.INTERNAL_ERROR)


@pytest.mark.parametrize(
    ("error", "reason", "message"),
    [
        (socket.gaierror(socket.EAI_NONAME, "…"), Reason.DNS_ERROR, "name does not resolve: a.test"),
        (socket.gaierror(socket.EAI_AGAIN, "…"), Reason.DNS_ERROR, "the name servers gave no answer for a.test"),
        (socket.gaierror(socket.EAI_MEMORY, "…"), Reason.INTERNAL_ERROR, "this machine is out of memory"),
        (OSError(errno.EMFILE, "…"), Reason.INTERNAL_ERROR, "this machine is out of file handles"),
        (UnicodeError("…"), Reason.DNS_ERROR, "name does not resolve: a.test"),
    ],
)
def test_every_fault_of_a_look_up_has_its_words(error: Exception, reason: Reason, message: str) -> None:
    failure = lookup_failure("a.test", error)

    assert (failure.reason, failure.message) == (reason, message)
