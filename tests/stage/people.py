"""Organizations and the things they own, made the way people make them: through the verbs."""

from typing import Any

from is0k import models, schema
from is0k.resolvers.context import Actor, Context
from is0k.resolvers.monitors import create_monitor
from is0k.schema.clock import Clock
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorType, Scope


async def new_organization(name: str, clock: Clock) -> Context:
    organization = await models.Organization.create(name=name)
    return Context(Actor(organization.id, Scope.ADMIN), clock)


async def new_monitor(ctx: Context, **fields: Any) -> schema.Monitor:
    """A monitor, described the way REST does: `new_monitor(ctx, url="http://…", retries=1)` in camelCase JSON names."""
    body = {"name": "Shop", "type": "http", "url": "https://shop.example/health", **fields}
    return await create_monitor(ctx, read(schema.CreateMonitorInput, body, Flat(MonitorType)))
