"""What a plan does not allow is refused, with what it allows and which plan has more."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from is0k import models, schema
from is0k.resolvers.checks import list_checks
from is0k.resolvers.context import Context
from is0k.resolvers.gates import require_channel_type
from is0k.resolvers.monitors import create_monitor, delete_monitor, update_monitor
from is0k.resolvers.stats import get_stats
from is0k.schema.enums import ChannelType, MonitorType, Plan
from is0k.schema.errors import DomainError, PlanLimitReached, PlanUpgradeRequired
from is0k.schema.page import PageArguments
from is0k.schema.plans import CHANNEL_TYPE_PLANS, LIMITS, MONITOR_TYPE_PLANS, channel_types, monitor_types
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio


def on(ctx: Context, plan: Plan) -> Context:
    assert ctx.actor is not None
    return replace(ctx, actor=replace(ctx.actor, plan=plan))


def told(refused: pytest.ExceptionInfo[DomainError]) -> tuple[str, str, list[list[str]]]:
    return refused.value.code, refused.value.message, [fault.field for fault in refused.value.faults]


def test_the_table_is_that_of_the_contract() -> None:
    assert {plan: (limits.requests_per_minute, limits.min_interval_seconds) for plan, limits in LIMITS.items()} == {
        Plan.FREE: (None, 300),
        Plan.HOBBY: (None, 60),
        Plan.PRO: (100, 30),
        Plan.BUSINESS: (500, 10),
        Plan.ENTERPRISE: (1000, 5),
    }
    assert [(limits.monitors, limits.history_days) for limits in LIMITS.values()] == [
        (10, 30),
        (25, 90),
        (100, 365),
        (500, 730),
        (None, 1095),
    ]


def test_every_type_has_a_plan_that_begins_with_it() -> None:
    assert set(MONITOR_TYPE_PLANS) == set(MonitorType)
    assert set(CHANNEL_TYPE_PLANS) == set(ChannelType)
    assert monitor_types(Plan.ENTERPRISE) == list(MonitorType)
    assert channel_types(Plan.FREE) == [ChannelType.EMAIL]
    assert channel_types(Plan.PRO) == [type for type in ChannelType if type.value not in ("sms", "apprise")]


async def test_a_type_of_channel_the_plan_has_not_names_the_plan_that_has(ctx: Context) -> None:
    with pytest.raises(PlanUpgradeRequired) as refused:
        require_channel_type(on(ctx, Plan.PRO), ChannelType.SMS)

    message = "The Pro plan has no alert channels of type sms; the Business plan has it"
    assert told(refused) == ("PLAN_UPGRADE_REQUIRED", message, [["settings", "sms"]])


@pytest.mark.parametrize(
    ("plan", "seconds", "words"),
    [
        (Plan.FREE, 60, "The Free plan checks every 300 s at most; the Hobby plan allows more"),
        (Plan.PRO, 29, "The Pro plan checks every 30 s at most; the Business plan allows more"),
        (Plan.BUSINESS, 5, "The Business plan checks every 10 s at most; the Enterprise plan allows more"),
    ],
)
async def test_an_interval_shorter_than_the_plans_is_refused(
    ctx: Context, plan: Plan, seconds: int, words: str
) -> None:
    with pytest.raises(PlanLimitReached) as refused:
        await new_monitor(on(ctx, plan), intervalSeconds=seconds)

    assert told(refused) == ("PLAN_LIMIT_REACHED", words, [["intervalSeconds"]])
    assert await models.Monitor.all().count() == 0


async def test_an_interval_from_a_better_plan_may_stay_but_not_get_shorter(ctx: Context) -> None:
    monitor, pro = await new_monitor(ctx, intervalSeconds=10), on(ctx, Plan.PRO)

    renamed = await update_monitor(pro, monitor.id, schema.UpdateMonitorInput(name="Blog", interval_seconds=10))
    with pytest.raises(PlanLimitReached):
        await update_monitor(pro, monitor.id, schema.UpdateMonitorInput(interval_seconds=9))
    slower = await update_monitor(pro, monitor.id, schema.UpdateMonitorInput(interval_seconds=20))

    assert (renamed.name, renamed.interval_seconds, slower.interval_seconds) == ("Blog", 10, 20)


async def test_the_last_monitor_of_a_plan_is_made_once_however_many_ask(ctx: Context) -> None:
    free = on(ctx, Plan.FREE)
    made = [await new_monitor(free, intervalSeconds=300) for _ in range(9)]
    slow = schema.CreateMonitorInput(
        name="Shop",
        settings=schema.MonitorSettingsInput(http=schema.HttpSettings(url="https://shop.example")),
        interval_seconds=300,
    )

    tries = await asyncio.gather(*(create_monitor(free, slow) for _ in range(5)), return_exceptions=True)

    refusals = [refusal for refusal in tries if isinstance(refusal, PlanLimitReached)]
    assert len(refusals) == 4
    assert {refusal.message for refusal in refusals} == {
        "The Free plan has 10 monitors at most; the Hobby plan allows more"
    }
    assert await models.Monitor.all().count() == await models.MonitorState.all().count() == 10
    await delete_monitor(free, made[0].id)
    assert (await create_monitor(free, slow)).name == "Shop"


async def test_what_is_older_than_the_plans_history_is_refused_and_not_shown_as_empty(ctx: Context) -> None:
    monitor, free = await new_monitor(ctx), on(ctx, Plan.FREE)
    since = ctx.clock.now() - timedelta(days=31)
    asked = (
        list_checks(free, monitor.id, schema.CheckFilter(from_=since), PageArguments()),
        get_stats(free, monitor.id, schema.StatsRange(from_=since)),
        get_stats(free, monitor.id, schema.StatsRange(period=schema.Period.DAY_90)),
        free.nested.stats_of(monitor, schema.StatsRange(period=schema.Period.DAY_90)),
        free.nested.checks_of(monitor, schema.CheckFilter(from_=since), PageArguments()),
        free.nested.bars_of(monitor, 32),
    )

    for question in asked:
        with pytest.raises(PlanLimitReached) as refused:
            await question

        assert told(refused)[0] == "PLAN_LIMIT_REACHED"
        assert refused.value.message == "The Free plan keeps 30 days of history; the Hobby plan allows more"


async def test_the_whole_history_of_a_plan_can_be_asked_for(ctx: Context) -> None:
    monitor = await new_monitor(ctx)

    found = await get_stats(on(ctx, Plan.PRO), monitor.id, schema.StatsRange(period=schema.Period.DAY_365))

    assert found.checks.total == 0
