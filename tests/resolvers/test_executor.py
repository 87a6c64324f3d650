"""The short way answers to the letter what graphql-core answers, in the same order, and fails as it fails."""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

import pytest
import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from structlog.testing import capture_logs

from is0k.resolvers.execution import Schema

pytestmark = pytest.mark.anyio


@strawberry.enum
class Color(Enum):
    RED = "red"


class Word(str):
    """A text of a class of its own, as ids are in some programs."""


@strawberry.type
class Item:
    id: strawberry.ID
    name: str = "n"
    note: str | None = None
    count: int = 3
    ratio: float = 0.5
    is_new: bool = True
    color: Color = Color.RED
    tags: list[str] = strawberry.field(default_factory=lambda: ["a", "b"])
    marks: list[int | None] | None = strawberry.field(default_factory=lambda: [1, None])

    @strawberry.field
    async def later(self) -> str:
        return f"later {self.id}"

    @strawberry.field
    def sister(self) -> "Item":
        return Item(id=strawberry.ID("s"))

    @strawberry.field
    async def broken(self) -> str | None:
        raise RuntimeError("broken")


ITEMS: dict[str, dict[str, Any]] = {
    "usual": {},
    "a note": {"note": "x"},
    "a text of its own class": {"name": Word("x")},
    "a null that must not be": {"name": None},
    "a null id": {"id": None},
    "a number that is none": {"count": "many"},
    "a number too large": {"count": 2**40},
    "a number for a text": {"name": 5},
    "a truth for a number": {"count": True},
    "a ratio without end": {"ratio": float("inf")},
    "a color that is none": {"color": "blue"},
    "a list that is none": {"tags": "ab"},
    "a tuple for a list": {"tags": ("a", "b")},
    "a null in a list": {"tags": ["a", None]},
    "no list": {"marks": None},
    "a wrong number in a list": {"marks": [1, "x"]},
}
ALL = "id name note count ratio isNew color tags marks"
QUERIES = [
    f"{{ item {{ {ALL} }} }}",
    f"{{ items {{ {ALL} }} }}",
    "{ items { name later count __typename sister { id __typename name } color } __typename }",
    "{ items { later } item { sister { sister { name } } } }",
    "{ item { b: name a: name name ...F } } fragment F on Item { count name later }",
    "query ($yes: Boolean = true) { item { name @skip(if: $yes) count @include(if: $yes) later @skip(if: $yes) } }",
    "{ item { name broken count } items { broken } }",
    "mutation { open { name } again: open { name later } }",
]


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item | None:
        return self  # type: ignore[return-value]  # the root value of the test

    @strawberry.field
    async def items(self) -> list[Item]:
        return [Item(id=strawberry.ID("first")), self]  # type: ignore[list-item]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def open(self) -> Item:
        return self  # type: ignore[return-value]


QUICK, SLOW = Schema(query=Query, mutation=Mutation), Schema(query=Query, mutation=Mutation)
SLOW.execution_context_class = StrawberryGraphQLCoreExecutionContext


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("name", ITEMS)
async def test_what_is_answered_is_what_graphql_core_answers(name: str, query: str) -> None:
    item = Item(**({"id": strawberry.ID("i")} | ITEMS[name]))

    with capture_logs():
        quick, slow = [await schema.execute(query, root_value=item) for schema in (QUICK, SLOW)]

    assert repr(quick.data) == repr(slow.data)  # in the same order
    assert [error.formatted for error in quick.errors or ()] == [error.formatted for error in slow.errors or ()]


async def test_an_extension_that_wraps_resolvers_sees_every_field() -> None:
    seen = []

    class Watching(SchemaExtension):
        async def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(info.field_name)
            result = _next(root, info, *args, **kwargs)
            return await result if hasattr(result, "__await__") else result

    item = Item(id=strawberry.ID("i"))
    await Schema(query=Query, extensions=[Watching]).execute("{ item { name count } }", root_value=item)

    assert seen == ["item", "name", "count"]


async def test_a_subscription_goes_the_short_way_too() -> None:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def items(self) -> AsyncIterator[Item]:
            for id in ("a", "b"):
                yield Item(id=strawberry.ID(id))

    made = Schema(query=Query, subscription=Subscription)
    found = [result.data async for result in await made.subscribe("subscription { items { id later name } }")]

    assert found == [{"items": {"id": id, "later": f"later {id}", "name": "n"}} for id in ("a", "b")]
