"""The cache of documents: what is kept, how much of it, and what of a faulty document is told."""

import gc
import tracemalloc

import pytest

from is0k.resolvers import documents
from is0k.resolvers.documents import CACHED_CHARACTERS, CACHED_DOCUMENTS, Documents, InvalidDocument, without_value
from is0k.resolvers.root import graphql_schema

QUERY = "query ($first: Int!) { monitors(first: $first) { edges { node { id name status } } } }"


@pytest.fixture
def cache() -> Documents:
    return Documents(graphql_schema._schema)


def distinct(number: int, size: int = 0) -> str:
    return f'{{ monitor(id: "{number}") {{ id }} }}' + " " * size


def test_the_same_text_is_neither_parsed_nor_validated_again(cache: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cache.prepare(QUERY)
    for name in ("parse", "validate", "costs_of"):
        monkeypatch.delattr(documents, name)

    assert cache.prepare(QUERY) is first


def test_as_many_are_kept_as_are_allowed_and_the_oldest_goes(cache: Documents) -> None:
    oldest = cache.prepare(distinct(0))
    used = cache.prepare(distinct(1))
    for number in range(2, CACHED_DOCUMENTS):
        cache.prepare(distinct(number))
    assert cache.prepare(distinct(1)) is used
    cache.prepare(distinct(CACHED_DOCUMENTS))

    assert len(cache) == CACHED_DOCUMENTS
    assert cache.prepare(distinct(1)) is used
    assert cache.prepare(distinct(0)) is not oldest


def test_the_text_that_is_kept_is_bounded_too(cache: Documents) -> None:
    for number in range(20):
        cache.prepare(distinct(number, size=10_000))

    assert 0 < cache.characters <= CACHED_CHARACTERS
    assert len(cache) == CACHED_CHARACTERS // (10_000 + len(distinct(10)))


def test_a_very_long_document_is_not_kept(cache: Documents) -> None:
    cache.prepare(distinct(1, size=20_000))

    assert (len(cache), cache.characters) == (0, 0)


def test_a_client_that_writes_its_values_into_the_text_does_not_grow_the_memory(cache: Documents) -> None:
    for number in range(CACHED_DOCUMENTS):
        cache.prepare(distinct(number))
    tracemalloc.start()
    for number in range(CACHED_DOCUMENTS, 3 * CACHED_DOCUMENTS):
        cache.prepare(distinct(number))
    gc.collect()
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # All of the documents are new now; twice as many would be some 10 MB.
    assert grown < 8_000_000


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{", "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),
        ("qwerty", "GRAPHQL_PARSE_FAILED", "Syntax Error: Unexpected Name 'qwerty'."),
        (
            "{ monitor { id } }",
            "GRAPHQL_VALIDATION_FAILED",
            "Argument 'Query.monitor(id:)' of type 'ID!' is required, but it was not provided.",
        ),
        ("{ monitrs { id } }", "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'monitrs' on type 'Query'."),
        ("fragment F on Query { __typename }", "GRAPHQL_VALIDATION_FAILED", "Fragment 'F' is never used."),
        (
            "{ ...A } fragment A on Query { ...A }",
            "GRAPHQL_VALIDATION_FAILED",
            "Cannot spread fragment 'A' within itself.",
        ),
        (
            "{ monitors(first: null) { totalCount } }",
            "GRAPHQL_VALIDATION_FAILED",
            "Expected value of non-null type 'Int!' not to be null",
        ),
        (
            'mutation { createMonitor(input: {name: "x", settings: {http: {url: "x", headers: 5}}}) { __typename } }',
            "GRAPHQL_VALIDATION_FAILED",
            "Expected value of type 'StringMap', but encountered error 'Must be an object whose values are strings'",
        ),
    ],
)
def test_a_faulty_document_is_told_with_a_code_and_not_kept(
    cache: Documents, text: str, code: str, message: str
) -> None:
    with pytest.raises(InvalidDocument) as caught:
        cache.prepare(text)

    error = caught.value.errors[0]
    assert (error.message.rstrip("."), error.extensions) == (message.rstrip("."), {"code": code})
    assert len(cache) == 0


def test_of_many_faults_the_first_are_told(cache: Documents) -> None:
    with pytest.raises(InvalidDocument) as caught:
        cache.prepare("{" + " ".join(f"f{n}" for n in range(100)) + "}")

    assert len(caught.value.errors) == documents.MOST_ERRORS + 1
    assert caught.value.errors[-1].message == "Too many validation errors, error limit reached. Validation aborted."


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Int cannot represent non-integer value: 'x'", "Int cannot represent non-integer"),
        ("Expected value of type 'A' not to include unknown field 'b', found: {'b': 'c'}.", None),
        ("Variable '$a' has invalid value: Expected value of non-null type 'Int!' not to be None.", None),
    ],
)
def test_of_a_faulty_value_the_fault_is_told_and_not_the_value(message: str, told: str | None) -> None:
    expected = told or message.partition(", found")[0].replace("None", "null")

    assert without_value(message) == expected
