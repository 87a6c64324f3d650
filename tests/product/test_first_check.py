"""From nothing to a first stored check."""

import pytest

from is0k.tests.stage.api import Api
from is0k.tests.stage.product import Product, new_monitor
from is0k.tests.stage.shop import Shop
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


@pytest.mark.timeout(40)
async def test_the_first_check_is_stored_within_three_seconds(api: Api) -> None:
    async with Shop() as shop:
        id = await new_monitor(api, shop.url)

        async def stored() -> list[dict[str, object]]:
            checks: list[dict[str, object]] = (await api.get(f"/monitors/{id}/checks")).data
            return checks

        checks = await until("a check is stored", stored, 3)

    assert [(check["status"], check["statusCode"], check["attempt"]) for check in checks] == [("up", 200, 1)]


async def test_four_processes_are_an_installation(product: Product) -> None:
    assert sorted(process.part for process in product.processes) == ["api", "supervisor", "valkey", "worker"]
