"""One line of the route table."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from strawberry import ID

from is0k.resolvers.context import Context
from is0k.resolvers.operation import Operation
from is0k.schema.errors import DomainError


@dataclass(frozen=True, slots=True)
class Row:
    """One route. The verb's arguments come from the path by name, `input` from the body, the rest from the query."""

    method: str
    path: str
    verb: Operation[..., Any]
    status: int = 200
    types: type[Enum] | None = None  # the body holds the settings of one of these types beside the common fields
    type_of: Callable[[Context, ID], Awaitable[Enum]] | None = None  # the type, where the body need not tell
    errors: Sequence[DomainError] = ()  # what the verb raises beyond what every route may: examples for the document

    @property
    def is_edit(self) -> bool:
        """It changes a noun that a read shows, so `If-Match` may say which state of it is meant."""
        return self.method in ("PUT", "PATCH", "DELETE")
