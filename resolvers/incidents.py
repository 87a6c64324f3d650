"""What people may do with incidents. Who decides where one stands: see incident_status.py."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import strawberry
from tortoise.transactions import in_transaction

from is0k import models, schema
from is0k.models.incident_reads import (
    count_incidents,
    count_incidents_of,
    read_incident,
    read_incidents,
    read_incidents_of,
)
from is0k.models.organization import public_id
from is0k.resolvers.announcer import incident_change
from is0k.resolvers.context import Context
from is0k.resolvers.incident_edits import apply, refuse, start_faults, store_links, wanted_links, whole_ms
from is0k.resolvers.incident_status import acknowledge, hold, move, status_faults
from is0k.resolvers.monitors import get_monitor
from is0k.resolvers.operation import operation
from is0k.schema.enums import IncidentOrigin, IncidentStatus, Scope
from is0k.schema.errors import IncidentNotFound
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix, decode
from is0k.schema.page import Page, PageArguments, decode_id_cursor, page_by_id


@operation(Scope.READ)
async def get_incident(ctx: Context, id: strawberry.ID) -> schema.Incident:
    """One incident."""
    uuid = decode(Prefix.INCIDENT, id)
    incident = await read_incident(ctx.organization_id, uuid) if uuid else None
    if incident is None:
        raise IncidentNotFound(id)
    return incident


@operation(Scope.READ)
async def list_incidents(ctx: Context, filter: schema.IncidentFilter, page: PageArguments) -> Page[schema.Incident]:
    """Incidents, newest first."""
    organization_id = ctx.organization_id
    found = await read_incidents(organization_id, filter, _before(page), page.limit + 1)
    return page_by_id(found, page.limit, lambda: count_incidents(organization_id, filter))


@operation(Scope.READ)
async def list_monitor_incidents(ctx: Context, id: strawberry.ID, page: PageArguments) -> Page[schema.Incident]:
    """Incidents that are about one monitor, newest first."""
    [found] = await incidents_of([await get_monitor(ctx, id)], page)
    return found


async def incidents_of(monitors: Sequence[schema.Monitor], page: PageArguments) -> list[Page[schema.Incident]]:
    """A page of each monitor's incidents, in a constant number of statements."""
    numbers = [monitor.number for monitor in monitors]
    found = await read_incidents_of(numbers, _before(page), page.limit + 1)
    return [page_by_id(found[number], page.limit, _counter(number)) for number in numbers]


def _counter(number: int) -> Callable[[], Awaitable[int]]:
    async def count_all() -> int:
        return (await count_incidents_of([number]))[number]

    return count_all


def _before(page: PageArguments) -> UUID | None:
    return decode_id_cursor(page.cursor, Prefix.INCIDENT) if page.cursor else None


@operation(Scope.WRITE)
async def create_incident(ctx: Context, input: schema.CreateIncidentInput) -> schema.Incident:
    """Say that something is wrong. The message, if there is one, is the first update."""
    now = ctx.clock.now()
    started_at = whole_ms(input.started_at or now)
    async with in_transaction():
        wanted, faults = await wanted_links(ctx, input)
        refuse([*faults, *start_faults(started_at, now)])
        row = models.Incident(
            organization_id=ctx.organization_id,
            title=input.title.strip(),
            status=input.status,
            impact=input.impact,
            origin=IncidentOrigin.MANUAL,
            started_at=started_at,
            resolved_at=now if input.status is IncidentStatus.RESOLVED else None,
        )
        await acknowledge(ctx, row)
        await row.save()
        await store_links(row.id, wanted)
        if input.message is not None:
            await _say(row, input.message, now)
    return await _told(ctx, public_id(Prefix.INCIDENT, row.id))


@operation(Scope.WRITE)
async def update_incident(ctx: Context, id: strawberry.ID, input: schema.UpdateIncidentInput) -> schema.Incident:
    """Change an incident: what is present is set, what is absent is kept, null goes back to the default."""
    async with in_transaction():
        held = await hold(ctx, id)
        await apply(ctx, held, input)
        await held.row.save()
    return await _told(ctx, id)


@operation(Scope.WRITE)
async def delete_incident(ctx: Context, id: strawberry.ID) -> schema.Deleted:
    """Forget an incident and all that was said about it. An automatic one must be resolved before."""
    async with in_transaction():
        held = await hold(ctx, id)
        if held.is_automatic and held.is_open:
            # Its monitor would be down and nothing would tell of it.
            refuse([Fault(("id",), "OPEN", "It lasts; it can be deleted when it is resolved")])
        await held.row.delete()
    return schema.Deleted(id=id)


@operation(Scope.WRITE)
async def create_incident_update(
    ctx: Context, id: strawberry.ID, input: schema.CreateIncidentUpdateInput
) -> schema.Incident:
    """Say where an incident stands. What a person opened is resolved by this, and reopened by it."""
    now = ctx.clock.now()
    async with in_transaction():
        held = await hold(ctx, id)
        status = input.status or held.row.status
        refuse(status_faults(held, status))
        await move(held, status, now)
        await acknowledge(ctx, held.row)
        await _say(held.row, input.message, now)
        await held.row.save()
    return await _told(ctx, id)


async def _told(ctx: Context, id: strawberry.ID) -> schema.Incident:
    """The incident as it stands after the commit; whoever listens hears of it too."""
    incident = await get_incident(ctx, id)
    ctx.announce(incidents=[incident_change(incident)])
    return incident


async def _say(row: models.Incident, message: str, now: datetime) -> None:
    await models.IncidentUpdate.create(incident_id=row.id, status=row.status, message=message, created_at=now)
