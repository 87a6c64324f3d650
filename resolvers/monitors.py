"""What people may do with monitors."""

import asyncio
from typing import Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from tortoise.transactions import in_transaction

from is0k import models, schema
from is0k.models.check import read_checks
from is0k.models.check import to_schema as check_to_schema
from is0k.models.heartbeat import begin_waiting, wait_anew
from is0k.models.last_good import forget_last_good
from is0k.models.monitor import count_monitors, joined, read_monitor, read_monitors
from is0k.models.monitor_state import begin_epoch, bring_forward, phase_ms, reschedule
from is0k.models.organization import public_id
from is0k.resolvers.announcer import IncidentChange, StatusChange
from is0k.resolvers.context import Context
from is0k.resolvers.deadline import allow
from is0k.resolvers.gates import NOT_CHECKABLE, require_interval, require_monitor_type, require_room_for_monitor
from is0k.resolvers.monitor_channels import set_channels
from is0k.resolvers.operation import operation
from is0k.resolvers.own_rows import locked_row
from is0k.resolvers.typed import changed, chosen
from is0k.schema.assertion import to_stored, type_faults
from is0k.schema.clock import milliseconds
from is0k.schema.enums import IncidentStatus, MonitorType, Scope
from is0k.schema.errors import MonitorNotFound, ServiceUnavailable, ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix, decode
from is0k.schema.monitor import SETTINGS, default_timeout_seconds, timeout_faults
from is0k.schema.page import Page, PageArguments, decode_id_cursor, page_by_id
from is0k.schema.patches import said
from is0k.schema.typed_settings import build, dump

CHECK_POLL_SECONDS = 0.05
# The scheduler claims every second; what is more is a worker that is not there.
PICK_UP_SECONDS = 5.0
# Fields of the input that are no column of their own.
APART = ("settings", "alert_channel_ids", "assertions")

MONITOR = models.Monitor, Prefix.MONITOR, MonitorNotFound


@operation(Scope.READ)
async def get_monitor(ctx: Context, id: strawberry.ID) -> schema.Monitor:
    """One monitor."""
    uuid = decode(Prefix.MONITOR, id)
    monitor = await read_monitor(ctx.organization_id, uuid, ctx.viewpoint) if uuid else None
    if monitor is None:
        raise MonitorNotFound(id)
    return monitor


@operation(Scope.READ)
async def list_monitors(ctx: Context, filter: schema.MonitorFilter, page: PageArguments) -> Page[schema.Monitor]:
    """Monitors, newest first."""
    organization_id, view = ctx.organization_id, ctx.viewpoint
    before = decode_id_cursor(page.cursor, Prefix.MONITOR) if page.cursor else None
    found = await read_monitors(organization_id, filter, before, page.limit + 1, view)
    return page_by_id(found, page.limit, lambda: count_monitors(organization_id, filter, view.now))


@operation(Scope.WRITE)
async def create_monitor(ctx: Context, input: schema.CreateMonitorInput) -> schema.Monitor:
    """Watch something new. Its first check runs at once."""
    type, settings = chosen(MonitorType, input.settings)
    require_monitor_type(ctx, type)
    require_interval(ctx, input.interval_seconds)
    open_part, secrets = dump(build(SETTINGS[type], settings))
    async with in_transaction():
        await require_room_for_monitor(ctx)
        monitor = await models.Monitor.create(
            organization_id=ctx.organization_id,
            name=input.name.strip(),
            type=type,
            settings=open_part,
            secrets=secrets,
            interval_seconds=input.interval_seconds,
            timeout_seconds=input.timeout_seconds or default_timeout_seconds(input.interval_seconds),
            retries=input.retries,
            recovery_checks=input.recovery_checks,
            degraded_after_ms=input.degraded_after_ms,
            regions=input.regions,
            assertions=[to_stored(assertion) for assertion in input.assertions],
            tag_words=joined(input.tags),
            paused=input.paused,
        )
        interval_ms = monitor.interval_seconds * 1000
        start_at = None if monitor.paused else milliseconds(ctx.clock.now())
        await models.MonitorState.create(
            number=monitor.number,
            interval_ms=interval_ms,
            phase_ms=phase_ms(monitor.id, interval_ms),
            regions=" ".join(monitor.regions),
            next_at=start_at,
            epoch_since=start_at,
        )
        if type is MonitorType.HEARTBEAT:
            await begin_waiting(monitor.number, milliseconds(ctx.clock.now()))
        if input.alert_channel_ids:
            await set_channels(ctx, monitor.id, input.alert_channel_ids)
    return await get_monitor(ctx, public_id(Prefix.MONITOR, monitor.id))


@operation(Scope.WRITE)
async def update_monitor(ctx: Context, id: strawberry.ID, input: schema.UpdateMonitorInput) -> schema.Monitor:
    """Change a monitor: what is present is set, what is absent is kept, null goes back to the default."""
    async with in_transaction():
        monitor, before = await locked_row(ctx, *MONITOR, id), await get_monitor(ctx, id)
        target, was_paused, interval_seconds = _target(monitor), monitor.paused, monitor.interval_seconds
        _apply(monitor, input)
        if monitor.interval_seconds < interval_seconds:
            require_interval(ctx, monitor.interval_seconds)
        await monitor.save()
        if input.alert_channel_ids is not UNSET:
            await set_channels(ctx, monitor.id, input.alert_channel_ids or [])
        is_other_target = _target(monitor) != target
        if is_other_target or monitor.paused != was_paused:
            await _begin_epoch(ctx, monitor)
            if is_other_target:
                await forget_last_good(monitor.number)
        else:
            await reschedule(*_schedule(monitor), milliseconds(ctx.clock.now()))
        after = await get_monitor(ctx, id)
    _announce_status(ctx, monitor.id, before, after)
    return after


