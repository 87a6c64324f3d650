"""Who asks, and with what: the first argument of every verb."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from is0k.channels.base import Channels
from is0k.models.monitor import Viewpoint
from is0k.probes.base import Probe
from is0k.resolvers.announcer import Announcer, IncidentChange, StatusChange, message
from is0k.schema.clock import Clock, SystemClock, milliseconds
from is0k.schema.enums import MonitorType, Plan, Scope
from is0k.schema.errors import InsufficientScope, PreconditionFailed, Unauthenticated
from is0k.schema.plans import LIMITS
from is0k.schema.version import version

if TYPE_CHECKING:
    from is0k.resolvers.bus import Bus
    from is0k.resolvers.nested import Nested


@dataclass(frozen=True, slots=True)
class Actor:
    """An API key, or the machine's operator at the command line."""

    organization_id: UUID
    scope: Scope
    key_id: UUID | None = None
    plan: Plan = Plan.ENTERPRISE
    rate_limit: int | None = None  # requests a minute, where it is not the plan's

    @property
    def requests_per_minute(self) -> int | None:
        """None where the plan has no API, whatever the organization has of its own."""
        of_plan = LIMITS[self.plan].requests_per_minute
        return of_plan and (self.rate_limit or of_plan)


@dataclass(frozen=True, slots=True)
class Services:
    """What a process reaches the world with, made once for all requests. Who needs less gives less."""

    probes: Mapping[MonitorType, Probe] = field(default_factory=dict)
    public_url: str = "http://127.0.0.1:8000"  # without a slash at the end
    channels: Channels = field(default_factory=Channels)
    apprise: bool = False  # whether the operator allows channels of that type
    announcer: Announcer | None = None
    bus: "Bus | None" = None

    async def close(self) -> None:
        if self.bus:
            await self.bus.close()
        if self.announcer:
            await self.announcer.close()
        for probe in self.probes.values():
            await probe.close()
        await self.channels.close()


@dataclass
class Context:
    """Made for one request. `actor` is None for a caller who has shown no key."""

    actor: Actor | None = None
    clock: Clock = field(default_factory=SystemClock)
    request_id: str = "-"
    services: Services = Services()
    if_match: frozenset[str] | None = None  # the versions the caller is ready to change; None means any

    def require(self, scope: Scope) -> None:
        if self.actor is None:
            raise Unauthenticated
        if not self.actor.scope.includes(scope):
            raise InsufficientScope(scope)

    def require_unchanged(self, updated_at: datetime) -> None:
        """Ask about a row that is locked, before it is changed. Raises PreconditionFailed."""
        if self.if_match is not None and version(updated_at) not in self.if_match:
            raise PreconditionFailed

    @property
    def organization_id(self) -> UUID:
        if self.actor is None:
            raise Unauthenticated
        return self.actor.organization_id

    @property
    def plan(self) -> Plan:
        if self.actor is None:
            raise Unauthenticated
        return self.actor.plan

    @property
    def viewpoint(self) -> Viewpoint:
        return Viewpoint(milliseconds(self.clock.now()), self.services.public_url)

    def announce(self, changes: Iterable[StatusChange] = (), incidents: Iterable[IncidentChange] = ()) -> None:
        """Tell whoever listens. Call it after the commit; nothing to tell is fine too."""
        changes, incidents = list(changes), list(incidents)
        if self.services.announcer and (changes or incidents):
            body = message(changes=changes, incidents=incidents)
            self.services.announcer.announce([(self.organization_id, body)])

    def renew(self) -> None:
        """In a request that lasts: what nested fields have read is of another moment by now."""
        self.__dict__.pop("nested", None)

    @cached_property
    def nested(self) -> "Nested":
        from is0k.resolvers.nested import Nested

        return Nested(self)
