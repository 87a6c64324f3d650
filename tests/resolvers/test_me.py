from dataclasses import replace
from typing import Any

import pytest

from is0k import models
from is0k.resolvers.api_keys import create_api_key
from is0k.resolvers.context import Context
from is0k.resolvers.me import get_me
from is0k.schema import ApiKey, CreateApiKeyInput, MonitorType, Organization, PlanUsage
from is0k.schema.enums import ChannelType, Plan
from is0k.schema.ids import Prefix, decode, encode
from is0k.schema.plans import monitor_types
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio


def acting(ctx: Context, **changes: Any) -> Context:
    assert ctx.actor is not None
    return replace(ctx, actor=replace(ctx.actor, **changes))


async def test_it_is_the_callers_organization_and_what_it_uses(ctx: Context, stranger: Context) -> None:
    await new_monitor(ctx)
    await new_monitor(ctx, paused=True)
    await new_monitor(stranger)

    me = await get_me(ctx)
    assert me.organization == Organization(id=encode(Prefix.ORGANIZATION, ctx.organization_id), name="Ours")  # type: ignore[arg-type]
    assert (me.plan, me.usage, me.api_key) == (Plan.ENTERPRISE, PlanUsage(monitors=2), None)


async def test_the_key_of_the_request_is_shown_and_no_other(ctx: Context) -> None:
    key = (await create_api_key(ctx, CreateApiKeyInput(name="mine", expires_in_days=1))).api_key
    await create_api_key(ctx, CreateApiKeyInput(name="another"))

    me = await get_me(acting(ctx, key_id=decode(Prefix.API_KEY, key.id)))
    assert isinstance(me.api_key, ApiKey)
    assert me.api_key == key


@pytest.mark.parametrize(
    ("plan", "requests", "interval", "monitors", "days"),
    [
        (Plan.FREE, None, 300, 10, 30),
        (Plan.HOBBY, None, 60, 25, 90),
        (Plan.PRO, 100, 30, 100, 365),
        (Plan.BUSINESS, 500, 10, 500, 730),
        (Plan.ENTERPRISE, 1000, 5, None, 1095),
    ],
)
async def test_the_limits_are_those_of_the_plan(
    ctx: Context, plan: Plan, requests: int | None, interval: int, monitors: int | None, days: int
) -> None:
    me = await get_me(acting(ctx, plan=plan))

    limits = me.limits
    assert me.plan is plan
    assert (limits.requests_per_minute, limits.min_interval_seconds) == (requests, interval)
    assert (limits.monitors, limits.history_days) == (monitors, days)
    assert limits.monitor_types == monitor_types(plan)


async def test_the_types_are_those_of_the_plan(ctx: Context) -> None:
    free = (await get_me(acting(ctx, plan=Plan.FREE))).limits
    enterprise = (await get_me(acting(ctx, plan=Plan.ENTERPRISE))).limits

    assert (free.monitor_types, free.channel_types) == ([MonitorType.HTTP], [ChannelType.EMAIL])
    assert (set(enterprise.monitor_types), set(enterprise.channel_types)) == (set(MonitorType), set(ChannelType))


@pytest.mark.parametrize(("plan", "shown"), [(Plan.ENTERPRISE, 5000), (Plan.PRO, 5000), (Plan.HOBBY, None)])
async def test_an_organization_may_have_a_rate_of_its_own_where_there_is_an_api(
    ctx: Context, plan: Plan, shown: int | None
) -> None:
    me = await get_me(acting(ctx, plan=plan, rate_limit=5000))

    assert me.limits.requests_per_minute == shown


async def test_a_key_that_was_deleted_meanwhile_is_not_shown(ctx: Context) -> None:
    key = (await create_api_key(ctx, CreateApiKeyInput(name="mine"))).api_key
    await models.ApiKey.all().delete()

    assert (await get_me(acting(ctx, key_id=decode(Prefix.API_KEY, key.id)))).api_key is None
