"""Jobs that call a real is0k, and one that could not because is0k was away."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from is0k.tests.stage.api import Api
from is0k.tests.stage.product import Product, calling, running
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

PERIOD_SECONDS = 30
# From a call to what people are told: the next second, and what is written within a quarter of one.
SOON = 2.5


async def new_heartbeat(api: Api, **fields: Any) -> Any:
    body = {"name": "Backup", "type": "heartbeat", "periodSeconds": PERIOD_SECONDS, "graceSeconds": 0, **fields}
    return (await api.post("/monitors", body)).data


async def call(api: Api, monitor: Any, path: str = "") -> None:
    url = api.url + "/ping/" + monitor["pingUrl"].rpartition("/")[2] + path
    async with api.session.post(url) as answer:
        assert (answer.status, await answer.text()) == (200, "OK")


async def becomes(api: Api, monitor: Any, status: str, seconds: float) -> Any:
    async def seen() -> Any:
        found = (await api.get(f"/monitors/{monitor['id']}")).data
        return found if found["status"] == status else None

    return await until(f"the monitor is {status}", seen, seconds)


async def incidents(api: Api, monitor: Any) -> Any:
    return (await api.get(f"/monitors/{monitor['id']}/incidents")).data


@pytest.fixture
async def own_product(tmp_path: Any) -> AsyncIterator[Product]:
    """To be stopped: on SQLite alone, as the other of this file may work on the database of the session."""
    async with running(Product(tmp_path)) as product:
        yield product


async def test_a_call_is_known_soon_a_failure_too_and_the_url_is_the_one_people_reach(api: Api) -> None:
    monitor = await new_heartbeat(api)
    assert monitor["pingUrl"].startswith(f"{api.url}/ping/")
    assert monitor["status"] == "pending"

    await call(api, monitor)
    await becomes(api, monitor, "up", SOON)
    await call(api, monitor, "/3")
    found = await becomes(api, monitor, "down", SOON)

    assert found["lastMessage"] == "the job reported failure: exit code 3"
    assert [incident["resolvedAt"] for incident in await incidents(api, monitor)] == [None]
    await call(api, monitor)
    await becomes(api, monitor, "up", SOON)
    assert None not in [incident["resolvedAt"] for incident in await incidents(api, monitor)]


@pytest.mark.timeout(60)
async def test_silence_is_told_soon_after_the_deadline(api: Api) -> None:
    monitor = await new_heartbeat(api)
    await call(api, monitor)
    called = time.monotonic()

    found = await becomes(api, monitor, "down", PERIOD_SECONDS + 10)

    # The next signature of who listens comes within five seconds.
    assert PERIOD_SECONDS <= time.monotonic() - called <= PERIOD_SECONDS + 5 + SOON
    assert found["lastReason"] == "missed"


@pytest.mark.timeout(120)
async def test_a_deadline_while_is0k_was_stopped_is_no_incident(own_product: Product) -> None:
    async with calling(own_product) as api:
        # What is overdue is put off by up to an interval: with a longer one the next call could be missed by then.
        monitor = await new_heartbeat(api, intervalSeconds=5)
        await call(api, monitor)
        called, key = time.monotonic(), own_product.key
        await becomes(api, monitor, "up", SOON)
    assert await own_product.stop() == 0

    async def is_over() -> bool:
        return time.monotonic() > called + PERIOD_SECONDS + 1

    await until("the deadline is over", is_over, PERIOD_SECONDS + 5)
    await own_product.start()

    async with calling(own_product, key) as api:
        found = await becomes(api, monitor, "unknown", 20)
        assert found["lastReason"] == "observer_unhealthy"
        assert found["lastMessage"].startswith("is0k could not be called from ")
        await call(api, monitor)
        await becomes(api, monitor, "up", SOON)
        assert await incidents(api, monitor) == []
