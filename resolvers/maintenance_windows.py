"""What people may do with maintenance windows."""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

import strawberry
from strawberry import UNSET
from tortoise.transactions import in_transaction

from is0k import models, schema
from is0k.models.maintenance import matching_windows, to_schema
from is0k.models.overlay import lock_overlays, renew_overlays
from is0k.resolvers.context import Context
from is0k.resolvers.linking import MONITORS, linked
from is0k.resolvers.operation import operation
from is0k.resolvers.own_rows import locked_row, own_row
from is0k.schema.enums import Scope
from is0k.schema.errors import MaintenanceWindowNotFound, ValidationFailed
from is0k.schema.ids import Prefix, decode
from is0k.schema.maintenance_window import schedule_faults
from is0k.schema.page import Page, PageArguments, decode_id_cursor, page_by_id
from is0k.schema.patches import said

WINDOW = models.MaintenanceWindow, Prefix.MAINTENANCE_WINDOW, MaintenanceWindowNotFound

Given: TypeAlias = schema.CreateMaintenanceWindowInput | schema.UpdateMaintenanceWindowInput


@operation(Scope.READ)
async def get_maintenance_window(ctx: Context, id: strawberry.ID) -> schema.MaintenanceWindow:
    """One maintenance window."""
    return await _shown(ctx, await own_row(ctx, *WINDOW, id))


@operation(Scope.READ)
async def list_maintenance_windows(
    ctx: Context, filter: schema.MaintenanceWindowFilter, page: PageArguments
) -> Page[schema.MaintenanceWindow]:
    """Maintenance windows, newest first."""
    before = decode_id_cursor(page.cursor, Prefix.MAINTENANCE_WINDOW) if page.cursor else None
    rows = await _matching(ctx, filter, before, page.limit + 1)

    async def count_all() -> int:
        return len(await _matching(ctx, filter, None, None))

    return page_by_id(await to_schema(rows, ctx.clock.now()), page.limit, count_all)


@operation(Scope.WRITE)
async def create_maintenance_window(
    ctx: Context, input: schema.CreateMaintenanceWindowInput
) -> schema.MaintenanceWindow:
    """Announce planned work, once or again and again."""
    async with in_transaction():
        window = models.MaintenanceWindow(organization_id=ctx.organization_id)
        monitors = await _lock_monitors(ctx, window, input.monitor_ids)
        await _save(ctx, window, input)
        await renew_overlays(monitors, ctx.clock.now())
    return await _shown(ctx, window)


@operation(Scope.WRITE)
async def update_maintenance_window(
    ctx: Context, id: strawberry.ID, input: schema.UpdateMaintenanceWindowInput
) -> schema.MaintenanceWindow:
    """Change a maintenance window: what is present is set, what is absent is kept, null goes back to the default."""
    async with in_transaction():
        window = await locked_row(ctx, *WINDOW, id)
        monitors = await _lock_monitors(ctx, window, input.monitor_ids or ())
        await _save(ctx, window, input)
        await renew_overlays(monitors, ctx.clock.now())
    return await get_maintenance_window(ctx, id)


@operation(Scope.WRITE)
async def delete_maintenance_window(ctx: Context, id: strawberry.ID) -> schema.Deleted:
    """Delete a maintenance window, those of its times that are to come too."""
    async with in_transaction():
        window = await locked_row(ctx, *WINDOW, id)
        monitors = await _lock_monitors(ctx, window)
        await window.delete()
        await renew_overlays(monitors, ctx.clock.now())
    return schema.Deleted(id=id)


async def _shown(ctx: Context, window: models.MaintenanceWindow) -> schema.MaintenanceWindow:
    [shown] = await to_schema([window], ctx.clock.now())
    return shown


async def _matching(
    ctx: Context, filter: schema.MaintenanceWindowFilter, before: UUID | None, limit: int | None
) -> list[models.MaintenanceWindow]:
    now = ctx.clock.now()
    rows = matching_windows(ctx.organization_id, filter, now).order_by("-id")
    rows = rows.filter(id__lt=before) if before else rows
    if filter.status is None:
        return await (rows.limit(limit) if limit else rows)
    return [window for window in await rows if window.place(now)[0] is filter.status][:limit]


async def _lock_monitors(
    ctx: Context, window: models.MaintenanceWindow, ids: Sequence[strawberry.ID] = ()
) -> list[int]:
    """The numbers of the monitors that the window is about, and of those it is going to be about."""
    uuids = [uuid for id in ids if (uuid := decode(Prefix.MONITOR, id))]
    return await lock_overlays(ctx.organization_id, window.id, uuids)


async def _save(ctx: Context, window: models.MaintenanceWindow, input: Given) -> None:
    """Inside a transaction. Raises ValidationFailed with all that only the whole or the database can tell."""
    _apply(window, input)
    monitors, faults = await linked(ctx, MONITORS, "monitor_ids", input.monitor_ids or [])
    faults = [*schedule_faults(window.starts_at, window.ends_at, window.rrule, window.timezone), *faults]
    if faults:
        raise ValidationFailed(faults)
    await window.save()
    if input.monitor_ids is not UNSET:
        await models.MaintenanceMonitor.filter(window_id=window.id).delete()
        links = [models.MaintenanceMonitor(window_id=window.id, monitor_id=monitor) for monitor in monitors]
        await models.MaintenanceMonitor.bulk_create(links)


def _apply(window: models.MaintenanceWindow, input: Given) -> None:
    for name, value in said(input, schema.CreateMaintenanceWindowInput, "monitor_ids"):
        setattr(window, name, value)
    window.title = window.title.strip()
    window.starts_at = window.starts_at.replace(microsecond=0)
    window.ends_at = window.ends_at.replace(microsecond=0)
    window.rrule = window.rrule.upper() if window.rrule else None
