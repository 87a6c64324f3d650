"""Organizations and the things they own, made the way people make them: through the verbs."""

from typing import Any

import strawberry

from is0k import models, schema
from is0k.resolvers.alert_channels import create_alert_channel
from is0k.resolvers.context import Actor, Context
from is0k.resolvers.incidents import create_incident
from is0k.resolvers.maintenance_windows import create_maintenance_window
from is0k.resolvers.monitors import create_monitor
from is0k.resolvers.status_pages import create_status_page
from is0k.schema.clock import Clock
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import ChannelType, DeliveryStatus, MonitorType, Scope
from is0k.schema.ids import Prefix, decode, encode


async def new_organization(name: str, clock: Clock) -> Context:
    organization = await models.Organization.create(name=name)
    return Context(Actor(organization.id, Scope.ADMIN), clock)


async def new_monitor(ctx: Context, **fields: Any) -> schema.Monitor:
    """A monitor, described the way REST does: `new_monitor(ctx, url="http://…", retries=1)` in camelCase JSON names."""
    body = {"name": "Shop", "type": "http", "url": "https://shop.example/health", **fields}
    return await create_monitor(ctx, read(schema.CreateMonitorInput, body, Flat(MonitorType)))


def http_settings(monitor: schema.Monitor) -> schema.HttpSettings:
    """Its settings, known to be those of an `http` monitor."""
    assert isinstance(monitor.settings, schema.HttpSettings)
    return monitor.settings


async def new_incident(ctx: Context, **fields: Any) -> schema.Incident:
    """An incident, described the way REST does."""
    return await create_incident(ctx, read(schema.CreateIncidentInput, {"title": "Shop is slow", **fields}))


async def new_page(ctx: Context, slug: str) -> strawberry.ID:
    """The id of a status page."""
    page = await models.StatusPage.create(organization_id=ctx.organization_id, name=slug, slug=slug)
    return strawberry.ID(encode(Prefix.STATUS_PAGE, page.id))


async def new_status_page(ctx: Context, **fields: Any) -> schema.StatusPage:
    """A status page, in the names of REST."""
    return await create_status_page(ctx, read(schema.CreateStatusPageInput, {"name": "Shop status", **fields}))


async def new_maintenance_window(ctx: Context, **fields: Any) -> schema.MaintenanceWindow:
    """An hour of work that begins an hour after the fake clock's start, in the names of REST."""
    hour = {"title": "Upgrade", "startsAt": "2026-11-23T13:00:00Z", "endsAt": "2026-11-23T14:00:00Z"}
    return await create_maintenance_window(ctx, read(schema.CreateMaintenanceWindowInput, {**hour, **fields}))


async def new_channel(ctx: Context, **fields: Any) -> schema.AlertChannel:
    """`new_channel(ctx, type="slack", webhookUrl="https://…")`; an e-mail address where nothing is said."""
    body = {"name": "Ops", "type": "email", **fields}
    body |= {"address": "ops@example.com"} if body["type"] == "email" and "address" not in body else {}
    return await create_alert_channel(ctx, read(schema.CreateAlertChannelInput, body, Flat(ChannelType)))


async def new_delivery(
    ctx: Context, channel: schema.AlertChannel, status: DeliveryStatus = DeliveryStatus.SENT, **columns: Any
) -> schema.Delivery:
    """As the senders of alerts leave one."""
    usual = {"kind": "down", "attempts": 1, "created_at": ctx.clock.now()}
    channel_id = decode(Prefix.ALERT_CHANNEL, channel.id)
    row = await models.Delivery.create(
        organization_id=ctx.organization_id, channel_id=channel_id, status=status.value, **{**usual, **columns}
    )
    return row.to_schema()
