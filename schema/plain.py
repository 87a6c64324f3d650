"""From a noun to plain JSON, the way REST shows it: camelCase names, words for enums, settings beside the other fields.

The walk over a type is done once and kept as a list of (name, attribute, converter), so that a list of a hundred
monitors costs a hundred short loops.
"""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from strawberry.types.base import get_object_definition

from is0k.schema.faults import camel
from is0k.schema.scalars import SCALARS, rfc3339

Convert = Callable[[Any], Any]

SERIALIZE = {kind: scalar.serialize for kind, scalar in SCALARS.items() if scalar.serialize}


def plain(value: Any) -> Any:
    """JSON-able data for a noun, a list of nouns, or a value of one of their fields."""
    return _converter(type(value))(value)  # type: ignore[arg-type]  # a class is hashable


@cache
def _converter(kind: Any) -> Convert:
    if get_object_definition(kind) is not None:
        return _noun_converter(kind)
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, datetime):
        return rfc3339
    if issubclass(kind, list):
        return lambda items: [plain(item) for item in items]
    return lambda value: value


def _noun_converter(kind: type[Any]) -> Convert:
    fields = [(camel(field.name), field.name, bool(field.metadata.get("flat"))) for field in _shown(kind)]
    scalars = {name: SERIALIZE[hint] for name, hint in get_type_hints(kind).items() if hint in SERIALIZE}

    def convert(noun: Any) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, attribute, is_flat in fields:
            value = getattr(noun, attribute)
            if value is None or type(value) in (str, int, float, bool):
                shown[name] = value
            elif attribute in scalars:
                shown[name] = scalars[attribute](value)
            elif is_flat:
                shown |= plain(value)
            else:
                shown[name] = plain(value)
        return shown

    return convert


def _shown(kind: type[Any]) -> "list[dataclasses.Field[Any]]":
    """The fields that hold data: not what is private, and not what a resolver would have to fetch."""
    definition = get_object_definition(kind, strict=True)
    names = {field.python_name for field in definition.fields if field.base_resolver is None}
    return [field for field in dataclasses.fields(kind) if field.name in names]


def field_names(kind: type[Any]) -> frozenset[str]:
    """The JSON names REST shows of a noun, the flat settings aside; of nouns in a list too: `components.position`."""
    hints, names = get_type_hints(kind), set[str]()
    for field in _shown(kind):
        if field.metadata.get("flat"):
            continue
        names.add(camel(field.name))
        for item in get_args(hints[field.name]) if get_origin(hints[field.name]) is list else ():
            if get_object_definition(item) is not None:
                names |= {f"{camel(field.name)}.{name}" for name in field_names(item)}
    return frozenset(names)
