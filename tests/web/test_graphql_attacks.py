"""Documents made to hurt: each is refused with its code, quickly, and before a statement reaches the database.

Among them what graphql-cop (https://github.com/dolevf/graphql-cop) and the advisories of Strawberry try.
"""

import gc
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from is0k.resolvers.context import Context
from is0k.resolvers.root import graphql_schema
from is0k.tests.resolvers.conftest import counted
from is0k.tests.stage.api import Answer, Api

pytestmark = pytest.mark.anyio

LARGEST_MS = 50


def many(count: int, part: str) -> str:
    return " ".join(part.format(n=n) for n in range(count))


def chain(length: int, spreads: int) -> str:
    """Fragments, each of which spreads the next some times."""
    parts = [f"fragment F{n} on Query {{ {f'...F{n + 1} ' * spreads}}}" for n in range(length)]
    return f"{{ ...F0 }} {' '.join(parts)} fragment F{length} on Query {{ apiKeys {{ id }} }}"


COP_CIRCLE = "fields { type " * 4 + "{ name }" + " }" * 4
TOO_COMPLEX = {
    "a thousand aliases": ("aliases", f"{{ {many(1000, 'a{n}:__typename')[:9000]} }}"),
    "101 aliases, as graphql-cop asks": ("aliases", f"query cop {{ {many(101, 'alias{n}:__typename')} }}"),
    "aliases through a fragment": (
        "aliases",
        "{" + "...A " * 9 + "} fragment A on Query {" + many(9, "a{n}:apiKeys{{id}}") + "}",
    ),
    "ten thousand directives": ("tokens", f"{{ __typename {'@aa' * 10_000} }}"),
    "ten directives, as graphql-cop asks": ("directivesAtOnePlace", f"query cop {{ __typename {'@aa' * 10} }}"),
    "directives everywhere": ("directives", f"{{ {'__typename @aa@aa@aa ' * 80} }}"),
    "a field five hundred times": ("repetitions", f"query cop {{ {'__typename ' * 500} }}"),
    "a deep query": ("depth", "{ monitors { edges { node " + "{ a " * 30 + "}" * 33),
    "a bottomless query": ("depth", "{ a " * 10_000 + "}" * 10_000),
    "deep inline fragments": ("depth", "{ ... " * 150 + "{ __typename }" + "}" * 150),
    "a deep list": ("depth", "{ monitors(filter: " + "[" * 900 + "]" * 900 + ") { totalCount } }"),
    "a fragment that grows by powers": ("fields", chain(40, 10)),
    "many operations": ("operations", many(200, "query q{n} {{ apiKeys {{ id }} }}")),
    "many fragments": ("fragments", "{ apiKeys { id } }" + many(200, "fragment F{n} on ApiKey {{ id }}")),
    "a huge page": ("cost", "{ monitors(first: 1000000000) { edges { node { id } } } }"),
    "pages of pages": (
        "cost",
        "{ monitors(first: 250) { edges { node { checks(first: 250) { edges { node { status } } } } } } }",
    ),
    "a number without end": ("digits", f"{{ monitors(first: {'9' * 90_000}) {{ totalCount }} }}"),
    "a document without end": ("characters", "{ apiKeys { id } }" + " " * 900_000),
    "comments without end": ("comments", "#\n" * 49_000 + "{ apiKeys { id } }"),
    "tokens without end": ("tokens", f"{{ {'a ' * 40_000} }}"),
}
NOT_VALID = {
    "a fragment in itself": "{ ...A } fragment A on Query { ...A }",
    "fragments in a circle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "circular introspection": f"query cop {{ __schema {{ types {{ {COP_CIRCLE} }} }} }}",
    "a suggestion": "query cop { __schema { directive } }",
    "unknown arguments": f"{{ monitors({many(600, 'a{n}:1')}) {{ totalCount }} }}",
    "unknown input fields": f"mutation {{ createMonitor(input: {{ {many(600, 'a{n}:1')} }}) {{ __typename }} }}",
}


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    """As the API does it: what the test session holds in memory is not looked through meanwhile."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


async def refused(ctx: Context, query: str, **variables: Any) -> list[dict[str, Any]]:
    """The errors' extensions, when it was quick and nothing was run."""
    with counted() as statements:
        began = time.process_time()
        answer = await graphql_schema.execute(query, variables, ctx)
        took_ms = (time.process_time() - began) * 1000

    assert statements == []
    assert answer.data is None
    assert took_ms < LARGEST_MS
    return [dict(error.extensions or {}) for error in answer.errors or ()]


