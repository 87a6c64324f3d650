"""What people may listen to, as it happens."""

from collections.abc import AsyncGenerator, Set
from typing import Any
from uuid import UUID

import strawberry

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.events import Part
from is0k.resolvers.operation import operation
from is0k.schema.enums import Scope
from is0k.schema.errors import MonitorNotFound, ServiceUnavailable, Unauthenticated, ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix, decode

MOST_MONITORS = 250


@operation(Scope.READ)
async def check_recorded(ctx: Context, monitor_ids: list[strawberry.ID] | None = None) -> AsyncGenerator[schema.Check]:
    """Each check as it is stored; of these monitors, or of all. One that comes too late to count is not told."""
    return _stream(ctx, "checks", await _own(ctx, monitor_ids))


@operation(Scope.READ)
async def monitor_status_changed(
    ctx: Context, monitor_ids: list[strawberry.ID] | None = None
) -> AsyncGenerator[schema.MonitorStatusChange]:
    """Each change of a monitor's status, be it by checks or by a person; of these monitors, or of all."""
    return _stream(ctx, "changes", await _own(ctx, monitor_ids))


@operation(Scope.READ)
async def incident_changed(
    ctx: Context, monitor_ids: list[strawberry.ID] | None = None
) -> AsyncGenerator[schema.Incident]:
    """Each incident that is new, or of which something has changed; about these monitors, or all there are."""
    return _stream(ctx, "incidents", await _own(ctx, monitor_ids))


async def _own(ctx: Context, ids: list[strawberry.ID] | None) -> Set[UUID] | None:
    """None for all there are, those to come included. Raises MonitorNotFound for the first that is not theirs."""
    if ids is None:
        return None
    if not 1 <= len(ids) <= MOST_MONITORS:
        raise ValidationFailed([Fault(("monitor_ids",), "OUT_OF_RANGE", f"Must be from 1 to {MOST_MONITORS} ids")])
    wanted = {id: decode(Prefix.MONITOR, id) for id in ids}
    uuids = [uuid for uuid in wanted.values() if uuid]
    found = set(await models.Monitor.of(ctx.organization_id).filter(id__in=uuids).values_list("id", flat=True))
    for id, uuid in wanted.items():
        if uuid not in found:
            raise MonitorNotFound(id)
    return frozenset(uuids)


async def _stream(ctx: Context, part: Part, monitor_ids: Set[UUID] | None) -> AsyncGenerator[Any]:
    if ctx.actor is None:
        raise Unauthenticated
    if ctx.services.bus is None:
        raise ServiceUnavailable("There are no live events here")
    with ctx.services.bus.listening(ctx.actor, part, monitor_ids) as listener:
        while True:
            events = await listener.next()
            for item in await events.items(part):
                if monitor_ids is None or not monitor_ids.isdisjoint(item.monitor_ids):
                    yield item.noun
