"""Organizations: made on the first start, put on a plan by the operator."""

import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from is0k import models, schema
from is0k.models.organization import first_organization_id
from is0k.resolvers.api_keys import create_api_key
from is0k.resolvers.context import Actor, Context
from is0k.resolvers.operation import operation
from is0k.schema.enums import Plan, Scope
from is0k.schema.errors import OrganizationNotFound

ADMIN_EMAIL = "admin@localhost"


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What is printed once and cannot be read again."""

    email: str
    password: str
    api_key: str


async def first_start() -> FirstStart | None:
    """Make the organization, its admin and an API key; None when there is an organization already."""
    password = secrets.token_urlsafe(12)
    password_hash = PasswordHasher().hash(password)
    try:
        async with in_transaction():
            if await models.Organization.exists():
                return None
            organization = await models.Organization.create(name="My organization")
            await models.User.create(organization_id=organization.id, email=ADMIN_EMAIL, password_hash=password_hash)
            ctx = Context(Actor(organization.id, Scope.ADMIN))
            key = await create_api_key(ctx, schema.CreateApiKeyInput(name="First key", scope=Scope.ADMIN))
    except IntegrityError:  # two servers started at once, and the other has made its admin first
        return None
    return FirstStart(ADMIN_EMAIL, password, key.key)


async def operator_context() -> Context:
    """The context of the machine's operator, who acts for its organization. Raises OrganizationNotFound."""
    organization_id = await first_organization_id()
    if organization_id is None:
        raise OrganizationNotFound("of this server (run `is0k up` once)")
    return Context(Actor(organization_id, Scope.ADMIN))


@operation(Scope.ADMIN)
async def set_plan(ctx: Context, plan: Plan, rate_limit: int | None) -> None:
    """Put the organization on a plan; `rate_limit` in requests a minute, None for the plan's own."""
    await models.Organization.filter(id=ctx.organization_id).update(plan=plan, rate_limit=rate_limit)
