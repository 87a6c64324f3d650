"""Which alert channels a monitor names, and who may be named."""

from typing import Any

import pytest

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor, get_monitor, list_monitors, update_monitor
from is0k.resolvers.root import graphql_schema
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorType
from is0k.schema.errors import ValidationFailed
from is0k.schema.ids import Prefix, encode, uuid7
from is0k.schema.page import PageArguments
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.people import new_channel, new_monitor

pytestmark = pytest.mark.anyio


async def edit(ctx: Context, monitor: schema.Monitor, **fields: Any) -> schema.Monitor:
    input = read(schema.UpdateMonitorInput, fields, Flat(MonitorType, MonitorType.HTTP))
    return await update_monitor(ctx, monitor.id, input)


async def faults(refused: pytest.ExceptionInfo[ValidationFailed]) -> dict[str, str]:
    return {" ".join(fault.field): fault.code for fault in refused.value.faults}


async def test_a_monitor_names_its_channels_oldest_first(ctx: Context) -> None:
    first, second, _ = [await new_channel(ctx) for _ in range(3)]

    monitor = await new_monitor(ctx, alertChannelIds=[second.id, first.id])

    assert monitor.alert_channel_ids == [first.id, second.id]
    assert (await new_monitor(ctx)).alert_channel_ids == []


async def test_an_edit_sets_them_keeps_them_or_clears_them(ctx: Context) -> None:
    first, second = await new_channel(ctx), await new_channel(ctx)
    monitor = await new_monitor(ctx, alertChannelIds=[first.id])

    assert (await edit(ctx, monitor, name="Blog")).alert_channel_ids == [first.id]
    links = await models.MonitorChannel.all().values_list("id", flat=True)
    both = await edit(ctx, monitor, alertChannelIds=[first.id, second.id])
    assert both.alert_channel_ids == [first.id, second.id]
    assert set(links) < set(await models.MonitorChannel.all().values_list("id", flat=True))
    assert (await edit(ctx, monitor, alertChannelIds=[second.id])).alert_channel_ids == [second.id]
    assert (await edit(ctx, monitor, alertChannelIds=None)).alert_channel_ids == []


async def test_whom_it_tells_does_not_begin_a_new_watch(ctx: Context) -> None:
    channel, monitor = await new_channel(ctx), await new_monitor(ctx)

    await edit(ctx, monitor, alertChannelIds=[channel.id])

    assert (await models.MonitorState.get()).epoch == 0


async def test_every_id_that_is_not_there_is_told_at_once_and_nothing_is_done(ctx: Context, stranger: Context) -> None:
    own, theirs = await new_channel(ctx), await new_channel(stranger)
    unknown = encode(Prefix.ALERT_CHANNEL, uuid7())
    monitor = await new_monitor(ctx, alertChannelIds=[own.id])
    ids = [unknown, own.id, theirs.id, "x", "", monitor.id]
    told = {f"alertChannelIds {place}": "ALERT_CHANNEL_NOT_FOUND" for place in (0, 2, 3, 4, 5)}

    with pytest.raises(ValidationFailed) as refused:
        await edit(ctx, monitor, name="New", alertChannelIds=ids)
    assert await faults(refused) == told
    with pytest.raises(ValidationFailed) as refused:
        await new_monitor(ctx, alertChannelIds=ids)
    assert await faults(refused) == told

    assert refused.value.faults[1].message == f"Alert channel with ID {theirs.id} not found"
    assert await get_monitor(ctx, monitor.id) == monitor
    assert await models.Monitor.all().count() == 1


async def test_a_channel_is_named_once_and_there_are_at_most_20(ctx: Context) -> None:
    channels = [(await new_channel(ctx)).id for _ in range(21)]

    assert (await new_monitor(ctx, alertChannelIds=channels[:20])).alert_channel_ids == channels[:20]
    with pytest.raises(ValidationFailed) as refused:
        await new_monitor(ctx, alertChannelIds=channels)
    assert await faults(refused) == {"alertChannelIds": "TOO_MANY"}
    with pytest.raises(ValidationFailed) as refused:
        await new_monitor(ctx, alertChannelIds=[channels[0], channels[0]])
    assert await faults(refused) == {"alertChannelIds 1": "DUPLICATE"}


async def test_a_deleted_monitor_names_nobody(ctx: Context) -> None:
    channel = await new_channel(ctx)
    monitor = await new_monitor(ctx, alertChannelIds=[channel.id])

    await delete_monitor(ctx, monitor.id)

    assert await models.MonitorChannel.all().count() == 0
    assert await models.AlertChannel.all().count() == 1


async def test_a_list_of_monitors_is_one_statement_with_all_their_channels(
    ctx: Context, statements: Statements
) -> None:
    channels = [(await new_channel(ctx)).id for _ in range(3)]
    for count in range(4):
        await new_monitor(ctx, alertChannelIds=channels[:count])

    with statements() as sent:
        page = await list_monitors(ctx, schema.MonitorFilter(), PageArguments())

    assert len(sent) == 1
    assert [monitor.alert_channel_ids for monitor in page.items] == [channels[:count] for count in (3, 2, 1, 0)]


async def test_graphql_reads_the_channels_of_all_monitors_in_one_statement_more(
    ctx: Context, statements: Statements
) -> None:
    counts = []
    for number in range(1, 5):
        channel = await new_channel(ctx, name=f"Ops {number}")
        await new_monitor(ctx, name=f"Shop {number}", alertChannelIds=[channel.id])
        await new_monitor(ctx, name="Nobody's")
        with statements() as sent:
            query = "{ monitors { edges { node { name alertChannels { id name monitorCount } } } } }"
            answer = await graphql_schema.execute(query, {}, Context(ctx.actor, ctx.clock))
        counts.append(len(sent))

    assert counts == [2, 2, 2, 2]
    assert answer.data is not None
    shown = {edge["node"]["name"]: edge["node"]["alertChannels"] for edge in answer.data["monitors"]["edges"]}
    assert shown["Shop 4"] == [{"id": channel.id, "name": "Ops 4", "monitorCount": 1}]
    assert shown["Shop 1"][0]["name"] == "Ops 1"
    assert shown["Nobody's"] == []
