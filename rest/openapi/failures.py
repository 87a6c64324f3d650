"""What can go wrong on a route: an example of each error, from the classes that carry code, words and status."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

from is0k.rest.openapi.table import input_of, query_kinds
from is0k.rest.row import Row
from is0k.schema.enums import Plan, Scope
from is0k.schema.errors import (
    DomainError,
    IdempotencyKeyReused,
    InsufficientScope,
    InternalError,
    InvalidApiKey,
    NotFound,
    PlanLimitReached,
    PlanUpgradeRequired,
    PreconditionFailed,
    ServiceUnavailable,
    Unauthenticated,
    ValidationFailed,
)
from is0k.schema.faults import Fault
from is0k.schema.http_errors import InvalidJson, PayloadTooLarge, RateLimited, UnknownParameter, UnsupportedMediaType
from is0k.schema.ids import prefix_of_noun, sample


def failures(row: Row) -> list[DomainError]:
    errors = [*_of_the_caller(row), *_of_the_request(row), *_of_nouns(row), *row.errors, *_of_ours()]
    return sorted(errors, key=lambda error: error.http_status)


def _of_the_caller(row: Row) -> Iterator[DomainError]:
    yield from (Unauthenticated(), InvalidApiKey())
    if row.verb.scope is not Scope.READ:  # which every key has
        yield InsufficientScope(row.verb.scope)
    yield PlanUpgradeRequired("The Free plan has no API", Plan.PRO)
    yield PlanLimitReached("The Pro plan has 100 monitors", Plan.BUSINESS)
    yield RateLimited(100, 12)


def _of_the_request(row: Row) -> Iterator[DomainError]:
    yield UnknownParameter("Unknown query parameter x; this route takes none")
    if row.method != "GET":
        yield InvalidJson("The body is not JSON: unexpected end of data: line 1 column 1 (char 0)")
        yield from (PayloadTooLarge(), UnsupportedMediaType("Send application/json, not text/plain"))
    if row.method != "GET" or query_kinds(row):
        yield ValidationFailed([Fault(("name",), "REQUIRED", "Is required")])
    if row.method == "POST":
        yield IdempotencyKeyReused("This Idempotency-Key was sent with another request")
    if row.is_edit:
        yield PreconditionFailed()


def _of_nouns(row: Row) -> Iterator[DomainError]:
    """The noun the path names, and those an input or a filter refers to by id."""
    kinds = [*query_kinds(row), *([kind] if (kind := input_of(row)) else [])]
    named = {
        field.name.removesuffix("s").removesuffix("_id")
        for kind in kinds
        for field in fields(kind)
        if field.name.removesuffix("s").endswith("_id")
    }
    collection = row.path.split("/")[1].replace("-", " ") if "{id}" in row.path else ""
    for error in not_founds():
        noun = error.noun.lower()
        if plural(noun) == collection or noun.replace(" ", "_") in named:
            prefix = prefix_of_noun(error.noun)
            yield error(sample(prefix) if prefix else "…")


def _of_ours() -> Iterable[DomainError]:
    return InternalError(), ServiceUnavailable("The database does not answer; try again in a moment")


def not_founds() -> list[type[NotFound]]:
    return NotFound.__subclasses__()


def plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
