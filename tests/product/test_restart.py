"""Stopped and started again on the same data folder."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from is0k.tests.stage.api import Api
from is0k.tests.stage.product import Product, calling, new_monitor
from is0k.tests.stage.shop import Shop
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

OUTAGE = "query ($id: ID!) { monitor(id: $id) { status openIncident { id } stats(period: HOUR_24) { incidents } } }"


@dataclass
class Restarted:
    """A product that runs for the second time, and what was known before."""

    api: Api
    well: str
    down: str
    incident: str
    exit_code: int
    left_behind: int
    said_at_first: str
    stopped_at: datetime


@pytest.fixture(scope="module")
async def restarted(product: Product) -> AsyncIterator[Restarted]:
    async with Shop() as shop, Shop() as broken:
        broken.status = 503
        async with calling(product) as api:
            well, down = await new_monitor(api, shop.url), await new_monitor(api, broken.url, retries=0)
            told = await until("the incident is open", lambda: open_incident(api, down), 10)
        said, key = product.said, product.key
        stopped_at, exit_code = datetime.now(UTC), await product.stop()
        left_behind = len(product.processes)
        await product.start()
        async with calling(product, key) as api:
            yield Restarted(api, well, down, told["id"], exit_code, left_behind, said, stopped_at)


async def open_incident(api: Api, id: str) -> Any:
    return (await api.graphql(OUTAGE, id=id))["data"]["monitor"]["openIncident"]


@pytest.mark.timeout(60)
async def test_it_stops_without_a_fault_and_leaves_nothing_behind(restarted: Restarted) -> None:
    assert (restarted.exit_code, restarted.left_behind) == (0, 0)


async def test_credentials_are_printed_once(restarted: Restarted, product: Product) -> None:
    assert restarted.said_at_first.count("is0k_live_") == 1
    assert "is0k_live_" not in product.said
    assert "Password" not in product.said


async def test_the_first_key_still_works(restarted: Restarted) -> None:
    assert {monitor["id"] for monitor in (await restarted.api.get("/monitors")).data} == {
        restarted.well,
        restarted.down,
    }


async def test_monitors_go_on(restarted: Restarted) -> None:
    async def checks(id: str) -> list[dict[str, Any]]:
        since = {"from": restarted.stopped_at.isoformat()}
        found: list[dict[str, Any]] = (await restarted.api.get(f"/monitors/{id}/checks", params=since)).data
        return found

    well = await until("the well one is checked", lambda: checks(restarted.well), 15)
    down = await until("the other one is checked", lambda: checks(restarted.down), 15)

    assert {check["status"] for check in well} == {"up"}
    assert {check["reason"] for check in down} == {"bad_status"}


async def test_an_outage_that_lasts_raises_no_second_incident(restarted: Restarted) -> None:
    told = (await restarted.api.graphql(OUTAGE, id=restarted.down))["data"]["monitor"]

    assert told == {"status": "DOWN", "openIncident": {"id": restarted.incident}, "stats": {"incidents": 1}}
