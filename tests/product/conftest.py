"""One installation for each file, on the database of the session; the tests of a file share it, in their order."""

import shutil
import sys
from collections.abc import AsyncIterator, Sequence

import pytest

from is0k.models import database
from is0k.settings import Settings
from is0k.tests.stage.api import Api
from is0k.tests.stage.crowd import Crowd, working_crowd
from is0k.tests.stage.netns import why_no_network
from is0k.tests.stage.postgres import Postgres
from is0k.tests.stage.product import Product, calling, running
from is0k.tests.stage.valkey import Valkey

UP_SECONDS = 60.0

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


@pytest.fixture(scope="module")
async def crowd(
    template: Settings,
    postgres: Postgres | None,
    valkey: Valkey,
    intervals: Sequence[int],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Crowd]:
    """A thousand monitors, all of them up; `intervals` is for the file to say."""
    if reason := why_no_network():
        pytest.skip(f"this machine gives nobody a network of its own: {reason}")
    folder = tmp_path_factory.mktemp("crowd")
    if postgres:
        postgres.empty()
    else:
        shutil.copy(template.data_dir / "is0k.db", folder / "is0k.db")
    valkey.flush()
    settings = template.model_copy(update={"data_dir": folder, "redis_url": valkey.url})
    async with database.opened(settings), working_crowd(settings, folder, intervals) as crowd:
        await crowd.until_up_since(0, UP_SECONDS)
        yield crowd
