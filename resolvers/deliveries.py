"""Deliveries: what was told to whom, and telling it again."""

import math
from datetime import datetime, timedelta

import strawberry
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from is0k import models, schema
from is0k.channels.base import Message
from is0k.channels.refusal import Refused
from is0k.models.organization import public_id
from is0k.resolvers.context import Context
from is0k.resolvers.operation import operation
from is0k.resolvers.own_rows import locked_row
from is0k.schema.enums import DeliveryStatus, Scope
from is0k.schema.errors import ChannelDeliveryFailed, DeliveryNotFound
from is0k.schema.http_errors import RateLimited
from is0k.schema.ids import Prefix, decode, uuid7
from is0k.schema.page import Page, PageArguments, decode_id_cursor, page_by_id

TEST = "test"
# Of an organization, not of a channel: many channels may lead to one stranger.
TESTS_A_MINUTE = 10
MINUTE = timedelta(minutes=1)


@operation(Scope.READ)
async def list_deliveries(ctx: Context, filter: schema.DeliveryFilter, page: PageArguments) -> Page[schema.Delivery]:
    """Deliveries, newest first."""
    wanted = _matching(ctx, filter)
    older = wanted.filter(id__lt=decode_id_cursor(page.cursor, Prefix.DELIVERY)) if page.cursor else wanted
    rows = await older.order_by("-id").limit(page.limit + 1)
    return page_by_id([row.to_schema() for row in rows], page.limit, wanted.count)


def _matching(ctx: Context, filter: schema.DeliveryFilter) -> QuerySet[models.Delivery]:
    wanted = models.Delivery.of(ctx.organization_id)
    if filter.channel_id is not None:
        wanted = wanted.filter(channel_id__in=_known(Prefix.ALERT_CHANNEL, filter.channel_id))
    if filter.incident_id is not None:
        wanted = wanted.filter(incident_id__in=_known(Prefix.INCIDENT, filter.incident_id))
    return wanted.filter(status=filter.status.value) if filter.status else wanted


def _known(prefix: Prefix, id: strawberry.ID) -> list[object]:
    """Nothing is found under a malformed id, as under any other that is not there."""
    uuid = decode(prefix, id)
    return [uuid] if uuid else []


@operation(Scope.WRITE)
async def replay_delivery(ctx: Context, id: strawberry.ID) -> schema.Delivery:
    """Deliver again what was sent or given up. A test goes out at once, all else in its turn."""
    async with in_transaction():
        await one_test_at_a_time(ctx)
        delivery = await locked_row(ctx, models.Delivery, Prefix.DELIVERY, DeliveryNotFound, id)
        if delivery.kind == TEST:
            channel = await models.AlertChannel.get(id=delivery.channel_id)
            await _begin(ctx, delivery)
        elif delivery.status != DeliveryStatus.PENDING.value:
            await _change(ctx, delivery, DeliveryStatus.PENDING, attempts=0, next_attempt_at=ctx.clock.now())
    return await send_test(ctx, channel, delivery) if delivery.kind == TEST else delivery.to_schema()


async def begin_test(ctx: Context, channel: models.AlertChannel) -> models.Delivery:
    """The record of a test that is about to be sent. After `one_test_at_a_time`. Raises RateLimited."""
    delivery = models.Delivery(
        id=uuid7(), organization_id=ctx.organization_id, channel_id=channel.id, kind=TEST, created_at=ctx.clock.now()
    )
    await _begin(ctx, delivery)
    return delivery


async def send_test(ctx: Context, channel: models.AlertChannel, delivery: models.Delivery) -> schema.Delivery:
    """Through the code of every alert. Not within a transaction. Raises ChannelDeliveryFailed."""
    try:
        message = _test_message(ctx, channel, delivery)
        receipt = await ctx.services.channels.send(channel.channel_type, channel.typed_settings, message)
    except Refused as refused:
        await _change(ctx, delivery, DeliveryStatus.FAILED, attempts=1, response=refused.words)
        raise ChannelDeliveryFailed(refused.words) from None
    await _change(ctx, delivery, DeliveryStatus.SENT, attempts=1, response=receipt.words)
    return delivery.to_schema()


def _test_message(ctx: Context, channel: models.AlertChannel, delivery: models.Delivery) -> Message:
    return Message(
        id=public_id(Prefix.DELIVERY, delivery.id),
        event="channel.test",
        at=ctx.clock.now(),
        title=f"Test of the alert channel {channel.name}",
        text="This is a test: nothing is down. Alerts of is0k will arrive here.",
        facts=[("Channel", channel.name), ("Type", channel.type)],
        link=ctx.services.public_url or None,
        data={"channelId": public_id(Prefix.ALERT_CHANNEL, channel.id)},
    )


async def one_test_at_a_time(ctx: Context) -> None:
    """Call it first in the transaction: of two tests that come at once the second waits here, and is counted."""
    await models.Organization.select_for_update(no_key=True).get(id=ctx.organization_id)


async def _begin(ctx: Context, delivery: models.Delivery) -> None:
    """Raises RateLimited when too many tests have gone out within a minute, or this one has."""
    now = ctx.clock.now()
    tests = models.Delivery.of(ctx.organization_id).filter(kind=TEST, updated_at__gt=now - MINUTE)
    lately = await tests.order_by("updated_at")
    for test in lately:
        if test.id == delivery.id:
            raise RateLimited(1, _seconds_left(test, now), "attempt of one test")
    if len(lately) >= TESTS_A_MINUTE:
        raise RateLimited(TESTS_A_MINUTE, _seconds_left(lately[-TESTS_A_MINUTE], now), "tests of alert channels")
    # Without a time for the next attempt: the senders of alerts leave it to us.
    await delivery.save()
    await _change(ctx, delivery, DeliveryStatus.PENDING, attempts=0)


def _seconds_left(test: models.Delivery, now: datetime) -> int:
    return max(1, math.ceil((test.updated_at + MINUTE - now).total_seconds()))


async def _change(ctx: Context, delivery: models.Delivery, status: DeliveryStatus, **columns: object) -> None:
    """In the row, if it is still there, and in our copy of it."""
    columns |= {"status": status.value, "updated_at": ctx.clock.now()}
    delivery.update_from_dict(columns)
    await models.Delivery.filter(id=delivery.id).update(**columns)
