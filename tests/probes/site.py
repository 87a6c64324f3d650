"""A web server that says byte for byte what a test wants, and remembers what it was asked."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from is0k.schema.http_settings import HttpSettings
from is0k.schema.scalars import ExpectedStatus, StringMap

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def page(body: bytes = b"ok", status: int = 200, **headers: str) -> bytes:
    """`content_type="text/html"` becomes the header `content-type: text/html`."""
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(to: str, status: int = 302) -> bytes:
    return page(b"", status, location=to)


def settings(url: str, expected: str = "200", headers: Mapping[str, str] | None = None, **other: Any) -> HttpSettings:
    return HttpSettings(
        url=url, expected_status=ExpectedStatus(expected.split()), headers=StringMap(dict(headers or {})), **other
    )


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


FLOOD = b"0123456789abcdef" * 4096


def saying(*parts: bytes, pause: float = 0.02) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause)

    return script


def echo() -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"you said " + await reader.readuntil(b"\n"))

    return script


def for_ever(words: bytes, pause: float) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(words)
            await writer.drain()
            await asyncio.sleep(pause)

    return script


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts and never says a word."""


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65_536)
    # A linger time of 0 makes close() send RST.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def full_backlog(host: str, port: int = 0) -> Iterator[int]:
    """The port of a socket whose backlog is full: it drops whoever comes next, as a filtering firewall does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as server, socket.socket(family) as first, socket.socket(family) as second:
        server.bind((host, port))
        server.listen(0)
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield int(server.getsockname()[1])


@dataclass
class Site:
    """Answers every path with its bytes, then waits for the other side to go, or hangs up.

    A `script` speaks in place of that, from the first byte of a connection on.
    """

    answers: Mapping[str, bytes] = field(default_factory=dict)
    script: Script | None = None
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    port: int = 0
    hangs_up: bool = False
    accepted: int = 0
    requests: list[Request] = field(default_factory=list)
    _conversations: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self.tls, backlog=256)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        # A connection just accepted becomes a conversation, and an aborted one ends, some turns of the loop later.
        for _turn in range(10):
            await asyncio.sleep(0)
            for conversation in self._conversations:
                conversation.cancel()

    def url(self, path: str = "/", host: str | None = None) -> str:
        own = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host or own}:{self.port}{path}"

    async def until_alone(self, seconds: float = 5) -> None:
        """Returns when nobody is connected any more."""
        await until(lambda: not self._conversations, seconds)

    async def until_left(self, seconds: float = 5) -> None:
        """Returns when somebody has been here and gone."""
        await until(lambda: self.accepted > 0 and not self._conversations, seconds)

    async def until_visited(self, seconds: float = 5) -> None:
        await until(lambda: bool(self._conversations), seconds)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        conversation = asyncio.ensure_future(self._converse(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.script:
                await self.script(reader, writer)
            else:
                await self._answer(reader, writer)
            while not self.hangs_up and await reader.read(65_536):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            # Closing waits until what was written is read; a cancelled conversation must not wait.
            if self.hangs_up:
                writer.close()
            else:
                writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        self.requests.append(request)
        writer.write(self.answers.get(request.path, page(b"no such page", 404)))
        await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)
