"""Calls made up from schema.graphql: each operation, with a value for every argument it needs or that is an id."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from is0k.resolvers.export import FILE

SCHEMA: GraphQLSchema = build_schema(FILE.read_text())
# Arguments that only a certain text or number fits; by name, `*` for all others of the type.
VALUES: dict[str, dict[str, Any]] = {
    "String": {
        "url": "https://shop.example",
        "address": "ops@shop.example",
        "startsAt": "2026-11-25T00:00:00Z",
        "slug": "our-shop",
        "*": "Shop",
    },
    "Int": {"*": 60},
    "Float": {"*": 10},
    "Boolean": {"*": False},
    "DateTime": {"endsAt": "2026-11-25T01:00:00Z", "*": "2026-11-25T00:00:00Z"},
}
# The noun an id argument means, by its name; `id` itself means that of the operation.
NOUNS = {
    "monitorId": "mon",
    "alertChannelId": "chn",
    "channelId": "chn",
    "statusPageId": "pag",
    "incidentId": "inc",
    "deliveryId": "dlv",
}
OPERATIONS = {
    "Monitor": "mon",
    "Channel": "chn",
    "Page": "pag",
    "Incident": "inc",
    "Window": "mnt",
    "Delivery": "dlv",
    "Key": "key",
}


@dataclass(frozen=True)
class Slot:
    """A place in the variables where an id stands, and the prefix of its noun."""

    path: tuple[str | int, ...]
    prefix: str


@dataclass(frozen=True)
class Call:
    """An operation with variables; `with_id` puts an id into one of its slots."""

    kind: str  # query, mutation, subscription
    name: str
    document: str
    variables: dict[str, Any]
    slots: tuple[Slot, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def calls(kind: str) -> Iterator[Call]:
    root = {"query": SCHEMA.query_type, "mutation": SCHEMA.mutation_type, "subscription": SCHEMA.subscription_type}[
        kind
    ]
    for name, field in (root.fields if root else {}).items():
        variables: dict[str, Any] = {}
        slots: list[Slot] = []
        for argument_name, argument in field.args.items():
            if is_required_argument(argument) or holds_id(argument.type):
                variables[argument_name] = value(argument.type, argument_name, name, (argument_name,), slots)
        yield Call(kind, name, document(kind, name, field, variables), variables, tuple(slots))


def document(kind: str, name: str, field: GraphQLField, variables: dict[str, Any]) -> str:
    head = ", ".join(f"${variable}: {field.args[variable].type}" for variable in variables)
    given = ", ".join(f"{variable}: ${variable}" for variable in variables)
    arguments = (f" ({head})", f"({given})") if variables else ("", "")
    return f"{kind}{arguments[0]} {{ {name}{arguments[1]} {selection(field.type)} }}"


def selection(kind: Any, depth: int = 3) -> str:
    """What can be seen of a type: all its fields without required arguments, a few levels deep."""
    named: Any = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    if hasattr(named, "types"):
        return "{ __typename }"
    shown = []
    for name, field in named.fields.items():
        inner: Any = get_named_type(field.type)
        if is_leaf_type(inner):
            shown.append(name)
        elif depth and not any(is_required_argument(argument) for argument in field.args.values()):
            shown.append(f"{name} {selection(inner, depth - 1)}")
    return "{ __typename " + " ".join(shown) + " }"


def holds_id(kind: Any, seen: frozenset[str] = frozenset()) -> bool:
    named: Any = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType) and named.name not in seen:
        return any(holds_id(field.type, seen | {named.name}) for field in named.fields.values())
    return str(named) == "ID"


def value(kind: Any, name: str, operation: str, path: tuple[str | int, ...], slots: list[Slot]) -> Any:
    if isinstance(kind, GraphQLNonNull):
        return value(kind.of_type, name, operation, path, slots)
    if isinstance(kind, GraphQLList):
        return [value(kind.of_type, name.removesuffix("s"), operation, (*path, 0), slots)]
    if isinstance(kind, GraphQLInputObjectType):
        fields = list(kind.fields.items())
        needed = [pair for pair in fields if is_required_input_field(pair[1]) or holds_id(pair[1].type)]
        wanted = fields[:1] if kind.is_one_of else needed
        return {key: value(field.type, key, operation, (*path, key), slots) for key, field in wanted}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if str(kind) == "ID":
        is_of_component = name == "id" and "components" in path
        slots.append(Slot(path, "cmp" if is_of_component else NOUNS.get(name) or noun_of(operation)))
        return None
    return VALUES.get(str(kind), {"*": {}}).get(name, VALUES.get(str(kind), {"*": {}})["*"])


def noun_of(operation: str) -> str:
    words = [word for word in OPERATIONS if word.lower() in operation.lower()]
    # `testAlertChannel` is about a channel; `createIncidentUpdate` about an incident.
    return OPERATIONS[words[-1]] if words else "mon"
