"""Lists: a page as verbs return it, and as GraphQL shows it (Relay's cursor connections)."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import strawberry

from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix, decode
from is0k.schema.rules import Range, rule

T = TypeVar("T")

DEFAULT_PAGE = 50
LARGEST_PAGE = 250


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `keys` are what each item is sorted by; the next page begins behind the last one."""

    items: Sequence[T]
    keys: Sequence[Sequence[int | str]]
    has_next: bool
    count_all: Callable[[], Awaitable[int]]

    @property
    def next_cursor(self) -> str | None:
        return encode_cursor(self.keys[-1]) if self.has_next else None


def encode_cursor(key: Sequence[int | str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(text: str, *kinds: type[int] | type[str]) -> list[int | str]:
    """The key behind a cursor whose parts are of `kinds`. Raises ValidationFailed for anything else."""
    try:
        key = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise bad_cursor() from None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds) or not all(map(_fits, key)):
        raise bad_cursor()
    return key


def page_by_id(found: Sequence[Any], limit: int, count_all: Callable[[], Awaitable[int]]) -> Page[Any]:
    """The page of a list sorted by id; one item more than `limit` was asked for, if there are so many."""
    items = found[:limit]
    return Page(items=items, keys=[[item.id] for item in items], has_next=len(found) > limit, count_all=count_all)


def _fits(part: int | str) -> bool:
    """A database's whole numbers have 64 bits."""
    return isinstance(part, str) or -(2**63) <= part < 2**63


def decode_id_cursor(text: str, prefix: Prefix) -> UUID:
    """The id behind the cursor of a list that is sorted by ids. Raises ValidationFailed for anything else."""
    [id] = decode_cursor(text, str)
    uuid = decode(prefix, str(id))
    if uuid is None:
        raise bad_cursor()
    return uuid


def bad_cursor() -> ValidationFailed:
    return ValidationFailed([Fault(("cursor",), "BAD_CURSOR", "Is not a cursor of this list")])


@dataclass(frozen=True, slots=True)
class PageArguments:
    """How much of a list, from where: `first`/`after` in GraphQL, `limit`/`cursor` in REST. `count`: of all pages."""

    limit: int = strawberry.field(default=DEFAULT_PAGE, metadata=rule(Range(1, LARGEST_PAGE)))
    cursor: str | None = None
    count: bool = False


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    node: T
    cursor: str


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: PageInfo
    count_all: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many there are over all pages; counted only when asked for.")
    async def total_count(self) -> int:
        return await self.count_all()


def connection(page: Page[T], is_first: bool) -> Connection[T]:
    edges = [Edge(node=item, cursor=encode_cursor(key)) for item, key in zip(page.items, page.keys, strict=True)]
    ends = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
    info = PageInfo(
        has_next_page=page.has_next, has_previous_page=not is_first, start_cursor=ends[0], end_cursor=ends[1]
    )
    return Connection(edges=edges, page_info=info, count_all=page.count_all)
