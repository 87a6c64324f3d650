"""Clients that dawdle, seen from their sockets. The same deadlines as in the product, made shorter."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from is0k.cli.http_protocol import LARGEST_HEAD_BYTES, PatientProtocol
from is0k.cli.server import configured
from is0k.tests.stage.api import listening_to

pytestmark = pytest.mark.anyio

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
CLOSED = b""


class Hasty(PatientProtocol):
    head_seconds = pause_seconds = unread_seconds = 0.3
    body_seconds = 0.8


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        body = await Request(scope, receive).body()
    except ClientDisconnect:
        return
    answer = b"x" * 50_000_000 if scope["path"] == "/large" else b"%d bytes" % len(body)
    await PlainTextResponse(answer)(scope, receive, send)


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def rest(self) -> bytes:
        """Whatever still comes until the server closes."""
        try:
            return await asyncio.wait_for(self.reader.read(), 5)
        except ConnectionResetError:
            return CLOSED


@asynccontextmanager
async def client(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = configured(echo, lifespan="off")
    config.http = Hasty
    async with listening_to(config) as port:
        yield port


def test_the_server_has_these_deadlines() -> None:
    assert configured(echo).http is PatientProtocol
    seconds = PatientProtocol.head_seconds, PatientProtocol.pause_seconds, PatientProtocol.body_seconds
    assert seconds == (10, 10, 60)


def test_uvicorn_still_has_what_is_overridden() -> None:
    """It promises none of these; should one go, ours would never be called."""
    own = {name for name, value in vars(PatientProtocol).items() if inspect.isfunction(value)}
    overridden = own - {"_await_head", "_look", "_close_with", "_stop_looking"}

    assert overridden == own & set(dir(HttpToolsProtocol))
    assert len(overridden) == 10
    source = inspect.getsource(HttpToolsProtocol)
    assert all(f"self.{name}" in source for name in ("cycle", "flow", "transport", "loop", "app", "url", "headers"))


async def test_a_connection_on_which_nothing_comes_is_closed(port: int) -> None:
    async with client(port) as slow:
        assert await slow.rest() == CLOSED


@pytest.mark.parametrize("half", [HEAD, b"G", b"GET / HTTP/1.1\r\nX-A: " + b"x" * 1000])
async def test_half_a_head_gets_408_and_is_closed(port: int, half: bytes) -> None:
    async with client(port) as slow:
        slow.send(half)

        assert (await slow.rest()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


async def test_a_head_that_drips_has_no_more_time(port: int) -> None:
    async with client(port) as slow:
        told = asyncio.create_task(slow.rest())
        slow.send(HEAD)
        while not told.done():
            slow.send(b"X-A: b\r\n")
            await asyncio.wait({told}, timeout=0.1)

        assert (await told)[:12] in (b"HTTP/1.1 408", CLOSED)


async def test_the_second_request_of_a_connection_has_a_deadline_too(port: int) -> None:
    async with client(port) as slow:
        slow.send(HEAD + b"\r\n" + HEAD)

        told = await slow.rest()
        assert told.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"HTTP/1.1 408 " in told


async def test_empty_lines_before_a_request_do_not_keep_a_connection(port: int) -> None:
    async with client(port) as slow:
        slow.send(HEAD + b"\r\n")
        await slow.reader.readuntil(b"0 bytes")
        slow.send(b"\r\n\r\n")

        await slow.rest()


async def test_a_body_that_stalls_is_closed(port: int) -> None:
    async with client(port) as slow:
        slow.send(POST + b"12345")

        assert await slow.rest() == CLOSED


async def test_a_body_that_goes_on_is_read(port: int) -> None:
    async with client(port) as slow:
        for part in (POST, b"12345", b"67890"):
            slow.send(part)
            await slow.writer.drain()

        assert (await slow.reader.readuntil(b"10 bytes")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_body_that_drips_has_no_more_time_than_all_of_it(port: int) -> None:
    async with client(port) as slow:
        told = asyncio.create_task(slow.rest())
        slow.send(POST.replace(b"10", b"1000"))
        while not told.done():
            slow.send(b"x")
            await asyncio.wait({told}, timeout=0.1)

        assert await told == CLOSED


async def test_an_answer_that_nobody_reads_is_given_up(port: int) -> None:
    async with client(port) as slow:
        slow.send(HEAD.replace(b"/ ", b"/large ") + b"\r\n")
        await slow.reader.readuntil(b"\r\n\r\n")
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(1)  # longer than anybody may take: there is nothing to see of it from here
        slow.writer.transport.resume_reading()  # type: ignore[attr-defined]

        assert len(await slow.rest()) < 50_000_000


@pytest.mark.parametrize("end", [b"\r\n\r\n", b""])
async def test_a_head_that_is_too_large_is_431(port: int, end: bytes) -> None:
    async with client(port) as greedy:
        greedy.send(HEAD + b"X-A: " + b"x" * LARGEST_HEAD_BYTES + end)

        assert (await greedy.rest()).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


async def test_one_that_is_not_is_answered(port: int) -> None:
    async with client(port) as well_behaved:
        well_behaved.send(HEAD + b"X-A: " + b"x" * (LARGEST_HEAD_BYTES - 100) + b"\r\nConnection: close\r\n\r\n")

        assert (await well_behaved.rest()).startswith(b"HTTP/1.1 200 OK\r\n")
