"""How channels reach what users name: guarded, not redirected, not for long, and not much of it read."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from is0k.channels.http import ANSWER_BYTES, Http
from is0k.channels.refusal import Refused
from is0k.probes.guard import Guard
from is0k.tests.channels.conftest import LOOPBACK
from is0k.tests.channels.receiver import Receiver
from is0k.tests.probes.conftest import Names
from is0k.tests.probes.site import Site, full_backlog, page, silent

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http(Guard(LOOPBACK), Names(), timeout_seconds=0.3)
    yield http
    await http.close()


async def refusal(http: Http, url: str) -> str:
    with pytest.raises(Refused) as refused:
        await http.post(url, b"{}", {})
    assert not refused.value.permanent
    return refused.value.words


async def test_a_private_address_is_not_connected_to(receiver: Receiver) -> None:
    guarded = Http(Guard(), Names())

    by_address = await refusal(guarded, receiver.url)
    by_name = await refusal(guarded, receiver.url.replace("127.0.0.1", "rebound.test"))

    await guarded.close()
    words = "127.0.0.1 is this machine itself; the operator can allow it: IS0K_ALLOWED_NETWORKS=127.0.0.0/8"
    assert (by_address, by_name) == (words, words)
    assert receiver.received == []


async def test_our_own_database_stays_closed_whatever_is_allowed(receiver: Receiver) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    guarded = Http(Guard(LOOPBACK, [("127.0.0.1", port)]))

    words = await refusal(guarded, receiver.url)

    await guarded.close()
    assert words == f"127.0.0.1 is on port {port} a part of is0k itself, which cannot be watched"
    assert receiver.received == []


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://[::1]/", "http://10.0.0.1/", "http://2130706433/"])
async def test_no_spelling_of_a_private_address_is_connected_to(url: str) -> None:
    guarded = Http(Guard(), Names())

    words = await refusal(guarded, url)

    await guarded.close()
    assert "allow" in words or "does not resolve" in words


async def test_a_redirect_is_an_answer_and_is_not_followed(http: Http, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": "/elsewhere"}

    answer = await http.post(receiver.url, b"{}", {})

    assert (answer.status, answer.is_good, len(receiver.received)) == (307, False, 1)


async def test_a_kilobyte_of_the_answer_is_read(http: Http) -> None:
    async with Site({"/": page(b"x" * 100_000, 500)}) as site:
        answer = await http.post(site.url(), b"{}", {})

    assert answer.text == "x" * ANSWER_BYTES


async def test_a_receiver_that_never_answers_is_given_up(http: Http) -> None:
    async with Site(script=silent) as site:
        words = await refusal(http, site.url())

    assert words == "no answer within 0.3 s (connected, waiting for the first byte)"


async def test_a_body_that_never_ends_does_not_undo_the_status() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\nthanks")
        await writer.drain()

    patient = Http(Guard(LOOPBACK), Names())
    async with Site(script=drip) as site:
        answer = await patient.post(site.url(), b"{}", {})

    await patient.close()
    assert (answer.status, answer.text) == (200, "thanks")


async def test_a_host_that_drops_what_comes_is_given_up(http: Http) -> None:
    with full_backlog("127.0.0.1") as port:
        assert "connecting to" in await refusal(http, f"http://127.0.0.1:{port}/")


async def test_what_cannot_be_reached_is_told_in_words(http: Http) -> None:
    async with Site() as site:
        closed = site.url()

    assert await refusal(http, closed) == f"connection refused by 127.0.0.1:{site.port}"
    assert await refusal(http, "https://nowhere.invalid/") == "name does not resolve: nowhere.invalid"
