"""What a document is said to cost, and which is refused for what. The schema here is small and does not change."""

import pytest
import strawberry
from graphql import get_introspection_query, parse

from is0k.resolvers.complexity import LIMITS, Cost, costs_of
from is0k.schema.graphql_errors import QueryTooComplex
from is0k.schema.page import Connection


@strawberry.type
class Bar:
    day: str
    status: str


@strawberry.type
class Stats:
    uptime: float
    series: list[Bar]


@strawberry.type
class Shop:
    name: str

    @strawberry.field
    def bars(self, days: int = 90) -> list[Bar]:
        raise NotImplementedError

    @strawberry.field
    def stats(self, buckets: int | None = None) -> Stats:
        raise NotImplementedError

    @strawberry.field
    def sisters(self) -> "list[Shop]":
        raise NotImplementedError


@strawberry.type
class Query:
    shop: Shop
    keys: list[Shop]

    @strawberry.field
    def shops(self, first: int = 50) -> Connection[Shop]:
        raise NotImplementedError


@strawberry.type
class Mutation:
    open: Shop


SCHEMA = strawberry.Schema(Query, Mutation)._schema


def cost(document: str, **variables: object) -> int:
    [found] = costs_of(SCHEMA, parse(document)).values()
    return found.points(variables)


def refusal(document: str) -> tuple[object, object]:
    with pytest.raises(QueryTooComplex) as caught:
        costs_of(SCHEMA, parse(document))
    return caught.value.extensions["limit"], caught.value.extensions["found"]


def nested(depth: int) -> str:
    return "{ shop { " + "sisters { " * (depth - 2) + "name" + " }" * depth


@pytest.mark.parametrize(
    ("document", "points"),
    [
        ("{ shop { name } }", 2),
        ("{ shops { totalCount } }", 2),  # what is not in the list is there once
        ("{ shops { edges { node { name } } } }", 1 + 1 + 50 * 2),
        ("{ shops(first: 3) { totalCount edges { node { name } } } }", 1 + 1 + 1 + 3 * 2),
        ("{ shops(first: 3) { edges { node { bars { day status } } } } }", 2 + 3 * (1 + 1 + 90 * 2)),
        ("{ shop { bars(days: 7) { day } } }", 1 + 1 + 7),
        ("{ shop { stats(buckets: 4) { uptime series { day } } } }", 2 + 1 + 1 + 4),
        ("{ keys { name } }", 1 + 10),  # a list without a size
        ("{ shop { ...on Shop { name } ...F } } fragment F on Shop { bars(days: 2) { day } }", 1 + 1 + 1 + 2),
        ("{ shops(first: 0) { edges { node { name } } } }", 2 + 2),
        ("{ shops(first: -9) { edges { node { name } } } }", 2 + 2),
        ("{ shops(first: 1.5) { edges { node { name } } } }", 2 + 50 * 2),
        ("{ nothing { of { this } } }", 3),
        ("mutation { open { name } }", 2),
    ],
)
def test_each_field_costs_a_point_times_the_lists_it_is_in(document: str, points: int) -> None:
    assert cost(document) == points


PAGE = "query ($first: Int, $days: Int = 7) { shops(first: $first) { edges { node { bars(days: $days) { day } } } } }"


@pytest.mark.parametrize(
    ("variables", "shops", "days"),
    [
        ({"first": 3, "days": 2}, 3, 2),
        ({"first": 3}, 3, 7),  # the default of the variable
        ({"days": 2}, 50, 2),  # the default of the argument
        ({"first": "many", "days": None}, 50, 7),
        ({"first": -5, "days": 0}, 1, 1),
    ],
)
def test_page_sizes_may_be_variables(variables: dict[str, object], shops: int, days: int) -> None:
    assert cost(PAGE, **variables) == 2 + shops * (1 + 1 + days)


def test_a_fragment_costs_where_it_is_spread() -> None:
    fragment = "fragment F on ShopConnection { edges { node { name } } }"
    document = f"{{ a: shops(first: 2) {{ ...F }} b: shops(first: 3) {{ ...F }} }} {fragment}"

    assert cost(document) == (2 + 2 * 2) + (2 + 3 * 2)


def test_each_operation_has_a_cost_of_its_own() -> None:
    document = parse(
        "query one { shop { name } } query two($n: Int = 2) { shops(first: $n) { edges { node { name } } } }"
    )
    costs = costs_of(SCHEMA, document)

    assert {name: cost.points({}) for name, cost in costs.items()} == {"one": 2, "two": 2 + 2 * 2}


def test_costs_add_up_and_multiply_whether_known_or_not() -> None:
    unknown = Cost(1).times(("n", 4))

    assert Cost(2).plus(unknown).times(3).points({}) == 3 * (2 + 4)
    assert Cost(2).plus(unknown).times(3).points({"n": 1}) == 3 * (2 + 1)


def test_twelve_levels_are_walked_and_thirteen_refused() -> None:
    assert cost(nested(LIMITS["depth"])) > 0
    assert refusal(nested(LIMITS["depth"] + 1)) == ("depth", 13)


def test_the_introspection_query_of_the_tools_is_not_too_deep() -> None:
    assert cost(get_introspection_query(input_value_deprecation=True)) < LIMITS["cost"] / 2


@pytest.mark.parametrize(
    ("document", "limit", "found"),
    [
        ("{" + " ".join(f"a{n}: keys {{ name }}" for n in range(31)) + "}", "aliases", 31),
        (
            "{ ...A ...A ...A ...A } fragment A on Query {" + " ".join(f"a{n}: shop" for n in range(8)) + "}",
            "aliases",
            32,
        ),
        ("{ shop { name @a @b @c @d @e @f } }", "directivesAtOnePlace", 6),
        ("{" + "shop @skip(if: true) " * 51 + "}", "directives", 51),
        ("{" + " ".join(f"f{n}" for n in range(1001)) + "}", "fields", 1001),
        ("{" + "shop " * 101 + "}", "repetitions", 5050),
        (" ".join(f"query q{n} {{ shop {{ name }} }}" for n in range(21)), "operations", 21),
        ("{ shop }" + " ".join(f"fragment f{n} on Shop {{ name }}" for n in range(51)), "fragments", 51),
    ],
)
def test_what_is_too_much_is_refused_with_the_figure(document: str, limit: str, found: int) -> None:
    assert refusal(document) == (limit, found)


def test_fragments_of_fragments_are_refused_before_they_grow() -> None:
    spreads = "".join(f"fragment F{n} on Query {{ {f'...F{n + 1} ' * 10} }}" for n in range(30))

    limit, found = refusal("{ ...F0 }" + spreads + "fragment F30 on Query { shop { name } }")

    assert limit == "fields"
    assert isinstance(found, int)
    assert found < 20_000


@pytest.mark.parametrize("circle", ["...A", "...B } fragment B on Query { ...A", "shop { ...A }"])
def test_a_circle_of_fragments_ends(circle: str) -> None:
    """Validation refuses it; until then it must not go on for ever."""
    assert cost(f"{{ ...A }} fragment A on Query {{ {circle} }}") <= 1