@operation(Scope.WRITE)
async def delete_monitor(ctx: Context, id: strawberry.ID) -> schema.Deleted:
    """Stop watching, and forget what was seen. An incident that is open is resolved."""
    async with in_transaction():
        monitor = await locked_row(ctx, *MONITOR, id)
        now = ctx.clock.now()
        # The state before the incident, in the order the writer locks them.
        await models.MonitorState.filter(number=monitor.number).delete()
        await models.Heartbeat.filter(number=monitor.number).delete()
        open_incident = models.Incident.filter(monitor_number=monitor.number, resolved_at=None)
        resolved = [IncidentChange(row.id, [monitor.id]) for row in await open_incident.only("id")]
        await open_incident.update(resolved_at=now, status=IncidentStatus.RESOLVED, updated_at=now)
        # Its checks and roll-ups go later, in small parts; numbers are never given twice.
        await models.DeletedMonitor.create(number=monitor.number)
        await monitor.delete()
    ctx.announce(incidents=resolved)
    return schema.Deleted(id=id)


@operation(Scope.WRITE)
async def pause_monitor(ctx: Context, id: strawberry.ID) -> schema.Monitor:
    """Stop checking until it is resumed. A check under way no longer counts."""
    return await _set_paused(ctx, id, True)


@operation(Scope.WRITE)
async def resume_monitor(ctx: Context, id: strawberry.ID) -> schema.Monitor:
    """Check again, at once."""
    return await _set_paused(ctx, id, False)


@operation(Scope.WRITE)
async def check_monitor(ctx: Context, id: strawberry.ID) -> schema.Check:
    """Check now, out of turn, and wait for the result."""
    monitor = await get_monitor(ctx, id)
    if monitor.type is MonitorType.HEARTBEAT:
        raise ValidationFailed([Fault(("id",), "NOT_CHECKABLE", NOT_CHECKABLE)])
    tick = await bring_forward(monitor.number, milliseconds(ctx.clock.now()))
    if tick is None:
        raise ValidationFailed([Fault(("id",), "PAUSED", "The monitor is paused; resume it first")])
    patience = monitor.timeout_seconds + PICK_UP_SECONDS
    allow(patience + 1)  # so that it is this time-out that tells
    try:
        async with asyncio.timeout(patience):
            return await _check_since(monitor, tick)
    except TimeoutError:
        raise ServiceUnavailable("No worker has run the check in time; is one running?") from None


async def _check_since(monitor: schema.Monitor, tick: int) -> schema.Check:
    while True:
        rows = (await read_checks([monitor.number], schema.CheckFilter(), None, 1))[monitor.number]
        if rows and rows[0]["tick"] >= tick:
            return check_to_schema(rows[0], monitor.id)
        await asyncio.sleep(CHECK_POLL_SECONDS)


async def monitor_type(ctx: Context, id: strawberry.ID) -> MonitorType:
    """Which settings a REST body may hold. Raises MonitorNotFound."""
    return (await get_monitor(ctx, id)).type


async def _set_paused(ctx: Context, id: strawberry.ID, paused: bool) -> schema.Monitor:
    async with in_transaction():
        monitor, before = await locked_row(ctx, *MONITOR, id), await get_monitor(ctx, id)
        if monitor.paused == paused:
            return before
        monitor.paused = paused
        await monitor.save()
        await _begin_epoch(ctx, monitor)
        after = await get_monitor(ctx, id)
    _announce_status(ctx, monitor.id, before, after)
    return after


def _announce_status(ctx: Context, id: UUID, before: schema.Monitor, after: schema.Monitor) -> None:
    if before.status is not after.status:
        ctx.announce([StatusChange(id, before.status, after.status, milliseconds(ctx.clock.now()))])


async def _begin_epoch(ctx: Context, monitor: models.Monitor) -> None:
    now = milliseconds(ctx.clock.now())
    await begin_epoch(*_schedule(monitor), None if monitor.paused else now)
    if monitor.type is MonitorType.HEARTBEAT:
        await wait_anew(monitor.number, now)


def _schedule(monitor: models.Monitor) -> tuple[int, int, int, str]:
    interval_ms = monitor.interval_seconds * 1000
    return monitor.number, interval_ms, phase_ms(monitor.id, interval_ms), " ".join(monitor.regions)


def _target(monitor: models.Monitor) -> tuple[Any, Any]:
    """When it changes, what was found before is about something else."""
    return monitor.typed_settings, monitor.assertions


def _apply(monitor: models.Monitor, input: schema.UpdateMonitorInput) -> None:
    for name, value in said(input, schema.CreateMonitorInput, *APART):
        setattr(monitor, name, value)
    monitor.name = monitor.name.strip()
    if input.timeout_seconds is None or not (input.timeout_seconds or _fits(monitor)):
        monitor.timeout_seconds = default_timeout_seconds(monitor.interval_seconds)
    faults = [
        *timeout_faults(monitor.timeout_seconds, monitor.interval_seconds),
        *type_faults(monitor.type, input.assertions),
    ]
    if faults:
        raise ValidationFailed(faults)
    if input.assertions is not UNSET:
        monitor.assertions = [to_stored(assertion) for assertion in input.assertions or ()]
    if input.settings:
        monitor.settings, monitor.secrets = dump(
            changed("monitor", monitor.type, monitor.typed_settings, input.settings)
        )


def _fits(monitor: models.Monitor) -> bool:
    """A time-out nobody has spoken of follows an interval that became too short for it."""
    return monitor.timeout_seconds <= monitor.interval_seconds
