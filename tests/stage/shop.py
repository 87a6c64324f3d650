"""A web server that may break in the ways servers break, and get well again."""

import asyncio
import ssl
from contextlib import suppress
from typing import Self

ANSWER = "HTTP/1.1 {status} Whatever\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Shop:
    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self.status = 200
        self.hangs = False
        self.delay_seconds = 0.0
        self.host, self.port = host, port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}/"

    async def open(self, tls: ssl.SSLContext | None = None) -> None:
        """Where it was before; with another certificate, if one is given."""
        self._tls = tls or self._tls
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.ensure_future(self._converse(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                if self.hangs:
                    # Until the other side has had enough.
                    await reader.read()
                await asyncio.sleep(self.delay_seconds)
                writer.write(ANSWER.format(status=self.status).encode())
                await writer.drain()
        finally:
            writer.close()
