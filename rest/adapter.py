"""From an HTTP request to a verb and back. Knows no noun: what differs stands in the rows of the route table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlencode

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry import ID

from is0k.resolvers.admission import caller_of
from is0k.resolvers.context import Context, Services
from is0k.resolvers.operation import Operation
from is0k.rest.envelope import failure, success
from is0k.schema.clock import Clock
from is0k.schema.coercion import Flat, flattened, read, read_text
from is0k.schema.errors import DomainError, InternalError, ValidationFailed
from is0k.schema.faults import Fault, camel
from is0k.schema.http_errors import InvalidJson, UnknownParameter, UnsupportedMediaType
from is0k.schema.page import Page
from is0k.schema.plain import field_names, plain

log = structlog.get_logger("is0k.rest")


@dataclass(frozen=True, slots=True)
class Row:
    """One route. The verb's arguments come from the path by name, `input` from the body, the rest from the query."""

    method: str
    path: str
    verb: Operation[..., Any]
    status: int = 200
    types: type[Enum] | None = None  # the body holds the settings of one of these types beside the common fields
    type_of: Callable[[Context, ID], Awaitable[Enum]] | None = None  # the type, where the body need not tell


async def answer(request: Request, row: Row, clock: Clock, services: Services) -> Response:
    """Run the row's verb. Every fault ends in the envelope."""
    request_id = request.scope["state"]["request_id"]
    try:
        ctx = Context(caller_of(request.scope).actor, clock, request_id, services)
        ctx.require(row.verb.scope)
        result = await row.verb(ctx, **await _arguments(request, row, ctx))
        return await _shown(request, row, result)
    except ValidationFailed as error:
        return failure(flattened(error) if row.types else error, request_id)
    except DomainError as error:
        return failure(error, request_id)
    except Exception:
        log.exception("request failed", method=row.method, path=row.path)
        return failure(InternalError(), request_id)


async def _arguments(request: Request, row: Row, ctx: Context) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(request.path_params)
    wanted = {name: item.annotation for name, item in row.verb.parameters.items() if name not in arguments}
    input_kind = wanted.pop("input", None)
    _refuse_unknown(request, wanted)
    faults: list[Fault] = []
    for name, kind in wanted.items():
        try:
            arguments[name] = read_text(kind, request.query_params)
        except ValidationFailed as error:
            faults += error.faults
    if faults:
        raise ValidationFailed(faults)
    if input_kind:
        arguments["input"] = await _input(request, row, ctx, input_kind)
    return arguments


def _refuse_unknown(request: Request, wanted: Mapping[str, Any]) -> None:
    """A misspelt filter must not quietly widen a list."""
    known = {camel(name) for kind in wanted.values() for name in kind.__dataclass_fields__}
    if unknown := sorted(request.query_params.keys() - known):
        allowed = f"known here: {', '.join(sorted(known))}" if known else "this route takes none"
        raise UnknownParameter(f"Unknown query parameter {', '.join(unknown)}; {allowed}")


async def _input(request: Request, row: Row, ctx: Context, kind: type[Any]) -> Any:
    flat = Flat(row.types, row.type_of and await row.type_of(ctx, request.path_params["id"])) if row.types else None
    body = await _body(request)
    # A client may write back what it has read: what a write cannot change is passed over.
    ignored = field_names(row.verb.returns) if row.method in ("PUT", "PATCH") else frozenset[str]()
    return read(kind, body, flat, ignored)


async def _body(request: Request) -> Mapping[str, Any]:
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(f"Send application/json, not {media_type}")
    try:
        body = orjson.loads(await _bytes(request))
    except orjson.JSONDecodeError as error:
        raise InvalidJson(f"The body is not JSON: {error}") from None
    if not isinstance(body, Mapping):
        raise InvalidJson("The body must be a JSON object")
    return body


async def _bytes(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise InvalidJson("The connection ended before the body did") from None


async def _shown(request: Request, row: Row, result: Any) -> Response:
    # Relative addresses: what a client sends as Host must not come back as one to follow.
    path = request.scope["path"]
    if not isinstance(result, Page):
        headers = {"Location": _location(path, result.id)} if row.status == 201 else None
        return success(plain(result), row.status, headers)
    headers = {}
    if cursor := result.next_cursor:
        address = f"{path}?{urlencode({**request.query_params, 'cursor': cursor})}"
        headers = {"Link": f'<{address}>; rel="next"', "X-Next-Cursor": cursor}
    if request.query_params.get("count") == "true":
        headers["X-Total-Count"] = str(await result.count_all())
    return success(plain(list(result.items)), row.status, headers)


def _location(path: str, id: str) -> str:
    """Where to read what was made; what was added to a noun is read as a part of it."""
    before, own, _ = path.partition(f"/{id}")
    return f"{before}/{id}" if own else f"{path}/{id}"
