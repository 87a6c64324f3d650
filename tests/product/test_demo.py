"""`is0k demo`: something to look at within a minute, and nothing left of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from is0k.tests.stage.product import ANY_PORT, IS0K, Product, calling, running
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

STATUSES = {"up", "degraded", "down"}


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Product]:
    async with running(Product(tmp_path, command=[*IS0K, "demo", *ANY_PORT])) as product:
        yield product


@pytest.mark.timeout(90)
async def test_the_demo_shows_up_degraded_and_down_within_a_minute(demo: Product) -> None:
    async with calling(demo) as api:

        async def all_seen() -> bool:
            return {monitor["status"] for monitor in (await api.get("/monitors")).data} >= STATUSES

        await until("up, degraded and down are seen", all_seen, 60)


@pytest.mark.timeout(60)
async def test_the_demo_takes_its_data_away(demo: Product) -> None:
    assert list(demo.folder.glob("is0k-demo-*"))

    await demo.stop()

    assert not list(demo.folder.glob("is0k-demo-*"))