@pytest.mark.parametrize("name", TOO_COMPLEX)
async def test_too_much_is_refused_by_its_limit(ctx: Context, name: str) -> None:
    limit, query = TOO_COMPLEX[name]

    [error] = await refused(ctx, query)

    assert (error["code"], error["limit"]) == ("QUERY_TOO_COMPLEX", limit)
    assert error["found"] > error["allowed"]


@pytest.mark.parametrize("name", NOT_VALID)
async def test_what_is_not_valid_is_refused_by_validation(ctx: Context, name: str) -> None:
    errors = await refused(ctx, NOT_VALID[name])

    assert {error["code"] for error in errors} == {"GRAPHQL_VALIDATION_FAILED"}
    assert len(errors) <= 6


async def test_a_huge_page_in_a_variable_is_refused_too(ctx: Context) -> None:
    query = "query ($first: Int!) { monitors(first: $first) { edges { node { id } } } }"

    [error] = await refused(ctx, query, first=10**9)

    assert (error["code"], error["limit"]) == ("QUERY_TOO_COMPLEX", "cost")


async def test_a_page_that_is_too_large_but_not_too_costly_is_not_valid(ctx: Context) -> None:
    query = "query ($first: Int!) { monitors(first: $first) { totalCount } }"
    with counted() as sent:
        answer = await graphql_schema.execute(query, {"first": 10**9}, ctx)

    assert [(error.extensions or {})["code"] for error in answer.errors or ()] == ["VALIDATION_FAILED"]
    assert sent == []


@pytest.mark.parametrize("depth", [30, 300, 900])
async def test_deep_lists_in_variables_are_no_tags(ctx: Context, depth: int) -> None:
    deep = orjson.loads("[" * depth + "]" * depth)
    query = "mutation ($input: UpdateMonitorInput!) { updateMonitor(id: 1, input: $input) { __typename } }"

    errors = await refused(ctx, query, input={"tags": deep})

    assert [error["code"] for error in errors] == ["BAD_USER_INPUT"]


async def test_without_end_a_list_is_not_even_json(api: Api) -> None:
    body = b'{"query": "{ __typename }", "variables": {"a": %b%b}}' % (b"[" * 100_000, b"]" * 100_000)
    answer = await api.send("POST", "/graphql", data=body, headers={"Content-Type": "application/json"})

    assert (answer.status, codes(answer)) == (400, ["INVALID_JSON"])


def codes(answer: Answer) -> list[str]:
    return [error["extensions"]["code"] for error in answer.body["errors"]]


async def test_no_batch_is_taken(api: Api) -> None:
    answer = await api.send("POST", "/graphql", json=[{"query": "query cop { __typename }"}] * 10)

    assert (answer.status, codes(answer)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("query", ["query cop {__typename}", "mutation cop {__typename}"])
async def test_nothing_is_run_by_get(api: Api, query: str) -> None:
    answer = await api.send("GET", "/graphql", params={"query": query})

    assert (answer.status, codes(answer)) == (405, ["METHOD_NOT_ALLOWED"])


async def test_nothing_is_run_by_a_form(api: Api) -> None:
    answer = await api.send("POST", "/graphql", data={"query": "query cop { __typename }"})

    assert (answer.status, codes(answer)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


async def test_no_trace_of_how_it_was_run_is_told(api: Api) -> None:
    assert (await api.graphql("query cop { __typename }")) == {"data": {"__typename": "Query"}}


async def test_introspection_is_for_whoever_has_a_key(api: Api) -> None:
    query = "query cop { __schema { types { name fields { name } } } }"

    assert (await api.graphql(query))["data"]["__schema"]["types"]
    assert (await api.with_key(None).graphql(query))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
