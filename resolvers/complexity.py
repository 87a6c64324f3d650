"""How much a GraphQL document asks for, found in one walk before it is validated or run.

Fragments count wherever they are spread, but are walked once: what makes a document large in few words is told in
small time. The limits are those of `LIMITS`; the answer to a query that breaks one names it.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from is0k.schema.graphql_errors import QueryTooComplex

LIMITS: Final[Mapping[str, int]] = {
    "characters": 100_000,
    "tokens": 2_000,
    "comments": 1_000,
    "digits": 300,
    "operations": 20,
    "fragments": 50,
    "depth": 12,
    "fields": 1_000,
    "aliases": 30,
    "directives": 50,
    "directivesAtOnePlace": 5,
    "repetitions": 5_000,
    "cost": 50_000,
}

# What multiplies the fields below it.
SIZES = ("first", "days", "buckets")
# A list that is read whole counts as if it had this many items.
ITEMS = 10
# Of these no noun has more than a bounded number, branches of branches included: their roots count for all.
TREES = frozenset(["Assertion"])
# Introspection counts as if the schema had so many types; how deep it goes graphql-core limits by a rule of its own.
TYPES = 50
# More would reach the recursion limit of Python sooner than any of our documents.
NESTING = 50


# How many items a list has: a number, or the name of a variable and what holds when it is not given.
Size: TypeAlias = int | tuple[str, int]


class Cost(NamedTuple):
    """Points of what is asked for: one for each field, times the sizes of the lists it is in."""

    fixed: int = 0
    varying: tuple[tuple[str, int, "Cost"], ...] = ()  # variable, default, and the cost of one item

    def points(self, variables: Mapping[str, Any]) -> int:
        total = self.fixed
        for name, default, item in self.varying:
            given = variables.get(name)
            total += max(1, given if type(given) is int else default) * item.points(variables)
        return total

    def plus(self, other: "Cost") -> "Cost":
        return Cost(self.fixed + other.fixed, self.varying + other.varying)

    def times(self, size: Size) -> "Cost":
        if isinstance(size, tuple):
            return Cost(0, ((*size, self),))
        size = max(1, size)
        return Cost(self.fixed * size, tuple((name, default, item.times(size)) for name, default, item in self.varying))

    def with_defaults(self, defaults: Mapping[str, int]) -> "Cost":
        return Cost(
            self.fixed,
            tuple((name, defaults.get(name, size), item.with_defaults(defaults)) for name, size, item in self.varying),
        )


class Extent(NamedTuple):
    """What a part of a document comes to, its fragments included."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    cost: Cost = Cost()

    def beside(self, other: "Extent") -> "Extent":
        return Extent(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.cost.plus(other.cost),
        )


class Shape(NamedTuple):
    """What the walk needs to know of a field of the schema."""

    below: GraphQLNamedType | None
    is_list: bool
    sizes: tuple[tuple[str, int], ...]  # arguments that multiply, with their defaults


def refuse_above(limit: str, found: int) -> None:
    if found > LIMITS[limit]:
        raise QueryTooComplex(limit, found, LIMITS[limit])


