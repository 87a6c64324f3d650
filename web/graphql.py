"""`/graphql`: Strawberry's ASGI view with our context, our errors and our JSON."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from is0k.resolvers.authentication import authenticate
from is0k.resolvers.context import Context
from is0k.resolvers.root import graphql_schema
from is0k.schema.clock import Clock
from is0k.schema.errors import DomainError


class GraphQLView(GraphQL[Context, None]):
    def __init__(self, clock: Clock) -> None:
        super().__init__(graphql_schema, graphql_ide=None, allow_queries_via_get=False)
        self.clock = clock

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        actor = await authenticate(request.headers.get("authorization"), self.clock)
        return Context(actor, self.clock, request.scope["state"]["request_id"])

    async def run(self, request: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return await super().run(request, *arguments, **named)
        except DomainError as error:
            # A key that is wrong is told before anything is run, in the words of GraphQL over HTTP.
            body = {"data": None, "errors": [{"message": error.message, "extensions": error.extensions}]}
            return Response(orjson.dumps(body), error.http_status, error.headers, "application/json")

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> Any:
        return orjson.loads(data)
