"""WebSockets on `/graphql`: graphql-transport-ws, with our way to say who asks, and to refuse.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import orjson
import structlog
from graphql import GraphQLError
from starlette.status import WS_1011_INTERNAL_ERROR, WS_1013_TRY_AGAIN_LATER
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage, Message

from is0k.resolvers.admission import caller_of
from is0k.resolvers.authentication import authenticate
from is0k.resolvers.context import Context
from is0k.schema.errors import DomainError, InternalError, Unauthenticated

if TYPE_CHECKING:
    from is0k.web.graphql import GraphQLView

log = structlog.get_logger("is0k.graphql")

INIT_SECONDS = 5.0
MOST_OPERATIONS = 100
# Of a message from the client; the server (cli/server.py) closes the connection that sends more.
LARGEST_MESSAGE_BYTES = 64 * 1024


class TextSocket(ASGIWebSocketAdapter):
    """The protocol's messages are text; our bytes would go out as binary ones, which clients refuse."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect as error:
            raise WebSocketDisconnected from error


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Who asks is looked up anew for every operation: a connection may outlive its key."""

    authorization: str | None = None

    async def handle_message(self, message: Message) -> None:
        if _is_well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("Not a message of graphql-transport-ws")

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """The key is in the header or, as browsers cannot send one, in the payload: `{"authorization": "Bearer …"}`."""
        payload: Any = message.get("payload") or {}
        given = payload.get("authorization") if isinstance(payload, dict) else None
        self.authorization = given if isinstance(given, str) else self._socket.ws.headers.get("authorization")
        if isinstance(given, str):
            # From here on its messages are charged to the key.
            state = self._socket.ws.scope["state"]
            state["caller"] = await state["admit"](given)
        if await self._identify():
            await super().handle_connection_init(message)

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        # What `_identify` leaves is read before anything else can run.
        if await self._identify():
            await super().run_operation(operation)

    async def _identify(self) -> bool:
        """Make the context of who asks now; close the connection of who may not."""
        try:
            caller_of(self._socket.ws.scope).let_in()
            actor = await authenticate(self.authorization, self._view.clock)
            if actor is None:
                raise Unauthenticated
        except DomainError as error:
            await self.websocket.close(close_code(error), error.code)
            return False
        except Exception:
            log.exception("who asks could not be told")
            await self.websocket.close(WS_1011_INTERNAL_ERROR, InternalError.code)
            return False
        self.context = self._view.context(actor, self._socket.ws.scope)
        return True

    async def handle_task_exception(self, error: Exception) -> None:
        # A client that goes away while it is being told something is nobody's fault.
        if not isinstance(error, WebSocketDisconnected):
            log.error("an operation over a WebSocket failed", exc_info=error)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> None:
        """None: a typo in one operation is told as its error, and does not end the others with the connection."""

    @property
    def _view(self) -> "GraphQLView":
        return cast("GraphQLView", self.view)

    @property
    def _socket(self) -> TextSocket:
        return cast(TextSocket, self.websocket)


def _is_well_formed(message: Any) -> bool:
    """Strawberry takes for granted what the protocol only asks for."""
    if not isinstance(message, dict) or not isinstance(message.get("id", ""), str):
        return False
    if message.get("type") != "subscribe":
        return True
    payload = message.get("payload")
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )


def close_code(error: DomainError) -> int:
    """4401 and 4403, as the protocol names those of HTTP."""
    if error.http_status == 429:
        return WS_1013_TRY_AGAIN_LATER
    return 4000 + error.http_status if error.http_status in (401, 403) else WS_1011_INTERNAL_ERROR
