"""Is it alive, and can it work? Asked without a key."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from is0k.models import database
from is0k.resolvers.context import Context
from is0k.tests.stage.api import Answer, Api, serving
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor
from is0k.tests.stage.valkey import Valkey
from is0k.web.health import health_routes
from is0k.web.request_id import RequestId

pytestmark = pytest.mark.anyio


async def ask(api: Api, path: str) -> Answer:
    return await api.with_key(None).send("GET", path)


async def test_healthz_says_that_the_process_runs_whatever_else_is_away(api: Api) -> None:
    answer = await ask(api, "/healthz")

    assert (answer.status, answer.body) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


async def test_readyz_names_redis_when_it_is_away(api: Api) -> None:
    answer = await ask(api, "/readyz")

    assert (answer.status, answer.body["status"]) == (503, "unready")
    assert list(answer.body["problems"]) == ["redis"]
    assert "/nowhere" in answer.body["problems"]["redis"]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
async def ready(ctx: Context, valkey: Valkey, clock: FakeClock) -> AsyncIterator[Api]:
    """Health with a Redis that is there."""
    async with Redis.from_url(valkey.url) as redis:
        app: Any = RequestId(Starlette(routes=health_routes(redis.ping, clock)))
        async with serving(app, ctx) as api:
            yield api


async def test_readyz_is_200_when_all_is_there(ready: Api) -> None:
    answer = await ask(ready, "/readyz")

    assert (answer.status, answer.body) == (200, {"status": "ready", "problems": {}})


async def test_readyz_names_the_scheduler_when_checks_are_late(ready: Api, ctx: Context, clock: FakeClock) -> None:
    await new_monitor(ctx)
    clock.move(30)
    assert (await ask(ready, "/readyz")).status == 200

    clock.move(1)
    answer = await ask(ready, "/readyz")
    assert (answer.status, answer.body["problems"]) == (
        503,
        {"scheduler": "checks are 31 s late; is a worker running?"},
    )


async def test_paused_monitors_are_not_late(ready: Api, ctx: Context, clock: FakeClock) -> None:
    await new_monitor(ctx, paused=True)
    clock.move(3_600)

    assert (await ask(ready, "/readyz")).status == 200


async def test_readyz_names_the_database_when_it_is_away(ready: Api) -> None:
    await database.close()

    answer = await ask(ready, "/readyz")

    assert answer.status == 503
    assert list(answer.body["problems"]) == ["database", "scheduler"]
