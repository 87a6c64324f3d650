"""What people may do with alert channels."""

from dataclasses import replace
from typing import Any

import strawberry
from tortoise.transactions import in_transaction

from is0k import models, schema
from is0k.models.alerting import count_channels, read_channel, read_channels
from is0k.models.organization import public_id
from is0k.resolvers.context import Context
from is0k.resolvers.deliveries import begin_test, one_test_at_a_time, send_test
from is0k.resolvers.gates import require_channel_type
from is0k.resolvers.operation import operation
from is0k.resolvers.own_rows import locked_row
from is0k.resolvers.typed import changed, chosen
from is0k.schema.alert_channel import SETTINGS
from is0k.schema.clock import milliseconds
from is0k.schema.enums import ChannelType, Scope
from is0k.schema.errors import AlertChannelNotFound, ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix, decode
from is0k.schema.page import Page, PageArguments, decode_id_cursor, page_by_id
from is0k.schema.patches import said
from is0k.schema.typed_settings import build, dump
from is0k.schema.webhook_settings import WebhookSettings, completed

CHANNEL = models.AlertChannel, Prefix.ALERT_CHANNEL, AlertChannelNotFound


@operation(Scope.READ)
async def get_alert_channel(ctx: Context, id: strawberry.ID) -> schema.AlertChannel:
    """One alert channel."""
    uuid = decode(Prefix.ALERT_CHANNEL, id)
    channel = await read_channel(ctx.organization_id, uuid) if uuid else None
    if channel is None:
        raise AlertChannelNotFound(id)
    return channel


@operation(Scope.READ)
async def list_alert_channels(
    ctx: Context, filter: schema.AlertChannelFilter, page: PageArguments
) -> Page[schema.AlertChannel]:
    """Alert channels, newest first."""
    organization_id = ctx.organization_id
    before = decode_id_cursor(page.cursor, Prefix.ALERT_CHANNEL) if page.cursor else None
    found = await read_channels(organization_id, filter, before, page.limit + 1)
    return page_by_id(found, page.limit, lambda: count_channels(organization_id, filter))


@operation(Scope.WRITE)
async def create_alert_channel(ctx: Context, input: schema.CreateAlertChannelInput) -> schema.AlertChannel:
    """Tell another place. Where there is a signing secret, this answer alone shows it in full."""
    type, given = chosen(ChannelType, input.settings)
    require_channel_type(ctx, type)
    _require_enabled(ctx, type)
    settings = _completed(ctx, build(SETTINGS[type], given))
    open_part, secrets = dump(settings)
    channel = await models.AlertChannel.create(
        organization_id=ctx.organization_id,
        name=input.name.strip(),
        type=type.value,
        enabled=input.enabled,
        is_default=input.is_default,
        events=_words(input.events),
        settings=open_part,
        secrets=secrets,
    )
    made = await get_alert_channel(ctx, public_id(Prefix.ALERT_CHANNEL, channel.id))
    return _with_secret(made, settings)


@operation(Scope.WRITE)
async def update_alert_channel(
    ctx: Context, id: strawberry.ID, input: schema.UpdateAlertChannelInput
) -> schema.AlertChannel:
    """Change an alert channel: what is present is set, what is absent is kept, null goes back to the default."""
    async with in_transaction():
        channel = await locked_row(ctx, *CHANNEL, id)
        before = channel.typed_settings
        _apply(channel, input)
        settings = before
        if input.settings:
            wanted = changed("channel", channel.channel_type, before, input.settings)
            settings = _completed(ctx, wanted, before)
            channel.settings, channel.secrets = dump(settings)
        await channel.save()
    shown = await get_alert_channel(ctx, id)
    is_new = isinstance(settings, WebhookSettings) and settings.secret != before.secret
    return _with_secret(shown, settings) if is_new else shown


@operation(Scope.WRITE)
async def delete_alert_channel(ctx: Context, id: strawberry.ID) -> schema.Deleted:
    """Tell this place no more. Monitors no longer name it, and the record of its deliveries goes with it."""
    async with in_transaction():
        channel = await locked_row(ctx, *CHANNEL, id)
        await channel.delete()
    return schema.Deleted(id=id)


@operation(Scope.WRITE)
async def test_alert_channel(ctx: Context, id: strawberry.ID) -> schema.Delivery:
    """Send a test message, now, and wait for what the receiver says."""
    async with in_transaction():
        await one_test_at_a_time(ctx)
        channel = await locked_row(ctx, *CHANNEL, id)
        _require_enabled(ctx, channel.channel_type)
        delivery = await begin_test(ctx, channel)
    return await send_test(ctx, channel, delivery)


async def channel_type(ctx: Context, id: strawberry.ID) -> ChannelType:
    """Which settings a REST body may hold. Raises AlertChannelNotFound."""
    return (await get_alert_channel(ctx, id)).type


def _require_enabled(ctx: Context, type: ChannelType) -> None:
    if type is ChannelType.APPRISE and not ctx.services.apprise:
        message = "Is not enabled here; the operator of this is0k can enable it: IS0K_APPRISE=true"
        raise ValidationFailed([Fault(("settings", type.value), "NOT_ENABLED", message)])


def _apply(channel: models.AlertChannel, input: schema.UpdateAlertChannelInput) -> None:
    for name, value in said(input, schema.CreateAlertChannelInput, "settings"):
        setattr(channel, name, _words(value) if name == "events" else value)
    channel.name = channel.name.strip()


def _words(events: list[schema.ChannelEvent]) -> list[str]:
    return [event.value for event in events]


def _completed(ctx: Context, settings: Any, before: Any = None) -> Any:
    is_webhook = isinstance(settings, WebhookSettings)
    return completed(settings, before, milliseconds(ctx.clock.now())) if is_webhook else settings


def _with_secret(channel: schema.AlertChannel, settings: object) -> schema.AlertChannel:
    """The one answer that shows the secret a receiver has to know."""
    if isinstance(settings, WebhookSettings) and isinstance(channel.settings, WebhookSettings):
        channel.settings = replace(channel.settings, secret=settings.secret)
    return channel
