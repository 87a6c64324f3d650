"""Parts are killed, the queue is emptied: the product heals by itself, and its monitors hardly notice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
import redis

from is0k.settings import valkey_socket
from is0k.tests.stage.api import Api
from is0k.tests.stage.product import Product, new_monitor
from is0k.tests.stage.shop import Shop
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

INTERVAL = timedelta(seconds=5)
# One tick may be lost; the next is on time, give or take how late a busy machine begins a check.
LONGEST_GAP = 2 * INTERVAL + timedelta(seconds=1.5)
HEAL_SECONDS = 15.0


@dataclass
class Watched:
    """Three sites that are well, and one that is down all the time."""

    well: list[str]
    down: str
    incident: str


@pytest.fixture(scope="module")
async def watched(api: Api) -> AsyncIterator[Watched]:
    async with AsyncExitStack() as stack:
        shops = [await stack.enter_async_context(Shop()) for _ in range(4)]
        shops[3].status = 503
        *well, down = [await new_monitor(api, shop.url, retries=0) for shop in shops]

        async def incident() -> str | None:
            found = await open_incident(api, down)
            return str(found["id"]) if found else None

        yield Watched(well, down, await until("the incident is open", incident, 10))


@pytest.mark.timeout(70)
@pytest.mark.parametrize("part", ["worker", "valkey", "api"])
async def test_a_killed_part_is_replaced_and_at_most_one_tick_is_lost(
    part: str, product: Product, api: Api, watched: Watched
) -> None:
    killed = product.part(part)
    assert killed is not None
    killed.kill()

    async def replaced() -> bool:
        new = product.part(part)
        return new is not None and new.pid != killed.pid and await is_ready(api)

    await until(f"there is a new {part}", replaced, HEAL_SECONDS)
    await assert_hardly_noticed(api, watched)


@pytest.mark.timeout(50)
async def test_an_emptied_queue_loses_at_most_one_tick(product: Product, api: Api, watched: Watched) -> None:
    with redis.Redis(unix_socket_path=str(valkey_socket(product.data_dir))) as client:
        client.flushall()

    await assert_hardly_noticed(api, watched)


async def assert_hardly_noticed(api: Api, watched: Watched) -> None:
    """Each monitor is looked at twice more; then what is stored must be without a gap, and without a false alarm."""
    now = datetime.now(UTC)
    for id in watched.well:
        await checked_twice_since(api, id, now)
        checks = (await api.get(f"/monitors/{id}/checks?limit=250")).data
        moments = sorted(datetime.fromisoformat(check["checkedAt"]) for check in checks)

        assert max(later - earlier for earlier, later in pairwise(moments)) <= LONGEST_GAP
        assert {check["status"] for check in checks} == {"up"}
        assert await incidents(api, id) == 0
    await checked_twice_since(api, watched.down, now)
    assert (await open_incident(api, watched.down))["id"] == watched.incident
    assert await incidents(api, watched.down) == 1


async def checked_twice_since(api: Api, id: str, since: datetime) -> None:
    async def seen() -> bool:
        answer = await api.get(f"/monitors/{id}/checks", params={"from": since.isoformat()})
        return len(answer.data) >= 2

    await until("two more checks", seen, 3 * INTERVAL.total_seconds() + HEAL_SECONDS)


async def is_ready(api: Api) -> bool:
    try:
        return (await api.send("GET", "/readyz")).status == 200
    except aiohttp.ClientError:  # the connection was one to the API that is dead
        return False


async def open_incident(api: Api, id: str) -> Any:
    told = await api.graphql("query ($id: ID!) { monitor(id: $id) { openIncident { id } } }", id=id)
    return told["data"]["monitor"]["openIncident"]


async def incidents(api: Api, id: str) -> int:
    """All there ever were of this monitor."""
    return int((await api.get(f"/monitors/{id}/stats", params={"period": "24h"})).data["incidents"])
