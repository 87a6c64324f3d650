"""Who asks, and with what: the first argument of every verb."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from is0k.schema.clock import Clock, SystemClock
from is0k.schema.enums import Scope
from is0k.schema.errors import InsufficientScope, Unauthenticated

if TYPE_CHECKING:
    from is0k.resolvers.nested import Nested


@dataclass(frozen=True, slots=True)
class Actor:
    """An API key, or the machine's operator at the command line."""

    organization_id: UUID
    scope: Scope
    key_id: UUID | None = None


@dataclass
class Context:
    """Made for one request. `actor` is None for a caller who has shown no key."""

    actor: Actor | None = None
    clock: Clock = field(default_factory=SystemClock)
    request_id: str = "-"

    def require(self, scope: Scope) -> None:
        if self.actor is None:
            raise Unauthenticated
        if not self.actor.scope.includes(scope):
            raise InsufficientScope(scope)

    @property
    def organization_id(self) -> UUID:
        if self.actor is None:
            raise Unauthenticated
        return self.actor.organization_id

    @cached_property
    def nested(self) -> "Nested":
        from is0k.resolvers.nested import Nested

        return Nested(self)
