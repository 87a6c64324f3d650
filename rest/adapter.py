"""From an HTTP request to a verb and back. Knows no noun: what differs stands in the rows of the route table."""

from typing import Any
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import Response

from is0k.resolvers.admission import caller_of
from is0k.resolvers.context import Context, Services
from is0k.rest.conditional import if_match, tag, unless_known
from is0k.rest.envelope import failure, success
from is0k.rest.idempotent import idempotency_key, only_once
from is0k.rest.inputs import read_arguments
from is0k.rest.row import Row
from is0k.schema.clock import Clock
from is0k.schema.coercion import flattened
from is0k.schema.errors import DomainError, InternalError, ValidationFailed
from is0k.schema.page import Page
from is0k.schema.plain import plain

log = structlog.get_logger("is0k.rest")


async def answer(request: Request, row: Row, clock: Clock, services: Services) -> Response:
    """Run the row's verb. Every fault ends in the envelope."""
    request_id = request.scope["state"]["request_id"]
    try:
        ctx = Context(caller_of(request.scope).actor, clock, request_id, services)
        ctx.require(row.verb.scope)
        return await _respond(request, row, ctx)
    except ValidationFailed as error:
        return failure(flattened(error) if row.types else error, request_id)
    except DomainError as error:
        return failure(error, request_id)
    except Exception:
        log.exception("request failed", method=row.method, path=row.path)
        return failure(InternalError(), request_id)


async def _respond(request: Request, row: Row, ctx: Context) -> Response:
    key = idempotency_key(request) if row.method == "POST" else None
    ctx.if_match = if_match(request) if row.is_edit else None
    arguments, body = await read_arguments(request, row, ctx)

    async def run() -> Response:
        return await _shown(request, row, await row.verb(ctx, **arguments), arguments)

    return await only_once(request, ctx, key, body, run) if key else await run()


async def _shown(request: Request, row: Row, result: Any, arguments: dict[str, Any]) -> Response:
    if isinstance(result, Page):
        return await _page(request, result, arguments["page"].count)
    if row.status == 201:
        # A relative address: what a client sends as Host must not come back as one to follow.
        return success(plain(result), 201, {"Location": _location(request.scope["path"], result.id)})
    response = success(plain(result), row.status)
    if row.method != "GET" or isinstance(result, list):
        return response
    return unless_known(request, tag(response, result))


async def _page(request: Request, page: Page[Any], is_counted: bool) -> Response:
    headers = {}
    if cursor := page.next_cursor:
        rest = [(name, text) for name, text in request.query_params.multi_items() if name != "cursor"]
        address = f"{request.scope['path']}?{urlencode([*rest, ('cursor', cursor)])}"
        headers = {"Link": f'<{address}>; rel="next"', "X-Next-Cursor": cursor}
    if is_counted:
        headers["X-Total-Count"] = str(await page.count_all())
    return success(plain(list(page.items)), 200, headers)


def _location(path: str, id: str) -> str:
    """Where to read what was made; what was added to a noun is read as a part of it."""
    before, own, _ = path.partition(f"/{id}")
    return f"{before}/{id}" if own else f"{path}/{id}"
