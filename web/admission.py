"""Asks the gate who calls, once for each request to an API, and tells every caller what is left for them."""

from collections.abc import Sequence
from functools import partial

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from is0k.resolvers.admission import Caller, Gate, caller_of
from is0k.resolvers.windows import WINDOW_SECONDS, Allowance
from is0k.schema.http_errors import RateLimited
from is0k.settings import Network
from is0k.web.client_address import bucket_of, client_address

DOORS = ("/api/v1", "/graphql")
# RFC 6455 §7.4, as IANA has added to it: come back later.
TRY_AGAIN_LATER = 1013
ANSWERS = ("http.response.start", "websocket.http.response.start", "websocket.accept")


class Admission:
    """Middleware. It leaves the caller in the scope; the refusal is told by REST and GraphQL, each in its form."""

    def __init__(self, app: ASGIApp, gate: Gate, proxies: Sequence[Network]) -> None:
        self.app, self.gate, self.proxies = app, gate, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not is_api(scope["path"]):
            await self.app(scope, receive, send)
            return
        address = bucket_of(client_address(scope, self.proxies))
        caller = scope["state"]["caller"] = await self._caller(scope, address)
        headers = told(caller.allowance)

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ANSWERS:
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        if scope["type"] == "http":
            await self.app(scope, receive, send_with_headers)
        else:
            # A browser cannot show its key before the socket is open.
            scope["state"]["admit"] = partial(self.gate.admit, address=address)
            socket = CountedSocket(self.gate, scope, receive, send_with_headers)
            await self.app(scope, socket.receive, socket.send)

    async def _caller(self, scope: Scope, address: str) -> Caller:
        if refusal := scope["state"].get("refusal"):
            return await self.gate.turn_away(refusal, address)
        return await self.gate.admit(Headers(scope=scope).get("authorization"), address)


class CountedSocket:
    """A WebSocket stays open: each message that comes over it is a request, or one handshake would buy them all."""

    def __init__(self, gate: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate, self._scope = gate, scope
        self._receive, self._send = receive, send
        self._is_closed = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "websocket.receive" or (await self._charge()).is_accepted:
            return message
        await self.send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": RateLimited.code})
        self._is_closed = True
        return {"type": "websocket.disconnect", "code": TRY_AGAIN_LATER}

    async def _charge(self) -> Allowance:
        return await self._gate.charge_again(caller_of(self._scope))

    async def send(self, message: Message) -> None:
        # Subscriptions may still be telling something while they are being ended.
        if not self._is_closed:
            await self._send(message)


def is_api(path: str) -> bool:
    # A route's pattern ends in `$`, which a line break may follow.
    return any(path.startswith(door) and path[len(door) : len(door) + 1] in ("", "/", "\n") for door in DOORS)


def told(allowance: Allowance) -> list[tuple[bytes, bytes]]:
    """The documented headers, and those of draft-ietf-httpapi-ratelimit-headers beside them."""
    limit, remaining = allowance.limit, allowance.remaining
    texts = {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(allowance.resets_at),
        "ratelimit-policy": f'"default";q={limit};w={WINDOW_SECONDS}',
        "ratelimit": f'"default";r={remaining};t={allowance.resets_in_seconds}',
    }
    return [(name.encode(), text.encode()) for name, text in texts.items()]
