"""The table as an ASGI app. Nothing but the envelope ever comes out of it, for unknown paths and methods too."""

import re
from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from is0k.resolvers.admission import caller_of
from is0k.resolvers.context import Services
from is0k.rest import alert_channels, incidents, maintenance_windows, me, monitors, regions, status_pages
from is0k.rest.adapter import Row, answer
from is0k.rest.envelope import failure
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
    *me.ROWS,
]


def rest_app(clock: Clock | None = None, services: Services | None = None) -> ASGIApp:
    return RestApp(ROWS, clock or SystemClock(), services or Services())


class RestApp:
    def __init__(self, rows: Iterable[Row], clock: Clock, services: Services | None = None) -> None:
        self.clock, self.services = clock, services or Services()
        self.table = [(re.compile(_pattern(row.path)), row) for row in rows]

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
        matches = [(match, row) for pattern, row in self.table if (match := pattern.fullmatch(path))]
        # What GET answers, HEAD answers without the body; the server leaves it out.
        method = "GET" if request.method == "HEAD" else request.method
        for match, row in matches:
            if row.method == method:
                request.scope["path_params"] = match.groupdict()
                return await answer(request, row, self.clock, self.services)
        return _refusal(request, [row for _, row in matches])


def _refusal(request: Request, others: Sequence[Row]) -> Response:
    request_id, path = request.scope["state"]["request_id"], request.scope["path"]
    if not others:
        return failure(RouteNotFound(request.method, path), request_id)
    methods = {row.method for row in others}
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    response = failure(MethodNotAllowed(request.method, path, allowed), request_id)
    response.headers["Allow"] = allowed
    return response


def _pattern(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
