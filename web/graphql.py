"""`/graphql`: Strawberry's ASGI view with our context, our errors and our JSON."""

import json
from collections.abc import Iterable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.websocket_origin import normalize_origin
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult

from is0k.resolvers.admission import caller_of
from is0k.resolvers.context import Actor, Context, Services
from is0k.resolvers.root import graphql_schema
from is0k.schema.clock import Clock
from is0k.schema.errors import DomainError, InternalError, Unauthenticated
from is0k.schema.graphql_errors import MalformedRequest, TimedOut
from is0k.schema.http_errors import InvalidJson, MethodNotAllowed, MisdirectedRequest, RateLimited, UnsupportedMediaType
from is0k.web.graphql_socket import INIT_SECONDS, MOST_OPERATIONS, SocketHandler, TextSocket, close_code
from is0k.web.media_types import GRAPHQL_RESPONSE, answer_type, is_json

log = structlog.get_logger("is0k.graphql")


class GraphQLView(GraphQL[Context, None]):
    websocket_adapter_class = TextSocket
    graphql_transport_ws_handler_class = SocketHandler

    def __init__(self, clock: Clock, services: Services, origins: Iterable[str] = ()) -> None:
        """`origins`: the addresses whose pages may open a WebSocket, beside the one the request names as ours."""
        super().__init__(
            graphql_schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            # The older protocol of WebSockets skips the handshake that says who asks (CVE-2026-35523).
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=MOST_OPERATIONS,
            allowed_origins=[origin for url in origins if (origin := normalize_origin(url))],
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
        if actor is None and isinstance(request, Request):
            raise Unauthenticated  # before anything is parsed: what we are is not told to strangers
        return self.context(actor, request.scope)

    def context(self, actor: Actor | None, scope: Scope) -> Context:
        return Context(actor, self.clock, scope["state"]["request_id"], self.services)

    async def run(self, request: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return await super().run(request, *arguments, **named)
        except HTTPException as error:
            return await _refuse(request, _told(request, error))
        except DomainError as error:
            return await _refuse(request, error)
        except Exception:
            log.exception("request failed")
            return await _refuse(request, InternalError())

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> Any:
        if request.method == "POST":
            _refuse_other_bodies(request.content_type or "")
        parsed = await super().parse_http_body(request)
        if not isinstance(parsed, list) and not isinstance(parsed.operation_name, str | None):
            raise MalformedRequest("operationName must be a string or null")
        return parsed

    def parse_json(self, data: str | bytes) -> Any:
        try:
            return self.decode_json(data)
        except json.JSONDecodeError as error:
            raise InvalidJson(f"The body is not JSON: {error}") from None

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = answer_type(request.headers.get("accept", ""))
        return response

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        shown = await super().process_result(request, result)
        if result.data is None and not any(error.path for error in result.errors or ()):
            del shown["data"]  # nothing was run
        return shown

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        status = HTTPStatus.OK if "data" in response_data else _status(response_data, sub_response.media_type)
        response = Response(self.encode_json(response_data), status, media_type=sub_response.media_type)
        response.headers.raw.extend(sub_response.headers.raw)
        return response

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> Any:
        body = orjson.loads(data)
        # Strawberry takes for granted what the specification only asks for.
        if not isinstance(body, list | dict):
            raise json.JSONDecodeError("Must be an object with a query", str(data), 0)
        return body


def _status(refused: GraphQLHTTPResponse, kind: str | None) -> int:
    """GraphQL over HTTP §6.4: only its own media type tells by the status that nothing was run."""
    if kind != GRAPHQL_RESPONSE:
        return HTTPStatus.OK
    code = refused["errors"][0]["extensions"]["code"]  # type: ignore[index]  # every error has one
    return next((error.http_status for error in (TimedOut, InternalError) if error.code == code), 400)


def _told(request: Request | WebSocket, error: HTTPException) -> DomainError:
    """What Strawberry refuses, in our words."""
    if isinstance(request, Request) and request.method != "POST":
        return MethodNotAllowed(request.method, "/graphql", "POST")
    return MalformedRequest(error.reason)


def _refuse_other_bodies(content_type: str) -> None:
    """Forms and plain text are what a page of another site could send without asking."""
    if not is_json(content_type):
        raise UnsupportedMediaType("Send application/json in UTF-8")


async def _refuse(request: Request | WebSocket, error: DomainError) -> Response:
    if isinstance(request, WebSocket):
        await request.close(close_code(error), error.code)
    return _refusal(request.scope, error)


def _refusal(scope: Scope, error: DomainError) -> Response:
    """What is wrong before anything is run, such as a key, is told in the words of GraphQL over HTTP."""
    extensions = error.extensions | {"requestId": scope["state"]["request_id"]}
    body = orjson.dumps({"errors": [{"message": error.message, "extensions": extensions}]})
    headers = error.headers | ({"Allow": "POST"} if isinstance(error, MethodNotAllowed) else {})
    accepted = Headers(scope=scope).get("accept", "")
    return Response(body, error.http_status, headers, answer_type(accepted))
