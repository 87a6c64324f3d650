"""Tests that are sent, what is recorded of them, and telling again."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from is0k import models, schema
from is0k.models.organization import public_id
from is0k.resolvers.alert_channels import test_alert_channel as try_channel
from is0k.resolvers.context import Context
from is0k.resolvers.deliveries import TESTS_A_MINUTE, list_deliveries, replay_delivery
from is0k.schema.enums import DeliveryStatus, IncidentImpact, IncidentOrigin, IncidentStatus
from is0k.schema.errors import ChannelDeliveryFailed
from is0k.schema.http_errors import RateLimited
from is0k.schema.ids import Prefix, encode, uuid7
from is0k.schema.page import PageArguments
from is0k.tests.stage.channels import GOOD, FakeChannel, with_channel
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_channel, new_delivery

pytestmark = pytest.mark.anyio


@pytest.fixture
def mails() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def ours(ctx: Context, mails: FakeChannel) -> Context:
    return with_channel(ctx, mails)


async def ids(ctx: Context, **filter: Any) -> list[str]:
    page = await list_deliveries(ctx, schema.DeliveryFilter(**filter), PageArguments())
    assert await page.count_all() == len(page.items)
    return [delivery.id for delivery in page.items]


async def test_a_test_is_sent_and_recorded(ours: Context, mails: FakeChannel, clock: FakeClock) -> None:
    channel = await new_channel(ours)

    delivery = await try_channel(ours, channel.id)

    assert delivery == schema.Delivery(
        id=delivery.id,
        channel_id=channel.id,
        incident_id=None,
        kind="test",
        status=DeliveryStatus.SENT,
        attempts=1,
        next_attempt_at=None,
        response="taken",
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    [(settings, message)] = mails.sent
    assert settings.address == "ops@example.com"
    assert (message.id, message.event, message.title) == (
        delivery.id,
        "channel.test",
        "Test of the alert channel Ops",
    )
    assert (message.link, message.data) == ("https://is0k.example", {"channelId": channel.id})
    assert [row.to_schema() for row in await models.Delivery.all()] == [delivery]


async def test_a_refused_test_is_told_and_recorded(ours: Context, mails: FakeChannel) -> None:
    channel = await new_channel(ours)
    mails.refuses = "550 no such user"

    with pytest.raises(ChannelDeliveryFailed) as refused:
        await try_channel(ours, channel.id)

    row = await models.Delivery.get()
    assert refused.value.message == row.response == "550 no such user"
    assert (row.status, row.attempts, row.next_attempt_at) == ("failed", 1, None)


@pytest.mark.parametrize("type", ["slack", "discord", "telegram", "sms"])
async def test_a_type_nobody_has_written_yet_says_so(ours: Context, type: str) -> None:
    channel = await new_channel(ours, type=type, **GOOD[type])

    with pytest.raises(ChannelDeliveryFailed, match=f"This is0k cannot send through {type} yet"):
        await try_channel(ours, channel.id)

    assert (await models.Delivery.get()).status == "failed"


async def test_a_channel_that_is_off_can_be_tried(ours: Context, mails: FakeChannel) -> None:
    channel = await new_channel(ours, enabled=False)

    assert (await try_channel(ours, channel.id)).status is DeliveryStatus.SENT


async def test_an_organization_sends_ten_tests_a_minute_over_all_its_channels(
    ours: Context, mails: FakeChannel, clock: FakeClock
) -> None:
    channels = [await new_channel(ours), await new_channel(ours)]
    for number in range(TESTS_A_MINUTE):
        await try_channel(ours, channels[number % 2].id)
        clock.move(1)

    with pytest.raises(RateLimited) as refused:
        await try_channel(ours, channels[0].id)

    assert refused.value.message == "More than 10 tests of alert channels a minute; try again in 50 s"
    assert refused.value.headers == {"Retry-After": "50"}
    assert len(mails.sent) == await models.Delivery.all().count() == TESTS_A_MINUTE
    clock.move(50)
    await try_channel(ours, channels[0].id)
    with pytest.raises(RateLimited):
        await try_channel(ours, channels[0].id)


async def test_tests_that_come_at_once_are_counted_one_after_the_other(ours: Context, mails: FakeChannel) -> None:
    channel = await new_channel(ours)

    told = await asyncio.gather(
        *(try_channel(ours, channel.id) for _ in range(TESTS_A_MINUTE + 5)), return_exceptions=True
    )

    assert sum(isinstance(answer, RateLimited) for answer in told) == 5
    assert len(mails.sent) == TESTS_A_MINUTE


async def test_the_tests_of_others_do_not_count(ours: Context, stranger: Context, mails: FakeChannel) -> None:
    theirs = with_channel(stranger, mails)
    channel = await new_channel(theirs)
    for _ in range(TESTS_A_MINUTE):
        await try_channel(theirs, channel.id)

    assert (await try_channel(ours, (await new_channel(ours)).id)).status is DeliveryStatus.SENT


async def test_a_test_is_replayed_at_once_as_the_same_delivery(
    ours: Context, mails: FakeChannel, clock: FakeClock
) -> None:
    channel = await new_channel(ours)
    mails.refuses = "450 later"
    with pytest.raises(ChannelDeliveryFailed):
        await try_channel(ours, channel.id)
    id = public_id(Prefix.DELIVERY, (await models.Delivery.get()).id)
    mails.refuses = None

    with pytest.raises(RateLimited, match="More than 1 attempt of one test a minute; try again in 60 s"):
        await replay_delivery(ours, id)
    clock.move(60)
    delivery = await replay_delivery(ours, id)

    assert (delivery.id, delivery.status, delivery.attempts, delivery.response) == (
        id,
        DeliveryStatus.SENT,
        1,
        "taken",
    )
    assert [message.id for _, message in mails.sent] == [id, id]
    assert await ids(ours) == [id]


@pytest.mark.parametrize("status", [DeliveryStatus.SENT, DeliveryStatus.FAILED])
async def test_what_was_sent_or_given_up_is_due_again(
    ours: Context, mails: FakeChannel, clock: FakeClock, status: DeliveryStatus
) -> None:
    before = await new_delivery(ours, await new_channel(ours), status, attempts=7, response="no")
    clock.move(5)

    after = await replay_delivery(ours, before.id)

    assert (after.id, after.status, after.attempts, after.next_attempt_at) == (
        before.id,
        DeliveryStatus.PENDING,
        0,
        clock.now(),
    )
    assert (await models.Delivery.get()).to_schema() == after
    assert mails.sent == []


async def test_what_is_on_its_way_stays_as_it_is(ours: Context, clock: FakeClock) -> None:
    due = clock.now() + timedelta(minutes=5)
    before = await new_delivery(ours, await new_channel(ours), DeliveryStatus.PENDING, attempts=2, next_attempt_at=due)

    after = await replay_delivery(ours, before.id)

    assert (after.attempts, after.next_attempt_at) == (2, due)


async def test_deliveries_are_listed_newest_first_and_narrowed(ctx: Context, stranger: Context) -> None:
    await new_delivery(stranger, await new_channel(stranger))
    one, two = await new_channel(ctx), await new_channel(ctx)
    incident = await models.Incident.create(
        organization_id=ctx.organization_id,
        title="Shop is down",
        status=IncidentStatus.INVESTIGATING,
        impact=IncidentImpact.MAJOR,
        origin=IncidentOrigin.AUTOMATIC,
        started_at=ctx.clock.now(),
    )
    first = await new_delivery(ctx, one, incident_id=incident.id)
    second = await new_delivery(ctx, two, DeliveryStatus.FAILED)
    third = await new_delivery(ctx, one, DeliveryStatus.FAILED, seq=1)
    incident_id = public_id(Prefix.INCIDENT, incident.id)

    assert await ids(ctx) == [third.id, second.id, first.id]
    assert await ids(ctx, channel_id=one.id) == [third.id, first.id]
    assert await ids(ctx, channel_id=one.id, status=DeliveryStatus.FAILED) == [third.id]
    assert await ids(ctx, incident_id=incident_id) == [first.id]
    assert first.incident_id == incident_id
    for unknown in ("x", "", one.id, encode(Prefix.INCIDENT, uuid7())):
        assert await ids(ctx, incident_id=unknown) == []


async def test_the_pages_of_deliveries_go_on_where_the_cursor_says(ctx: Context) -> None:
    channel = await new_channel(ctx)
    made = [(await new_delivery(ctx, channel, seq=number)).id for number in range(3)]

    first = await list_deliveries(ctx, schema.DeliveryFilter(), PageArguments(limit=2))
    second = await list_deliveries(ctx, schema.DeliveryFilter(), PageArguments(limit=2, cursor=first.next_cursor))

    assert [delivery.id for delivery in [*first.items, *second.items]] == made[::-1]
    assert (first.has_next, second.has_next) == (True, False)
