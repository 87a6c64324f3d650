"""Where jobs call us: `/ping/{token}`, as Healthchecks has it, and `/api/push/{token}`, as Uptime Kuma has it.

No key and no limit of the API is asked for: who knows the URL may call it, from a page of any origin too.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from is0k.resolvers.pings import LARGEST_BODY_BYTES, PingDesk, new_ping
from is0k.resolvers.windows import Allowance
from is0k.schema.clock import Clock
from is0k.schema.enums import PingKind
from is0k.schema.http_errors import PayloadTooLarge
from is0k.settings import Network
from is0k.web.client_address import client_address

METHODS = ["GET", "POST", "OPTIONS"]  # and HEAD, which goes with GET
HEADERS = {
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "*",
}
NO_HEADERS: Mapping[str, str] = {}
NOBODY = "No monitor has this URL"
WORDS = {"start": PingKind.START, "fail": PingKind.FAIL, "log": PingKind.LOG}
LARGEST_EXIT_CODE = 255
LONGEST_RUN_MS = 2**53


class PingView:
    """Both forms of the URL; `desk` takes what they say."""

    def __init__(self, desk: PingDesk, clock: Clock, proxies: Sequence[Network]) -> None:
        self.desk, self.clock, self.proxies = desk, clock, proxies

    async def ping(self, request: Request) -> Response:
        """Answers in plain text."""
        if request.method == "OPTIONS":
            return _preflight()
        said = said_by(request.path_params.get("word"))
        if said is None:
            return _text(
                HTTPStatus.BAD_REQUEST, "Behind the token may stand start, fail, log, or an exit code up to 255"
            )
        kind, exit_code = said
        allowance = await self._take(request, kind, await _body(request), exit_code=exit_code)
        if allowance is None:
            return _text(HTTPStatus.NOT_FOUND, NOBODY)
        if not allowance.is_accepted:
            return _text(HTTPStatus.TOO_MANY_REQUESTS, too_many(allowance), _retry_after(allowance))
        return _text(HTTPStatus.OK, "OK")

    async def push(self, request: Request) -> Response:
        """Answers in the JSON that scripts written for Uptime Kuma look into."""
        if request.method == "OPTIONS":
            return _preflight()
        query = request.query_params
        kind = PingKind.SUCCESS if query.get("status", "up") == "up" else PingKind.FAIL
        message = query.get("msg", "").encode(errors="replace")[:LARGEST_BODY_BYTES]
        allowance = await self._take(request, kind, message, run_ms=_milliseconds(query.get("ping", "")))
        if allowance is None:
            return _json(HTTPStatus.NOT_FOUND, {"ok": False, "msg": NOBODY})
        if not allowance.is_accepted:
            refusal = {"ok": False, "msg": too_many(allowance)}
            return _json(HTTPStatus.TOO_MANY_REQUESTS, refusal, _retry_after(allowance))
        return _json(HTTPStatus.OK, {"ok": True})

    async def _take(
        self,
        request: Request,
        kind: PingKind,
        body: bytes,
        exit_code: int | None = None,
        run_ms: int | None = None,
    ) -> Allowance | None:
        address = client_address(request.scope, self.proxies)
        ping = new_ping(
            self.clock,
            kind,
            exit_code=exit_code,
            run_ms=run_ms,
            method=request.method,
            source=str(address) if address else None,
            user_agent=request.headers.get("user-agent"),
            body=body,
        )
        return await self.desk.take(request.path_params["token"], ping)


def ping_routes(desk: PingDesk, clock: Clock, proxies: Sequence[Network]) -> list[Route]:
    view = PingView(desk, clock, proxies)
    return [
        Route("/ping/{token}", view.ping, methods=METHODS),
        Route("/ping/{token}/{word}", view.ping, methods=METHODS),
        Route("/api/push/{token}", view.push, methods=METHODS),
    ]


def said_by(word: str | None) -> tuple[PingKind, int | None] | None:
    """What stands behind the token; None for what nobody understands."""
    if word is None:
        return PingKind.SUCCESS, None
    if kind := WORDS.get(word):
        return kind, None
    if not (word.isascii() and word.isdecimal() and len(word) <= 3 and int(word) <= LARGEST_EXIT_CODE):
        return None
    return (PingKind.FAIL, int(word)) if int(word) else (PingKind.SUCCESS, 0)


async def _body(request: Request) -> bytes:
    """The beginning. Of one that is too large, or breaks off, what came until then: the call counts all the same."""
    body = b""
    try:
        async for part in request.stream():
            body += part[: LARGEST_BODY_BYTES - len(body)]
    except (PayloadTooLarge, ClientDisconnect):
        return body
    return body


def _milliseconds(text: str) -> int | None:
    try:
        return round(value) if 0 <= (value := float(text)) <= LONGEST_RUN_MS else None
    except ValueError:
        return None


def too_many(allowance: Allowance) -> str:
    return f"Heard, but no more than {allowance.limit} calls a minute are kept"


def _retry_after(allowance: Allowance) -> dict[str, str]:
    return {"Retry-After": str(allowance.resets_in_seconds)}


def _preflight() -> Response:
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=HEADERS)


def _text(status: HTTPStatus, text: str, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    return PlainTextResponse(text, status, {**HEADERS, **headers})


def _json(status: HTTPStatus, body: dict[str, object], headers: Mapping[str, str] = NO_HEADERS) -> Response:
    return Response(orjson.dumps(body), status, {**HEADERS, **headers}, "application/json")
