"""aiohttp on our own connections: every request a new one, dialled and timed by us."""

import asyncio
import functools
import ssl
from time import perf_counter
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler

from is0k.probes.certificates import tls_context
from is0k.probes.dialer import WATCH, Dialer, Watch
from is0k.probes.failures import headers_too_large
from is0k.probes.guard import Guard

HEADER_BYTES = 64 * 1024


class Connector(aiohttp.BaseConnector):
    """A new connection for every request. TCPConnector would time TCP and TLS as one, and try again without a word.

    All we use that aiohttp does not promise is in this class and the next: `_create_connection`, which BaseConnector
    leaves to its subclasses, its `_loop`, and methods of ResponseHandler. test_connection.py notices when they change.
    """

    def __init__(self, guard: Guard, resolver: AbstractResolver) -> None:
        super().__init__(force_close=True, limit=0)
        self._dialer = Dialer(guard, resolver)

    async def _create_connection(self, req: aiohttp.ClientRequest, *_traces_and_timeout: Any) -> ResponseHandler:
        watch, dialer = WATCH.get(), self._dialer
        sock = await dialer.connect(await dialer.addresses(req.host, req.port or 0, watch), watch)
        handler = functools.partial(Handler, self._loop, watch)
        if req.is_ssl():
            context = req.ssl if isinstance(req.ssl, ssl.SSLContext) else tls_context(verify=True)
            _, protocol = await dialer.encrypt(handler, sock, context, req.host, watch)
        else:
            _, protocol = await self._loop.create_connection(handler, sock=sock)
        watch.doing = "sending the request"
        return protocol


class Handler(ResponseHandler):
    """aiohttp's side of one connection, with the moments marked, the headers limited, and no lingering at the end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, watch: Watch) -> None:
        super().__init__(loop)
        self._watch = watch
        self._header_bytes = 0
        self._answered = False

    def start_timeout(self) -> None:
        """aiohttp calls it when the request is on its way, body included."""
        if self._watch.first_byte is None:
            self._watch.sent = perf_counter()
            self._watch.doing = "connected, waiting for the first byte"
        super().start_timeout()

    def data_received(self, data: bytes) -> None:
        watch = self._watch
        if watch.first_byte is None:
            watch.first_byte = perf_counter()
            watch.doing = "reading the headers"
        super().data_received(data)
        if not self._answered:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES:
                self.abort()
                self.set_exception(headers_too_large(watch.where))

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Takes the parsed head of an answer; 1xx are heads too, and others follow them."""
        self._answered = data[0].code >= 200 or data[0].code == 101
        super().feed_data(data, size)

    def close(self) -> None:
        """At once: a peer that never reads, or never says goodbye in TLS, would keep the socket open for 30 s."""
        self.abort()
