"""How much is read of a body that is too large, seen from the socket of the one who sends it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from is0k import models
from is0k.tests.stage.api import Api

pytestmark = pytest.mark.anyio

MEBIBYTE = 1024 * 1024
BODY_BYTES = 100 * MEBIBYTE
# What the kernel keeps on the way, of us and of the server, is no more than this.
BUFFER_BYTES = 64 * 1024


class Sender:
    """Sends for as long as the server takes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.sent_bytes = 0

    async def send(self, part: bytes, most_bytes: int) -> None:
        try:
            while self.sent_bytes < most_bytes:
                self.writer.write(part)
                await self.writer.drain()
                self.sent_bytes += len(part)
        except OSError:
            return  # closed by the server: this is what is being counted

    async def head(self) -> str:
        return (await self.reader.readuntil(b"\r\n\r\n")).decode()


@asynccontextmanager
async def sender(api: Api, path: str, *headers: str, key: str | None = None) -> AsyncIterator[Sender]:
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", int(api.url.rpartition(":")[2])))
    reader, writer = await asyncio.open_connection(sock=raw)
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *headers]
    writer.write("\r\n".join([*lines, f"Authorization: Bearer {key or api.key}", "", ""]).encode())
    try:
        yield Sender(reader, writer)
    finally:
        writer.close()


@pytest.mark.parametrize(("path", "form"), [("/api/v1/monitors", b'"error":{"code":'), ("/graphql", b'"errors":[')])
async def test_a_body_that_says_it_is_too_large_is_refused_before_a_byte_of_it_is_sent(
    api: Api, path: str, form: bytes
) -> None:
    async with sender(api, path, f"Content-Length: {BODY_BYTES}") as client:
        head = await client.head()
        body = await client.reader.read()

    assert head.startswith("HTTP/1.1 413 ")
    assert "connection: close" in head
    assert "x-ratelimit-remaining: 999" in head
    assert form in body
    assert b"PAYLOAD_TOO_LARGE" in body


@pytest.mark.parametrize("path", ["/api/v1/monitors", "/graphql"])
async def test_of_a_hundred_mebibytes_two_are_read_at_most(api: Api, path: str) -> None:
    async with sender(api, path, f"Content-Length: {BODY_BYTES}") as client:
        sending = asyncio.create_task(client.send(b" " * 16_384, BODY_BYTES))
        head = await client.head()
        await sending

    assert head.startswith("HTTP/1.1 413 ")
    assert client.sent_bytes <= 2 * MEBIBYTE


@pytest.mark.parametrize("path", ["/api/v1/monitors", "/graphql"])
async def test_of_a_body_without_an_end_two_are_read_at_most(api: Api, path: str) -> None:
    async with sender(api, path, "Transfer-Encoding: chunked") as client:
        sending = asyncio.create_task(client.send(b"4000\r\n" + b" " * 16_384 + b"\r\n", BODY_BYTES))
        head = await client.head()
        await sending

    assert head.startswith("HTTP/1.1 413 ")
    assert "connection: close" in head
    assert client.sent_bytes <= 2 * MEBIBYTE
    assert not await models.Monitor.exists()


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [("/api/v1/monitors", "wrong", 401), ("/api/v1/nothing", None, 404), ("/healthz", None, 405)],
)
async def test_nobody_reads_a_body_that_is_not_wanted(api: Api, path: str, key: str | None, status: int) -> None:
    async with sender(api, path, f"Content-Length: {BODY_BYTES}", key=key) as client:
        sending = asyncio.create_task(client.send(b" " * 16_384, BODY_BYTES))
        head = await client.head()
        await sending

    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "connection: close" in head
    assert client.sent_bytes <= 2 * MEBIBYTE


async def test_who_asks_before_sending_is_not_told_to_go_on(api: Api) -> None:
    async with sender(api, "/api/v1/monitors", f"Content-Length: {BODY_BYTES}", "Expect: 100-continue") as client:
        assert (await client.head()).startswith("HTTP/1.1 413 ")


async def test_a_small_body_that_is_not_wanted_costs_no_connection(api: Api) -> None:
    answer = await api.with_key(None).post("/monitors", {"name": "Shop"})

    assert answer.status == 401
    assert "Connection" not in answer.headers
