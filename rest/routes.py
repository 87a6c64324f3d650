"""The table as an ASGI app. Nothing but the envelope ever comes out of it, for unknown paths and methods too."""

import re
from collections.abc import Collection, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from is0k.resolvers.admission import caller_of
from is0k.resolvers.context import Services
from is0k.rest import alert_channels, incidents, maintenance_windows, me, monitors, notices, regions, status_pages
from is0k.rest.adapter import answer
from is0k.rest.document import PATH as DOCUMENT_PATH
from is0k.rest.document import Document
from is0k.rest.envelope import failure
from is0k.rest.row import Row
from is0k.schema.clock import Clock, SystemClock
from is0k.schema.http_errors import MethodNotAllowed, RouteNotFound

PREFIX = "/api/v1"
ROWS: Sequence[Row] = [
    *monitors.ROWS,
    *alert_channels.ROWS,
    *incidents.ROWS,
    *status_pages.ROWS,
    *maintenance_windows.ROWS,
    *regions.ROWS,
    *notices.ROWS,
    *me.ROWS,
]


def rest_app(clock: Clock | None = None, services: Services | None = None) -> ASGIApp:
    return RestApp(ROWS, clock or SystemClock(), services or Services())


class RestApp:
    def __init__(self, rows: Sequence[Row], clock: Clock, services: Services | None = None) -> None:
        self.clock, self.services = clock, services or Services()
        self.table = [(re.compile(_pattern(row.path)), row) for row in rows]
        self.document = Document(rows, PREFIX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            error = caller_of(scope).refusal or RouteNotFound("WebSocket", scope["path"])
            response = failure(error, scope["state"]["request_id"])
        else:
            response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        # Who is refused is refused everywhere, before anything is said of what there is.
        if refusal := caller_of(request.scope).refusal:
            return failure(refusal, request.scope["state"]["request_id"])
        path = request.scope["path"].removeprefix(PREFIX)
        matches = self._matches(path)
        # What GET answers, HEAD answers without the body; the server leaves it out.
        method = "GET" if request.method == "HEAD" else request.method
        for match, row in matches:
            if row.method == method:
                request.scope["path_params"] = match.groupdict()
                return await answer(request, row, self.clock, self.services)
        if path == DOCUMENT_PATH:
            return self.document.respond(request) if method == "GET" else _refusal(request, {"GET"})
        return _refusal(request, {row.method for _, row in matches})

    def _matches(self, path: str) -> list[tuple[re.Match[str], Row]]:
        found = [(match, row) for pattern, row in self.table if (match := pattern.fullmatch(path))]
        # A path that is written out is meant before one that would take its last word for an id.
        return [(match, row) for match, row in found if row.path == path] or found


def _refusal(request: Request, methods: Collection[str]) -> Response:
    request_id, path = request.scope["state"]["request_id"], request.scope["path"]
    if not methods:
        return failure(RouteNotFound(request.method, path), request_id)
    allowed = ", ".join(sorted({*methods} | ({"HEAD"} if "GET" in methods else set())))
    response = failure(MethodNotAllowed(request.method, path, allowed), request_id)
    response.headers["Allow"] = allowed
    return response


def _pattern(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
