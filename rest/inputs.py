"""What a verb is called with: names from the path, filters from the query, the input from the body."""

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from starlette.requests import ClientDisconnect, Request

from is0k.resolvers.context import Context
from is0k.rest.row import Row
from is0k.schema.coercion import Flat, is_list, read, read_text
from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault, Verbatim, camel
from is0k.schema.http_errors import InvalidJson, UnknownParameter, UnsupportedMediaType
from is0k.schema.json import parse_object
from is0k.schema.plain import field_names


async def read_arguments(request: Request, row: Row, ctx: Context) -> tuple[dict[str, Any], bytes]:
    """The verb's arguments, and the bytes of the body they were read from."""
    arguments: dict[str, Any] = dict(request.path_params)
    wanted = {name: item for name, item in row.verb.parameters.items() if name not in arguments}
    input = wanted.pop("input", None)
    arguments |= _from_query(request, {name: item.annotation for name, item in wanted.items()})
    if row.method == "GET":
        return arguments, b""
    body = await _bytes(request)
    if input is not None and (body or input.default is inspect.Parameter.empty):
        arguments["input"] = await _input(request, row, ctx, input.annotation, body)
    elif input is None and body:
        _refuse_fields(_object(request, body))
    return arguments, body


def _from_query(request: Request, wanted: Mapping[str, Any]) -> dict[str, Any]:
    _refuse_unknown(request, wanted.values())
    faults = list(_repeated(request, wanted.values()))
    told = {fault.path for fault in faults}
    arguments = {}
    given = {name: request.query_params.getlist(name) for name in request.query_params}
    for name, kind in wanted.items():
        try:
            arguments[name] = read_text(kind, given)
        except ValidationFailed as error:
            faults += [fault for fault in error.faults if fault.path not in told]
    if faults:
        raise ValidationFailed(faults)
    return arguments


def _refuse_unknown(request: Request, kinds: Iterable[Any]) -> None:
    """A misspelt filter must not quietly widen a list."""
    known = {camel(name) for kind in kinds for name in kind.__dataclass_fields__}
    if unknown := sorted(request.query_params.keys() - known):
        allowed = f"known here: {', '.join(sorted(known))}" if known else "this route takes none"
        raise UnknownParameter(f"Unknown query parameter {', '.join(unknown)}; {allowed}")


def _repeated(request: Request, kinds: Iterable[Any]) -> Iterable[Fault]:
    """Of two values for one parameter, nobody can tell which was meant."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    if given.total() == len(given):
        return
    for kind in kinds:
        hints = get_type_hints(kind)
        for field in fields(kind):
            if given[camel(field.name)] > 1 and not is_list(hints[field.name]):
                yield Fault((field.name,), "DUPLICATE", "Stands in the query twice")


async def _input(request: Request, row: Row, ctx: Context, kind: type[Any], body: bytes) -> Any:
    flat = Flat(row.types, row.type_of and await row.type_of(ctx, request.path_params["id"])) if row.types else None
    # A client may write back what it has read: what a write cannot change is passed over.
    ignored = field_names(row.verb.returns) if row.method in ("PUT", "PATCH") else frozenset[str]()
    return read(kind, _object(request, body), flat, ignored)


def _refuse_fields(body: Mapping[str, Any]) -> None:
    """A route that takes nothing takes `{}`; a field that would do nothing is refused like any other unknown one."""
    if body:
        raise ValidationFailed([Fault((Verbatim(name),), "UNKNOWN_FIELD", "Is not a field here") for name in body])


def _object(request: Request, body: bytes) -> Mapping[str, Any]:
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if body and media_type != "application/json":
        raise UnsupportedMediaType(f"Send application/json, not {media_type}")
    try:
        return parse_object(body)
    except ValueError as error:
        raise InvalidJson(str(error)) from None


async def _bytes(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise InvalidJson("The connection ended before the body did") from None
