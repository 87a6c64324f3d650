"""`/graphql`: Strawberry's ASGI view with our context, our errors and our JSON."""

import json
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.status import WS_1011_INTERNAL_ERROR
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from is0k.resolvers.admission import caller_of
from is0k.resolvers.context import Context, Services
from is0k.resolvers.root import graphql_schema
from is0k.schema.clock import Clock
from is0k.schema.errors import DomainError, InternalError, MisdirectedRequest, RateLimited

log = structlog.get_logger("is0k.graphql")

UNAUTHORIZED = 4401  # as graphql-transport-ws calls it


class TextSocket(ASGIWebSocketAdapter):
    """The protocol's messages are text; our bytes would go out as binary ones, which clients refuse."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect as error:
            raise WebSocketDisconnected from error


class GraphQLView(GraphQL[Context, None]):
    websocket_adapter_class = TextSocket

    def __init__(self, clock: Clock, services: Services) -> None:
        # The older protocol of WebSockets skips the handshake that says who asks (CVE-2026-35523).
        protocols = [GRAPHQL_TRANSPORT_WS_PROTOCOL]
        super().__init__(
            graphql_schema, graphql_ide=None, allow_queries_via_get=False, subscription_protocols=protocols
        )
        self.clock, self.services = clock, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = caller_of(scope).refusal
        # A WebSocket is opened first and closed with a code, as browsers see no other; it need not be for a flood.
        if scope["type"] == "websocket" and isinstance(refusal, RateLimited | MisdirectedRequest):
            await _refusal(scope, refusal)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        actor = caller_of(request.scope).let_in()
        return Context(actor, self.clock, request.scope["state"]["request_id"], self.services)

    async def run(self, request: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return await super().run(request, *arguments, **named)
        except HTTPException:
            raise  # it is not GraphQL over HTTP: Strawberry says how
        except DomainError as error:
            return await _refuse(request, error)
        except Exception:
            log.exception("request failed")
            return await _refuse(request, InternalError())

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> Any:
        body = orjson.loads(data)
        # Strawberry takes for granted what the specification only asks for.
        if not isinstance(body, list | dict) or (isinstance(body, dict) and not isinstance(body.get("query", ""), str)):
            raise json.JSONDecodeError("Must be an object with a query", str(data), 0)
        return body


async def _refuse(request: Request | WebSocket, error: DomainError) -> Response:
    if isinstance(request, WebSocket):
        await request.close(UNAUTHORIZED if error.http_status == 401 else WS_1011_INTERNAL_ERROR, error.code)
    return _refusal(request.scope, error)


def _refusal(scope: Scope, error: DomainError) -> Response:
    """What is wrong before anything is run, such as a key, is told in the words of GraphQL over HTTP."""
    extensions = error.extensions | {"requestId": scope["state"]["request_id"]}
    body = {"data": None, "errors": [{"message": error.message, "extensions": extensions}]}
    return Response(orjson.dumps(body), error.http_status, error.headers, "application/json")
