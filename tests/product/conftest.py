"""One installation for each file, on the database of the session; the tests of a file share it, in their order."""

import sys
from collections.abc import AsyncIterator

import pytest

from is0k.tests.stage.api import Api
from is0k.tests.stage.postgres import Postgres
from is0k.tests.stage.product import Product, calling, running

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]  # /proc tells what runs and what is left


@pytest.fixture(scope="module")
def environment(postgres: Postgres | None) -> dict[str, str]:
    """What makes the product use the database of the session, which is emptied for it."""
    if postgres is None:
        return {}
    postgres.empty()
    return {"IS0K_DATABASE_URL": postgres.url}


@pytest.fixture(scope="module")
async def product(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory, anyio_backend: object
) -> AsyncIterator[Product]:
    async with running(Product(tmp_path_factory.mktemp("product"), environment)) as product:
        await product.command_line("plan", "set", "enterprise", "--rate-limit", "1000000")  # tests look often
        yield product


@pytest.fixture(scope="module")
async def api(product: Product) -> AsyncIterator[Api]:
    async with calling(product) as api:
        yield api
