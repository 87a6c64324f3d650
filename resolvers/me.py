"""Who asks, and what they may do."""

from is0k import models, schema
from is0k.models.organization import public_id
from is0k.resolvers.context import Actor, Context
from is0k.resolvers.operation import operation
from is0k.schema.enums import Scope
from is0k.schema.ids import Prefix
from is0k.schema.plans import LIMITS, channel_types, monitor_types


@operation(Scope.READ)
async def get_me(ctx: Context) -> schema.Me:
    """The organization behind this request, its plan and limits, and the API key that was shown."""
    assert ctx.actor is not None  # the operation has asked
    organization = await models.Organization.get(id=ctx.organization_id)
    return schema.Me(
        organization=schema.Organization(id=public_id(Prefix.ORGANIZATION, organization.id), name=organization.name),
        plan=ctx.plan,
        limits=limits_of(ctx.actor),
        usage=schema.PlanUsage(monitors=await models.Monitor.of(organization.id).count()),
        api_key=await _key_of(ctx.actor),
    )


def limits_of(actor: Actor) -> schema.PlanLimits:
    """The plan's, but for the requests a minute an organization may have of its own."""
    limits = LIMITS[actor.plan]
    return schema.PlanLimits(
        requests_per_minute=actor.requests_per_minute,
        min_interval_seconds=limits.min_interval_seconds,
        monitors=limits.monitors,
        history_days=limits.history_days,
        monitor_types=monitor_types(actor.plan),
        channel_types=channel_types(actor.plan),
    )


async def _key_of(actor: Actor) -> schema.ApiKey | None:
    key = await models.ApiKey.of(actor.organization_id).get_or_none(id=actor.key_id) if actor.key_id else None
    return key.to_schema() if key else None