def costs_of(schema: GraphQLSchema, document: DocumentNode) -> dict[str | None, Cost]:
    """The cost of each operation, by its name. Raises QueryTooComplex. The document need not be valid."""
    walk = Walk(schema, document)
    refuse_above("fragments", len(walk.fragments))
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    refuse_above("operations", len(operations))
    costs: dict[str | None, Cost] = {}
    for node in operations:
        walk.look_at(node.directives)
        extent = walk.selections(node.selection_set, schema.get_root_type(node.operation), None)
        costs[node.name.value if node.name else None] = extent.cost.with_defaults(_defaults(node))
    # graphql-core compares all fields that would answer under one name in pairs.
    refuse_above("repetitions", sum(count * (count - 1) // 2 for count in walk.names.values()))
    return costs


def _defaults(operation: OperationDefinitionNode) -> dict[str, int]:
    given = {node.variable.name.value: node.default_value for node in operation.variable_definitions or ()}
    return {name: int(value.value) for name, value in given.items() if isinstance(value, IntValueNode)}


class Walk:
    """Counts on the way; what belongs to a part of the document is returned."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.schema = schema
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.walked: dict[tuple[str, Size | None], Extent] = {}
        self.names: Counter[str] = Counter()
        self.directives = self.nesting = 0

    def selections(self, node: SelectionSetNode, parent: GraphQLNamedType | None, size: Size | None) -> Extent:
        self.nesting += 1
        if self.nesting > NESTING:
            raise QueryTooComplex("depth", self.nesting, LIMITS["depth"])
        total = Extent()
        for selection in node.selections:
            self.look_at(selection.directives)
            total = total.beside(self.selection(selection, parent, size))
        self.nesting -= 1
        # At once, and not at the end: fragments of fragments grow by powers.
        for limit in ("depth", "fields", "aliases"):
            refuse_above(limit, getattr(total, limit))
        return total

    def look_at(self, directives: Collection[DirectiveNode] | None) -> None:
        if not directives:
            return
        self.directives += len(directives)
        refuse_above("directivesAtOnePlace", len(directives))
        refuse_above("directives", self.directives)

    def selection(self, node: SelectionNode, parent: GraphQLNamedType | None, size: Size | None) -> Extent:
        if isinstance(node, FieldNode):
            return self.field(node, parent, size)
        if isinstance(node, InlineFragmentNode):
            narrowed = self.schema.get_type(node.type_condition.name.value) if node.type_condition else parent
            return self.selections(node.selection_set, narrowed, size)
        assert isinstance(node, FragmentSpreadNode)
        return self.spread(node.name.value, size)

    def spread(self, name: str, size: Size | None) -> Extent:
        fragment = self.fragments.get(name)
        if fragment is None:
            return Extent()
        if (name, size) not in self.walked:
            # Inside of itself it counts as nothing; validation refuses the circle.
            self.walked[name, size] = Extent()
            self.look_at(fragment.directives)
            on = self.schema.get_type(fragment.type_condition.name.value)
            found = self.selections(fragment.selection_set, on, size)
            self.walked[name, size] = found._replace(fields=found.fields + 1)
        return self.walked[name, size]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None, size: Size | None) -> Extent:
        name = node.name.value
        self.names[node.alias.value if node.alias else name] += 1
        is_alias = int(node.alias is not None)
        if node.selection_set is None:
            return Extent(1, 1, is_alias, Cost(1))
        shape = _shape(_definition(self.schema, parent, name))
        own = next((_given(node, argument, default) for argument, default in shape.sizes), None)
        below = self.selections(node.selection_set, shape.below, own)
        cost = below.cost
        if shape.is_list and not _is_introspection(shape.below) and not _is_branch(shape.below, parent):
            cost = cost.times(next((given for given in (own, size) if given is not None), ITEMS))
        if name == "__schema":
            cost = cost.times(TYPES)
        depth = 0 if _is_introspection(parent) else below.depth + 1
        return Extent(depth, below.fields + 1, below.aliases + is_alias, cost.plus(Cost(1)))


def _given(node: FieldNode, argument: str, default: int) -> Size:
    value = next((item.value for item in node.arguments or () if item.name.value == argument), None)
    if isinstance(value, VariableNode):
        return value.name.value, default
    # What is no number is refused by the validation, which can say why.
    return int(value.value) if isinstance(value, IntValueNode) else default


def _is_introspection(type: GraphQLNamedType | None) -> bool:
    return type is not None and type.name.startswith("__")


def _is_branch(type: GraphQLNamedType | None, parent: GraphQLNamedType | None) -> bool:
    return type is not None and type is parent and type.name in TREES


def _shape(field: GraphQLField | None) -> Shape:
    if field is None:
        return Shape(None, False, ())
    below = get_named_type(field.type)
    is_list = is_list_type(get_nullable_type(field.type))
    return Shape(below, is_list, tuple((name, _default(field.args[name])) for name in SIZES if name in field.args))


def _default(argument: GraphQLArgument) -> int:
    return argument.default_value if isinstance(argument.default_value, int) else 1


def _definition(schema: GraphQLSchema, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        return None
    return schema.get_field(parent, name)
