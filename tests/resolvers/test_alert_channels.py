"""Alert channels: made, read, changed and deleted; what is secret stays so."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from is0k import models, schema
from is0k.resolvers.alert_channels import (
    delete_alert_channel,
    get_alert_channel,
    list_alert_channels,
    update_alert_channel,
)
from is0k.resolvers.context import Context, Services
from is0k.resolvers.monitors import get_monitor
from is0k.schema.alert_channel import default_events
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import ChannelEvent, ChannelType, DeliveryStatus, Plan
from is0k.schema.errors import PlanUpgradeRequired, ValidationFailed
from is0k.schema.page import PageArguments
from is0k.schema.slack_settings import SlackSettings
from is0k.schema.webhook_settings import OVERLAP_MS, WebhookSettings
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.channels import GOOD, SECRET
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_channel, new_delivery, new_monitor

pytestmark = pytest.mark.anyio


async def edit(ctx: Context, channel: schema.AlertChannel, **fields: Any) -> schema.AlertChannel:
    """`edit(ctx, channel, webhookUrl="…")`, in the names of REST."""
    input = read(schema.UpdateAlertChannelInput, fields, Flat(ChannelType, channel.type))
    return await update_alert_channel(ctx, channel.id, input)


async def stored(channel: schema.AlertChannel) -> Any:
    return (await models.AlertChannel.get(name=channel.name)).typed_settings


async def listed(ctx: Context, limit: int = 50, cursor: str | None = None, **filter: Any) -> Any:
    return await list_alert_channels(
        ctx, schema.AlertChannelFilter(**filter), PageArguments(limit=limit, cursor=cursor)
    )


async def names(ctx: Context, **filter: Any) -> str:
    return " ".join(channel.name for channel in (await listed(ctx, **filter)).items)


async def test_a_new_channel_is_enabled_and_tells_what_somebody_has_to_act_on(ctx: Context) -> None:
    channel = await new_channel(ctx, name="  Ops ")

    assert channel == await get_alert_channel(ctx, channel.id)
    assert (channel.name, channel.type, channel.enabled, channel.is_default) == ("Ops", ChannelType.EMAIL, True, False)
    assert (channel.events, channel.monitor_count, channel.last_delivery) == (default_events(), 0, None)


@pytest.mark.parametrize("type", [type for type in GOOD if type not in ("apprise", "webhook")])
async def test_every_type_is_read_as_it_was_made(ctx: Context, type: str) -> None:
    channel = await new_channel(ctx, type=type, **GOOD[type])

    assert channel == await get_alert_channel(ctx, channel.id)
    assert channel.type is ChannelType(type)


async def test_credentials_are_masked_in_every_read_and_whole_in_the_store(ctx: Context) -> None:
    channel = await new_channel(ctx, type="slack", **GOOD["slack"])

    for shown in (channel, await get_alert_channel(ctx, channel.id), (await listed(ctx)).items[0]):
        assert shown.settings == SlackSettings(webhook_url="••••XXXX")
    assert await stored(channel) == SlackSettings(webhook_url=GOOD["slack"]["webhookUrl"])


async def test_the_answer_that_makes_a_webhook_alone_shows_its_secret(ctx: Context) -> None:
    made = await new_channel(ctx, type="webhook", url="https://example.com/", headers={"X-Key": "123456789"})

    shown = await get_alert_channel(ctx, made.id)
    assert isinstance(made.settings, WebhookSettings)
    assert made.settings.secret is not None
    assert made.settings.secret == (await stored(made)).secret
    assert made.settings.headers == {"X-Key": "••••6789"}
    assert shown.settings == replace(made.settings, secret="••••" + made.settings.secret[-4:])


async def test_a_secret_of_ones_own_is_kept(ctx: Context) -> None:
    channel = await new_channel(ctx, type="webhook", url="https://example.com/", secret=SECRET)

    assert (await stored(channel)).secret == SECRET


@pytest.mark.parametrize("given", [None, "whsec_" + "B" * 32])
async def test_an_edit_of_the_secret_rotates_it_and_shows_the_new_one_once(
    ctx: Context, clock: FakeClock, given: str | None
) -> None:
    before = await new_channel(ctx, type="webhook", url="https://example.com/", secret=SECRET)

    after = await edit(ctx, before, secret=given)

    settings = await stored(before)
    assert isinstance(after.settings, WebhookSettings)
    assert after.settings.secret == settings.secret != SECRET
    assert given in (None, settings.secret)
    assert settings.signing_secrets(clock.ms + OVERLAP_MS - 1) == [settings.secret, SECRET]
    shown = (await get_alert_channel(ctx, before.id)).settings
    assert isinstance(shown, WebhookSettings)
    assert shown.secret == "••••" + settings.secret[-4:]


async def test_other_edits_neither_rotate_nor_show_the_secret(ctx: Context) -> None:
    before = await new_channel(ctx, type="webhook", url="https://example.com/", secret=SECRET)

    after = await edit(ctx, before, name="Ops", url="https://example.com/2", secret="••••LaSw", headers={"A": "b"})

    assert (await stored(after)).signing_secrets(0) == [SECRET]
    assert isinstance(after.settings, WebhookSettings)
    assert after.settings.secret == "••••LaSw"


async def test_what_is_present_is_set_and_what_is_absent_is_kept(ctx: Context) -> None:
    before = await new_channel(ctx, type="slack", **GOOD["slack"], isDefault=True)

    after = await edit(ctx, before, name=" Night ", enabled=False, events=["down", "degraded"])

    assert after == replace(
        before,
        name="Night",
        enabled=False,
        events=[ChannelEvent.DOWN, ChannelEvent.DEGRADED],
        updated_at=after.updated_at,
    )
    assert await stored(after) == SlackSettings(webhook_url=GOOD["slack"]["webhookUrl"])


async def test_a_null_goes_back_to_the_default(ctx: Context) -> None:
    channel = await new_channel(ctx, enabled=False, isDefault=True, events=["down"])

    after = await edit(ctx, channel, enabled=None, isDefault=None, events=None)

    assert (after.enabled, after.is_default, after.events) == (True, False, default_events())


async def test_the_mask_of_something_else_changes_nothing(ctx: Context) -> None:
    channel = await new_channel(ctx, type="slack", **GOOD["slack"])

    with pytest.raises(ValidationFailed) as refused:
        await edit(ctx, channel, name="New", webhookUrl="••••YYYY")

    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        (["settings", "slack", "webhookUrl"], "MASKED")
    ]
    assert await get_alert_channel(ctx, channel.id) == channel


async def test_the_type_cannot_change(ctx: Context) -> None:
    channel = await new_channel(ctx)
    input = read(schema.UpdateAlertChannelInput, GOOD["slack"], Flat(ChannelType, ChannelType.SLACK))

    with pytest.raises(ValidationFailed) as refused:
        await update_alert_channel(ctx, channel.id, input)

    assert [fault.code for fault in refused.value.faults] == ["IMMUTABLE"]


async def test_a_deleted_channel_takes_its_links_and_its_deliveries_along(ctx: Context) -> None:
    gone, kept = await new_channel(ctx, name="gone"), await new_channel(ctx, name="kept")
    monitor = await new_monitor(ctx, alertChannelIds=[gone.id, kept.id])
    for channel in (gone, kept):
        await new_delivery(ctx, channel, DeliveryStatus.PENDING, seq=1)

    assert await delete_alert_channel(ctx, gone.id) == schema.Deleted(id=gone.id)

    assert (await get_monitor(ctx, monitor.id)).alert_channel_ids == [kept.id]
    assert await names(ctx) == "kept"
    assert await models.Delivery.all().count() == await models.MonitorChannel.all().count() == 1


async def test_channels_are_listed_newest_first_page_by_page(ctx: Context, stranger: Context) -> None:
    await new_channel(stranger, name="theirs")
    for name in "abc":
        await new_channel(ctx, name=name)

    first = await listed(ctx, limit=2)
    second = await listed(ctx, limit=2, cursor=first.next_cursor)

    assert [channel.name for channel in first.items + second.items] == ["c", "b", "a"]
    assert (first.has_next, second.has_next, await first.count_all()) == (True, False, 3)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"type": ChannelType.SLACK}, "Night 100%"),
        ({"enabled": False}, "Night 100%"),
        ({"enabled": True}, "Ops"),
        ({"q": "oP"}, "Ops"),
        ({"q": "0%"}, "Night 100%"),
        ({"q": "_"}, ""),
        ({"q": "n", "enabled": True}, ""),
    ],
)
async def test_filters_narrow_together(ctx: Context, filter: dict[str, Any], found: str) -> None:
    await new_channel(ctx, name="Ops")
    await new_channel(ctx, name="Night 100%", type="slack", enabled=False, **GOOD["slack"])

    page = await listed(ctx, **filter)

    assert " ".join(channel.name for channel in page.items) == found
    assert await page.count_all() == len(page.items)


async def test_a_list_tells_how_many_name_it_and_what_was_last_delivered_in_one_statement(
    ctx: Context, clock: FakeClock, statements: Statements
) -> None:
    idle, busy = await new_channel(ctx, name="idle"), await new_channel(ctx, name="busy")
    for _ in range(2):
        await new_monitor(ctx, alertChannelIds=[busy.id])
    await new_delivery(ctx, busy, seq=1)
    last = await new_delivery(ctx, busy, DeliveryStatus.FAILED, seq=2, response="no_service")

    with statements() as sent:
        page = await listed(ctx)

    assert len(sent) == 1
    shown = {channel.name: (channel.monitor_count, channel.last_delivery) for channel in page.items}
    assert shown["idle"] == (0, None)
    count, delivery = shown["busy"]
    assert delivery is not None
    assert (count, delivery.status, delivery.message) == (2, DeliveryStatus.FAILED, "no_service")
    assert abs(delivery.at - last.updated_at) < timedelta(milliseconds=1)
    assert idle.monitor_count == 0


async def test_a_plan_without_the_type_makes_none_and_goes_on_with_those_it_has(ctx: Context) -> None:
    channel = await new_channel(ctx, type="slack", **GOOD["slack"])
    assert ctx.actor is not None
    free = replace(ctx, actor=replace(ctx.actor, plan=Plan.FREE))

    with pytest.raises(PlanUpgradeRequired) as refused:
        await new_channel(free, type="slack", **GOOD["slack"])

    assert refused.value.message == "The Free plan has no alert channels of type slack; the Hobby plan has it"
    assert [fault.path for fault in refused.value.faults] == [("settings", "slack")]
    assert await models.AlertChannel.all().count() == 1
    assert (await edit(free, channel, name="Still here")).name == "Still here"


async def test_apprise_is_for_the_operator_to_enable(ctx: Context) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await new_channel(ctx, type="apprise", **GOOD["apprise"])

    [fault] = refused.value.faults
    assert (fault.path, fault.code) == (("settings", "apprise"), "NOT_ENABLED")
    assert "IS0K_APPRISE" in fault.message
    assert await models.AlertChannel.all().count() == 0
    enabled = replace(ctx, services=Services(apprise=True))
    assert (await new_channel(enabled, type="apprise", **GOOD["apprise"])).type is ChannelType.APPRISE
