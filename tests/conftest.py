"""The stage: for each test a migrated database of the chosen kind; on request a real Valkey and the API on a socket."""

import shutil
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from starlette.applications import Starlette

from is0k.app import create_app
from is0k.models import database
from is0k.resolvers.context import Context
from is0k.settings import Settings
from is0k.tests.stage.api import Api, key_of, serving
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_organization
from is0k.tests.stage.postgres import Postgres
from is0k.tests.stage.selection import for_database, longest_first
from is0k.tests.stage.valkey import Valkey

# A slow moment of a shared machine is not a slow program, and a test may empty its tables for each example itself.
hypothesis_settings.register_profile(
    "is0k", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
hypothesis_settings.load_profile("is0k")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgres"], default="sqlite", help="what the tests run on")


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # pytest-xdist keeps to the order below


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    run, left_out = for_database(items, config.getoption("--database"))
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = longest_first(run)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres | None]:
    """The server the whole session uses; None on SQLite."""
    if request.config.getoption("--database") == "sqlite":
        yield None
        return
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with warnings.catch_warnings():
        server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
async def template(
    postgres: Postgres | None, tmp_path_factory: pytest.TempPathFactory, anyio_backend: object
) -> Settings:
    """Migrated once; a test gets a copy (SQLite) or the same tables, emptied (PostgreSQL)."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("template"),
        database_url=postgres.url if postgres else None,
        redis_url="unix:///nowhere",
        canaries=(),
    )
    await database.migrate(settings)
    return settings


@pytest.fixture
def settings(template: Settings, postgres: Postgres | None, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings of a server of its own, with an empty database."""
    if postgres:
        postgres.empty()
    else:
        shutil.copy(template.data_dir / "is0k.db", tmp_path / "is0k.db")
    redis = request.getfixturevalue("valkey").url if "valkey" in request.fixturenames else template.redis_url
    return template.model_copy(update={"data_dir": tmp_path, "redis_url": redis})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def open_database(settings: Settings) -> AsyncIterator[None]:
    async with database.opened(settings):
        yield


@pytest.fixture
async def ctx(open_database: None, clock: FakeClock) -> Context:
    """Somebody who may do everything in an organization."""
    return await new_organization("Ours", clock)


@pytest.fixture
async def stranger(open_database: None, clock: FakeClock) -> Context:
    """Somebody who may do everything in another organization."""
    return await new_organization("Theirs", clock)


@pytest.fixture
async def app(settings: Settings, clock: FakeClock) -> AsyncIterator[Starlette]:
    app = create_app(settings, clock)
    yield app
    await app.state.services.close()
    await app.state.redis.aclose()


@pytest.fixture
async def stranger_api(api: Api, stranger: Context) -> Api:
    """The same server, called by another organization."""
    return api.with_key(await key_of(stranger))


@pytest.fixture
async def api(app: Starlette, ctx: Context) -> AsyncIterator[Api]:
    """The API on a real socket, called with a key of `ctx`'s organization."""
    async with serving(app, ctx) as api:
        yield api
