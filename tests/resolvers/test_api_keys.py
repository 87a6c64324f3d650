from datetime import timedelta

import pytest
from strawberry import ID

from is0k import models
from is0k.resolvers.api_keys import create_api_key, delete_api_key, list_api_keys
from is0k.resolvers.context import Context
from is0k.schema import CreateApiKeyInput, Deleted, Scope
from is0k.schema.api_key import hash_key, is_well_formed
from is0k.schema.errors import ApiKeyNotFound, ValidationFailed
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_a_new_key_reads_and_does_not_expire_unless_somebody_says_so(ctx: Context) -> None:
    made = await create_api_key(ctx, CreateApiKeyInput(name=" Terraform "))

    assert is_well_formed(made.key)
    assert (made.api_key.name, made.api_key.scope) == ("Terraform", Scope.READ)
    assert (made.api_key.expires_at, made.api_key.last_used_at) == (None, None)


async def test_only_the_hash_of_a_key_is_stored(ctx: Context) -> None:
    made = await create_api_key(ctx, CreateApiKeyInput(name="Terraform", scope=Scope.WRITE))

    [row] = await models.ApiKey.all().values()
    assert bytes(row.pop("hash")) == hash_key(made.key)
    assert made.key not in str(row)
    assert row["hint"] == f"{made.key[:12]}…{made.key[-4:]}"


@pytest.mark.parametrize("days", [1, 3650])
async def test_a_key_may_expire(ctx: Context, clock: FakeClock, days: int) -> None:
    made = await create_api_key(ctx, CreateApiKeyInput(name="x", expires_in_days=days))

    assert made.api_key.expires_at == clock.now() + timedelta(days=days)


@pytest.mark.parametrize(
    ("input", "field"),
    [
        (CreateApiKeyInput(name=" "), "name"),
        (CreateApiKeyInput(name="x" * 101), "name"),
        (CreateApiKeyInput(name="x", expires_in_days=0), "expiresInDays"),
        (CreateApiKeyInput(name="x", expires_in_days=3651), "expiresInDays"),
    ],
)
async def test_what_is_not_valid_makes_no_key(ctx: Context, input: CreateApiKeyInput, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await create_api_key(ctx, input)

    assert [fault.field for fault in refused.value.faults] == [[field]]
    assert await models.ApiKey.exists() is False


async def test_keys_are_listed_newest_first_and_never_those_of_others(ctx: Context, stranger: Context) -> None:
    await create_api_key(stranger, CreateApiKeyInput(name="theirs"))
    made = [(await create_api_key(ctx, CreateApiKeyInput(name=name))).api_key for name in "ab"]

    assert await list_api_keys(ctx) == made[::-1]


async def test_a_deleted_key_is_gone(ctx: Context) -> None:
    gone, kept = [(await create_api_key(ctx, CreateApiKeyInput(name=name))).api_key for name in "ab"]

    assert await delete_api_key(ctx, gone.id) == Deleted(id=gone.id, deleted=True)

    assert await list_api_keys(ctx) == [kept]
    with pytest.raises(ApiKeyNotFound):
        await delete_api_key(ctx, gone.id)


@pytest.mark.parametrize("id", ["", "key_", "mon_01h455vb4pex5vsknk084sn02q", "key_01h455vb4pex5vsknk084sn02q"])
async def test_a_key_there_is_not_cannot_be_deleted(ctx: Context, id: str) -> None:
    with pytest.raises(ApiKeyNotFound) as refused:
        await delete_api_key(ctx, ID(id))

    assert refused.value.message == f"API key with ID {id} not found"


async def test_nobody_deletes_the_key_of_somebody_else(ctx: Context, stranger: Context) -> None:
    theirs = await create_api_key(stranger, CreateApiKeyInput(name="theirs"))

    with pytest.raises(ApiKeyNotFound):
        await delete_api_key(ctx, theirs.api_key.id)

    assert await list_api_keys(stranger) == [theirs.api_key]
