"""uvicorn's HTTP/1.1, with an end to patience: a client that dawdles loses its connection, not everybody's.

It overrides callbacks of uvicorn's parser, which are not promised to stay: tests/cli/test_http_protocol.py tells.
"""

import asyncio

from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Of the request line and all headers.
LARGEST_HEAD_BYTES = 32 * 1024
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
head_too_large = PlainTextResponse("The headers are too large", 431, {"Connection": "close"})


class PatientProtocol(HttpToolsProtocol):
    """One timer for each connection, not for each request: it looks when the next deadline can be, and moves on."""

    head_seconds = 10.0  # from the first byte, or from the connection, to the end of the headers
    pause_seconds = 10.0  # between two parts of a body
    body_seconds = 60.0  # for the whole of it
    unread_seconds = 30.0  # while a client takes nothing of its answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_bytes, self._is_in_head = 0, True
        # Until when the client has to go on, and to read; None while it is our turn.
        self._send_by: float | None = self.loop.time() + self.head_seconds
        self._body_by = 0.0
        self._read_by: float | None = None
        self._unread_bytes: int | None = None
        self._timer: asyncio.TimerHandle | None = self.loop.call_at(self._send_by, self._look)

    def data_received(self, data: bytes) -> None:
        if self._send_by is None and self.cycle.response_complete:
            self._await_head()
        super().data_received(data)
        if self._is_in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD_BYTES:
                self._close_with(TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > LARGEST_HEAD_BYTES:
            self.app = head_too_large
        self._is_in_head, self._head_bytes = False, 0
        now = self.loop.time()
        self._send_by, self._body_by = now + self.pause_seconds, now + self.body_seconds
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._send_by = min(self.loop.time() + self.pause_seconds, self._body_by)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._send_by = None
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._stop_looking()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        self._read_by = self.loop.time() + self.unread_seconds
        self._unread_bytes = self.transport.get_write_buffer_size()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._read_by = self._unread_bytes = None
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_looking()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        self._send_by = self.loop.time() + self.head_seconds

    def _look(self) -> None:
        now = self.loop.time()
        if self.transport.is_closing() or (self._read_by and now >= self._read_by):
            unread_bytes = self.transport.get_write_buffer_size()
            if self._unread_bytes is not None and unread_bytes >= self._unread_bytes:
                self.transport.abort()  # nothing was taken since the last look
                return
            self._unread_bytes, self._read_by = unread_bytes, self._read_by and now + self.unread_seconds
        if self._send_by and self.flow.read_paused:
            self._send_by = now + self.pause_seconds  # it is us who do not read
        if self._send_by and now >= self._send_by:
            self._close_with(TIMEOUT if self._is_in_head and self._head_bytes else b"")
        deadlines = [moment for moment in (self._send_by, self._read_by) if moment and moment > now]
        self._timer = self.loop.call_at(min(deadlines, default=now + self.head_seconds), self._look)

    def _close_with(self, answer: bytes) -> None:
        if answer:
            self.transport.write(answer)
        self.transport.close()

    def _stop_looking(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
