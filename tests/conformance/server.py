"""What the tools are let loose on: a fresh is0k without a limit; of its monitors two are up and one is down."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from is0k.tests.stage.api import Api
from is0k.tests.stage.product import ANY_PORT, IS0K, Product, calling, new_monitor, running
from is0k.tests.stage.shop import Shop
from is0k.tests.stage.waiting import until

RATE_LIMIT = 1_000_000
CHECKED_SECONDS = 30.0


@dataclass(frozen=True)
class Subject:
    product: Product
    url: str
    key: str

    @property
    def graphql(self) -> str:
        return f"{self.url}/graphql"

    @property
    def document(self) -> str:
        return f"{self.url}/api/v1/openapi.json"

    @property
    def bearer(self) -> str:
        return f"Bearer {self.key}"


@asynccontextmanager
async def subject(folder: Path) -> AsyncIterator[Subject]:
    """Whatever happens, nothing of it is left running."""
    product = Product(folder, {"IS0K_TRUSTED_PROXIES": "127.0.0.0/8"}, (*IS0K, "up", *ANY_PORT))
    async with Shop() as shop, running(product):
        assert product.key is not None
        await _lift_limit(product)
        async with calling(product) as api:
            for name in ("Shop", "Blog"):
                await new_monitor(api, shop.url, name=name)
            await new_monitor(api, "http://127.0.0.1:9/", name="Broken", retries=0)
            await until("every monitor has been checked", lambda: _all_are_checked(api), CHECKED_SECONDS)
        yield Subject(product, product.url, product.key)


async def _lift_limit(product: Product) -> None:
    command = (*IS0K, "plan", "set", "enterprise", "--rate-limit", str(RATE_LIMIT))
    process = await asyncio.create_subprocess_exec(*command, cwd=product.folder, env=product.environment)
    if await process.wait():
        sys.exit("the limit on requests could not be lifted")


async def _all_are_checked(api: Api) -> bool:
    return all(monitor["lastCheckedAt"] for monitor in (await api.get("/monitors")).data)
