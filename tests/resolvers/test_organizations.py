import asyncio

import pytest
from argon2 import PasswordHasher

from is0k import models
from is0k.resolvers.authentication import authenticate
from is0k.resolvers.context import Actor, Context
from is0k.resolvers.organizations import FirstStart, first_start, operator_context, set_plan
from is0k.schema.clock import SystemClock
from is0k.schema.enums import Plan, Scope
from is0k.schema.errors import OrganizationNotFound

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("open_database")]


async def test_the_first_start_makes_an_organization_its_admin_and_a_key() -> None:
    made = await first_start()

    assert isinstance(made, FirstStart)
    organization, user = await models.Organization.get(), await models.User.get()
    assert (organization.name, organization.plan) == ("My organization", Plan.ENTERPRISE)
    assert (user.email, user.organization_id) == (made.email, organization.id) == ("admin@localhost", organization.id)
    assert PasswordHasher().verify(user.password_hash, made.password)
    actor = await authenticate(f"Bearer {made.api_key}", SystemClock())
    assert actor is not None
    assert (actor.organization_id, actor.scope) == (organization.id, Scope.ADMIN)


async def test_the_password_is_stored_only_as_its_hash() -> None:
    made = await first_start()
    assert made is not None

    [row] = await models.User.all().values()
    assert made.password not in str(row)
    assert row["password_hash"].startswith("$argon2id$")


async def test_a_second_start_makes_nothing() -> None:
    await first_start()

    assert await first_start() is None
    assert [await model.all().count() for model in (models.Organization, models.User, models.ApiKey)] == [1, 1, 1]


async def test_of_many_first_starts_at_once_one_is_the_first() -> None:
    made = await asyncio.gather(*(first_start() for _ in range(5)))

    assert len([one for one in made if one]) == 1
    assert [await model.all().count() for model in (models.Organization, models.User, models.ApiKey)] == [1, 1, 1]


async def test_the_operator_acts_for_the_organization_of_the_server() -> None:
    await first_start()

    organization = await models.Organization.get()
    assert (await operator_context()).actor == Actor(organization.id, Scope.ADMIN)


async def test_before_the_first_start_there_is_nobody_to_act_for() -> None:
    with pytest.raises(OrganizationNotFound) as refused:
        await operator_context()

    assert refused.value.message == "Organization with ID of this server (run `is0k up` once) not found"


async def test_the_operator_puts_an_organization_on_a_plan(ctx: Context, stranger: Context) -> None:
    await set_plan(ctx, Plan.PRO, 300)
    ours = await models.Organization.get(id=ctx.organization_id)
    assert (ours.plan, ours.rate_limit) == (Plan.PRO, 300)

    await set_plan(ctx, Plan.FREE, None)
    ours = await models.Organization.get(id=ctx.organization_id)
    assert (ours.plan, ours.rate_limit) == (Plan.FREE, None)

    theirs = await models.Organization.get(id=stranger.organization_id)
    assert (theirs.plan, theirs.rate_limit) == (Plan.ENTERPRISE, None)
