"""No body is read beyond a mebibyte, whatever the route, and none is waited for once the answer is known."""

import asyncio

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from is0k.schema.http_errors import PayloadTooLarge

# A client that is still sending when the answer comes would lose it with the connection (RFC 9112 §9.6): it gets
# these to notice.
LINGER_BYTES, LINGER_SECONDS = 512 * 1024, 1.0


class BodyLimit:
    """Middleware. Who asks for a body that is too large gets PayloadTooLarge instead, and tells it in its form."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = LimitedBody(Headers(scope=scope), receive, send)
        try:
            await self.app(scope, body.receive, body.send)
        except PayloadTooLarge as error:
            await PlainTextResponse(error.message, error.http_status)(scope, body.receive, body.send)


class LimitedBody:
    """One request's. `_is_long` until its end has been seen, if it is too large or does not say how large it is."""

    def __init__(self, headers: Headers, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._declared, self._read = _declared(headers), 0
        self._is_long = self._declared > PayloadTooLarge.largest_bytes or "transfer-encoding" in headers

    async def receive(self) -> Message:
        if self._declared > PayloadTooLarge.largest_bytes:
            raise PayloadTooLarge
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > PayloadTooLarge.largest_bytes:
            raise PayloadTooLarge
        if not message.get("more_body"):
            self._is_long = False
        return message

    async def send(self, message: Message) -> None:
        if not self._is_long:
            await self._send(message)
        elif message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            if not message.get("more_body"):
                await self._linger()
                await self._send({"type": "http.response.body"})

    async def _linger(self) -> None:
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await self._drop(LINGER_BYTES)
        except TimeoutError:
            return  # long enough

    async def _drop(self, most_bytes: int) -> None:
        dropped, is_sending = 0, True
        while is_sending and dropped < most_bytes:
            message = await self._receive()
            dropped += len(message.get("body", b""))
            is_sending = bool(message.get("more_body"))


def _declared(headers: Headers) -> int:
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() else 0
