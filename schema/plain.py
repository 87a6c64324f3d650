"""From a noun to plain JSON, the way REST shows it: camelCase names, words for enums, settings behind the other fields.

The walk over a type is done once. What is kept is a getter for each field, and a converter for each value that JSON
does not take as it is.
"""

import dataclasses
from collections.abc import Callable
from enum import Enum
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from strawberry.types.base import get_object_definition

from is0k.schema.faults import camel
from is0k.schema.scalars import SCALARS

Convert = Callable[[Any], Any]

SERIALIZE = {kind: scalar.serialize for kind, scalar in SCALARS.items() if scalar.serialize}


def plain(value: Any) -> Any:
    """JSON-able data for a noun, a list of nouns, or a value of one of their fields."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    convert = _converter(type(value))  # type: ignore[arg-type]  # a class is hashable
    return convert(value) if convert else value


@cache
def _converter(hint: Any) -> Convert | None:
    """By the type a field is declared with; None where JSON takes the value as it is."""
    hint = _without_none(hint)
    if hint in SERIALIZE:
        return SERIALIZE[hint]
    if get_origin(hint) is list:
        convert = _converter(get_args(hint)[0])
        return convert and (lambda items: [convert(item) for item in items])
    kind = getattr(hint, "__supertype__", hint)
    if not isinstance(kind, type):
        return plain  # a union: its members differ
    if get_object_definition(kind) is not None:
        return _noun_converter(kind)
    return attrgetter("value") if issubclass(kind, Enum) else None


def _without_none(hint: Any) -> Any:
    parts = [part for part in get_args(hint) if part is not type(None)]
    return parts[0] if get_origin(hint) in (Union, UnionType) and len(parts) == 1 else hint


def _branch(hint: Any, kind: type[Any]) -> Convert | None:
    """Of a tree: how its branches are shown is known only when it is known how it is shown itself."""
    inner = _without_none(hint)
    return plain if inner is kind or kind in get_args(inner) else None


def _is_tree(kind: type[Any]) -> bool:
    return any(_branch(hint, kind) for hint in get_type_hints(kind).values())


def _noun_converter(kind: type[Any]) -> Convert:
    hints, shown = get_type_hints(kind), shown_fields(kind)
    getters = [(camel(field.name), attrgetter(field.name)) for field in shown if not field.metadata.get("flat")]
    flat = [attrgetter(field.name) for field in shown if field.metadata.get("flat")]
    converters = [
        (camel(field.name), converter)
        for field in shown
        if not field.metadata.get("flat")
        and (converter := _branch(hints[field.name], kind) or _converter(hints[field.name]))
    ]

    def convert(noun: Any) -> dict[str, Any]:
        result = {name: get(noun) for name, get in getters}
        for name, converter in converters:
            if (value := result[name]) is not None:
                result[name] = converter(value)
        for get in flat:
            result |= plain(get(noun))
        return result

    return convert


def shown_fields(kind: type[Any]) -> "list[dataclasses.Field[Any]]":
    """The fields that hold data: not what is private, and not what a resolver would have to fetch."""
    definition = get_object_definition(kind, strict=True)
    names = {field.python_name for field in definition.fields if field.base_resolver is None}
    return [field for field in dataclasses.fields(kind) if field.name in names]


def field_names(kind: type[Any]) -> frozenset[str]:
    """The JSON names REST shows of a noun, of its flat settings only those nobody can write; of nouns in a list too:
    `components.position`.

    Trees are left out: their names would have no end, and they are written as they are read.
    """
    hints, names = get_type_hints(kind), set[str]()
    for field in shown_fields(kind):
        if field.metadata.get("flat"):
            names |= {camel(own.name) for kind in get_args(hints[field.name]) for own in _read_only_fields(kind)}
            continue
        names.add(camel(field.name))
        for item in get_args(hints[field.name]) if get_origin(hints[field.name]) is list else ():
            if get_object_definition(item) is not None and not _is_tree(item):
                names |= {f"{camel(field.name)}.{name}" for name in field_names(item)}
    return frozenset(names)


def _read_only_fields(kind: type[Any]) -> "list[dataclasses.Field[Any]]":
    return [field for field in shown_fields(kind) if field.metadata.get("read_only")]
