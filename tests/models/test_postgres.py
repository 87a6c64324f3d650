"""A transaction that cannot begin gives its connection back to the pool."""

import asyncio
from typing import Any, cast

import pytest
from tortoise.transactions import in_transaction

from is0k.models.sql import connection, fetch

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("on_postgres", "open_database")]


async def work() -> None:
    async with in_transaction():
        await fetch("SELECT 1 AS one")


async def test_however_often_a_beginning_is_cancelled_the_pool_stays_whole() -> None:
    for steps in range(60):
        task = asyncio.create_task(work())
        for _ in range(steps % 12):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})

    await asyncio.wait_for(asyncio.gather(*(work() for _ in range(10))), 5)
    pool = cast(Any, connection())._pool
    assert pool.get_idle_size() == pool.get_size()
