"""graphql-core's executor, with a short way for the fields that only show an attribute of their noun.

Most of a list's time goes there: for each such field graphql-core builds the whole of what a resolver could ask for.
The short way gives up on any surprise (a value that cannot be shown, a null where there must be none): then the
selection is executed again by graphql-core, which knows how to tell of it. Reading an attribute twice does no harm.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLOutputType, Undefined, is_leaf_type, is_list_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter

Show = Callable[[Any], Any]


# What these would make of a value that is of the type already.
AS_IT_IS = {"String": str, "ID": str, "Boolean": bool}


class Surprise(Exception):
    """Not for the short way."""


class Leaf(NamedTuple):
    """How a field comes from its noun, and from there into the answer."""

    get: Show
    show: Show


class Plan(NamedTuple):
    selection: Mapping[str, Any]  # kept, so that no other is ever at its address
    leaves: list[tuple[str, Show, Show]]
    rest: dict[str, Any]


class Executor(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._plans: dict[int, Plan] = {}
        # An extension that wraps resolvers wants to see every field.
        self._is_watched = bool(self.middleware_manager and self.middleware_manager.middlewares)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        plan = self._plans.get(id(grouped_field_set)) or self._plan(parent_type, grouped_field_set)
        try:
            shown = {name: show(get(source_value)) for name, get, show in plan.leaves}
        except Exception:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if not plan.rest:
            return shown
        others: Any = super().execute_fields(parent_type, source_value, path, plan.rest, position_context)
        if not shown:
            return others
        return _later(plan, shown, others) if self.is_awaitable(others) else _merged(plan, shown, others)

    def _plan(self, parent_type: GraphQLObjectType, selection: Mapping[str, Any]) -> Plan:
        plan = Plan(selection, [], {})
        for name, details in selection.items():
            leaf = None if self._is_watched else _leaf(parent_type, details[0].node.name.value)
            if leaf:
                plan.leaves.append((name, *leaf))
            else:
                plan.rest[name] = details
        self._plans[id(selection)] = plan
        return plan


def _merged(plan: Plan, shown: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """In the order of the query."""
    both = shown | others
    return {name: both[name] for name in plan.selection if name in both}


async def _later(plan: Plan, shown: dict[str, Any], others: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _merged(plan, shown, await others)


@lru_cache(maxsize=4096)
def _leaf(parent: GraphQLObjectType, name: str) -> Leaf | None:
    if name == "__typename":
        return Leaf(lambda noun: parent.name, lambda value: value)
    field = parent.fields.get(name)
    if field is None or field.args or not getattr(field.resolve, "_is_default", False):
        return None
    definition = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    show = _show(field.type)
    return Leaf(attrgetter(definition.python_name), show) if show and definition.default_resolver is getattr else None


def _show(kind: GraphQLOutputType) -> Show | None:
    if not isinstance(kind, GraphQLNonNull):
        show = _show(GraphQLNonNull(kind))
        return show and (lambda value: None if value is None else show(value))
    if is_leaf_type(kind.of_type):
        return _certain(kind.of_type.coerce_output_value, AS_IT_IS.get(kind.of_type.name))
    if is_list_type(kind.of_type) and (item := _show(kind.of_type.of_type)):
        return lambda values: [item(value) for value in _list(values)]
    return None


def _certain(coerce: Show, as_it_is: type | None) -> Show:
    def show(value: Any) -> Any:
        if type(value) is as_it_is:
            return value
        shown = coerce(value)
        if shown is None or shown is Undefined:
            raise Surprise
        return shown

    return show


def _list(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise Surprise
    return values
