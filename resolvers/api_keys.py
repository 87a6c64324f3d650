"""API keys: made, listed and deleted. The key itself is shown once and never stored."""

from datetime import timedelta

import strawberry

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.operation import operation
from is0k.schema.api_key import hash_key, new_key
from is0k.schema.enums import Scope
from is0k.schema.errors import ApiKeyNotFound
from is0k.schema.ids import Prefix, decode


@operation(Scope.ADMIN)
async def create_api_key(ctx: Context, input: schema.CreateApiKeyInput) -> schema.NewApiKey:
    """Make an API key. The answer is the only place it is ever shown."""
    key = new_key()
    days = input.expires_in_days
    row = await models.ApiKey.create(
        organization_id=ctx.organization_id,
        name=input.name.strip(),
        scope=input.scope,
        hash=hash_key(key),
        hint=f"{key[:12]}…{key[-4:]}",
        expires_at=ctx.clock.now() + timedelta(days=days) if days else None,
    )
    return schema.NewApiKey(api_key=row.to_schema(), key=key)


@operation(Scope.ADMIN)
async def list_api_keys(ctx: Context) -> list[schema.ApiKey]:
    """All API keys, newest first."""
    rows = await models.ApiKey.of(ctx.organization_id).order_by("-id")
    return [row.to_schema() for row in rows]


@operation(Scope.ADMIN)
async def delete_api_key(ctx: Context, id: strawberry.ID) -> schema.Deleted:
    """Delete an API key; from then on it is refused."""
    uuid = decode(Prefix.API_KEY, id)
    if uuid is None or not await models.ApiKey.of(ctx.organization_id).filter(id=uuid).delete():
        raise ApiKeyNotFound(id)
    return schema.Deleted(id=id)
