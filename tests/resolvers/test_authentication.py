from datetime import timedelta

import pytest

from is0k import models
from is0k.resolvers.api_keys import create_api_key, delete_api_key
from is0k.resolvers.authentication import authenticate
from is0k.resolvers.context import Actor, Context
from is0k.schema import CreateApiKeyInput, NewApiKey, Scope
from is0k.schema.api_key import new_key
from is0k.schema.errors import InvalidApiKey
from is0k.schema.ids import Prefix, decode
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def made(ctx: Context) -> NewApiKey:
    return await create_api_key(ctx, CreateApiKeyInput(name="x", scope=Scope.WRITE, expires_in_days=1))


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER  {} "])
async def test_a_key_tells_who_asks_and_what_they_may(
    ctx: Context, clock: FakeClock, made: NewApiKey, header: str
) -> None:
    actor = await authenticate(header.format(made.key), clock)

    assert actor == Actor(ctx.organization_id, Scope.WRITE, decode(Prefix.API_KEY, made.api_key.id))


@pytest.mark.parametrize("header", [None, ""])
async def test_without_a_key_nobody_asks(clock: FakeClock, open_database: None, header: str | None) -> None:
    assert await authenticate(header, clock) is None


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "{}", "Basic {}", "Bearer {}x", "Bearer x{}", "Bearer {0} {0}", "Bearer é{}"]
)
async def test_anything_else_is_refused(clock: FakeClock, made: NewApiKey, header: str) -> None:
    with pytest.raises(InvalidApiKey):
        await authenticate(header.format(made.key), clock)


async def test_a_typo_is_refused_without_asking_the_database(
    clock: FakeClock, made: NewApiKey, statements: Statements
) -> None:
    typo = made.key[:-1] + ("a" if made.key[-1] != "a" else "b")

    with statements() as asked, pytest.raises(InvalidApiKey):
        await authenticate(f"Bearer {typo}", clock)

    assert asked == []


async def test_a_key_nobody_made_is_refused(clock: FakeClock, open_database: None) -> None:
    with pytest.raises(InvalidApiKey):
        await authenticate(f"Bearer {new_key()}", clock)


async def test_a_deleted_key_is_refused(ctx: Context, clock: FakeClock, made: NewApiKey) -> None:
    await delete_api_key(ctx, made.api_key.id)

    with pytest.raises(InvalidApiKey):
        await authenticate(f"Bearer {made.key}", clock)


async def test_a_key_is_good_until_the_moment_it_expires(clock: FakeClock, made: NewApiKey) -> None:
    clock.move(timedelta(days=1).total_seconds() - 0.001)
    assert await authenticate(f"Bearer {made.key}", clock) is not None

    clock.move(0.001)
    with pytest.raises(InvalidApiKey):
        await authenticate(f"Bearer {made.key}", clock)


async def test_when_a_key_was_used_is_written_once_an_hour(clock: FakeClock, made: NewApiKey) -> None:
    first = clock.now()
    await authenticate(f"Bearer {made.key}", clock)
    clock.move(3_600)
    await authenticate(f"Bearer {made.key}", clock)
    assert (await models.ApiKey.get()).last_used_at == first

    clock.move(1)
    await authenticate(f"Bearer {made.key}", clock)
    assert (await models.ApiKey.get()).last_used_at == clock.now()


async def test_a_refused_key_was_not_used(clock: FakeClock, made: NewApiKey) -> None:
    clock.move(timedelta(days=2).total_seconds())

    with pytest.raises(InvalidApiKey):
        await authenticate(f"Bearer {made.key}", clock)

    assert (await models.ApiKey.get()).last_used_at is None
