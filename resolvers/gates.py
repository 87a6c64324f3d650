"""What the organization's plan allows. The table is schema/plans.py; here its refusals are put into words.

What an organization has from a better plan goes on working on a smaller one; only what is new or changed is judged.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from is0k import models
from is0k.resolvers.context import Context
from is0k.schema.enums import ChannelType, MonitorType, Plan
from is0k.schema.errors import PlanLimitReached, PlanUpgradeRequired
from is0k.schema.plans import CHANNEL_TYPE_PLANS, LIMITS, MONITOR_TYPE_PLANS, Limits

NOT_CHECKABLE = "A heartbeat monitor waits for its job to call: there is nothing that could be checked"


def require_monitor_type(ctx: Context, type: MonitorType) -> None:
    _require(ctx, MONITOR_TYPE_PLANS[type], f"has no monitors of type {type.value}", type.value)


def require_channel_type(ctx: Context, type: ChannelType) -> None:
    _require(ctx, CHANNEL_TYPE_PLANS[type], f"has no alert channels of type {type.value}", type.value)


def _require(ctx: Context, first: Plan, words: str, type: str) -> None:
    if not ctx.plan.includes(first):
        raise PlanUpgradeRequired(f"The {ctx.plan.title} plan {words}", first, "settings", type)


def require_interval(ctx: Context, seconds: int) -> None:
    least = LIMITS[ctx.plan].min_interval_seconds
    if seconds < least:
        better = _first_plan(lambda limits: limits.min_interval_seconds <= seconds)
        raise PlanLimitReached(f"The {ctx.plan.title} plan checks every {least} s at most", better, "interval_seconds")


async def require_room_for_monitor(ctx: Context) -> None:
    """Call it in the transaction that makes the monitor: of two at once the second waits here, and is counted."""
    most = LIMITS[ctx.plan].monitors
    if most is None:
        return
    await models.Organization.filter(id=ctx.organization_id).select_for_update(no_key=True).get()
    if await models.Monitor.of(ctx.organization_id).count() >= most:
        better = _first_plan(lambda limits: limits.monitors is None or limits.monitors > most)
        raise PlanLimitReached(f"The {ctx.plan.title} plan has {most} monitors at most", better)


def require_history(ctx: Context, since: datetime | None) -> None:
    """`since`: where what is asked for begins. A minute is given to whoever has counted the days himself."""
    days, now = LIMITS[ctx.plan].history_days, ctx.clock.now()
    if since and since < now - timedelta(days=days, minutes=1):
        better = _first_plan(lambda limits: since >= now - timedelta(days=limits.history_days, minutes=1))
        raise PlanLimitReached(f"The {ctx.plan.title} plan keeps {days} days of history", better, "from")


def require_history_days(ctx: Context, days: int) -> None:
    """How far back a status page shows."""
    most = LIMITS[ctx.plan].history_days
    if days > most:
        better = _first_plan(lambda limits: limits.history_days >= days)
        raise PlanLimitReached(f"The {ctx.plan.title} plan keeps {most} days of history", better, "history_days")


def _first_plan(allows: Callable[[Limits], bool]) -> Plan | None:
    return next((plan for plan, limits in LIMITS.items() if allows(limits)), None)
