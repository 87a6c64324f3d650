"""From nothing to the tables of today, on both databases, whoever else does it at the same moment."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.recorder import MigrationRecorder

from is0k.models import database, migrations
from is0k.models.database import DatabaseTooNew, DatabaseUnreachable, config_for
from is0k.models.sql import connection, execute, fetch, is_sqlite
from is0k.settings import Settings
from is0k.tests.stage.postgres import Postgres

pytestmark = pytest.mark.anyio

MIGRATIONS = sorted(path.stem for path in Path(migrations.__path__[0]).glob("0*.py"))

MIGRATE = """
import asyncio
from is0k.models import database
from is0k.settings import Settings

print(*asyncio.run(database.migrate(Settings())))
"""


@pytest.fixture
async def empty(postgres: Postgres | None, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of a server whose database has not been made yet."""
    if postgres is None:
        yield Settings(data_dir=tmp_path)
        return
    name = f"empty_{uuid4().hex}"
    session = await asyncpg.connect(postgres.url)
    await session.execute(f"CREATE DATABASE {name}")
    yield Settings(data_dir=tmp_path, database_url=postgres.url.replace("/postgres?", f"/{name}?"))
    await session.execute(f"DROP DATABASE {name}")
    await session.close()


async def test_an_empty_database_gets_all_tables(empty: Settings) -> None:
    assert await database.migrate(empty) == MIGRATIONS

    async with database.opened(empty):
        assert {"monitor", "monitor_state", "check_result", "rollup_hour", "rollup_day"} <= await tables()


async def tables() -> set[str]:
    """Those that there are, the days of the history aside."""
    catalogue = "sqlite_master WHERE type = 'table'" if is_sqlite() else "pg_tables WHERE schemaname = 'public'"
    rows = await fetch(f"SELECT {'name' if is_sqlite() else 'tablename'} AS name FROM {catalogue}")
    return {row["name"] for row in rows if not row["name"].startswith("check_result_")}


async def test_migrating_again_does_nothing(empty: Settings) -> None:
    await database.migrate(empty)

    assert await database.migrate(empty) == []


async def test_migrating_keeps_what_is_there(settings: Settings) -> None:
    async with database.opened(settings):
        await execute("INSERT INTO rollup_progress (grain, done_until) VALUES ('hour', 7)")

    assert await database.migrate(settings) == []

    async with database.opened(settings):
        assert await fetch("SELECT * FROM rollup_progress") == [{"grain": "hour", "done_until": 7}]


@pytest.mark.processes
async def test_of_three_processes_that_migrate_at_once_one_does_it(empty: Settings) -> None:
    environment = {**os.environ, "IS0K_DATA_DIR": str(empty.data_dir), "IS0K_DATABASE_URL": empty.database_url or ""}

    told = await asyncio.gather(*(run(environment) for _ in range(3)))

    assert sorted(told) == [(0, ""), (0, ""), (0, " ".join(MIGRATIONS))]


async def run(environment: dict[str, str]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", MIGRATE), env=environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode().strip()


async def test_the_database_of_a_newer_program_is_left_alone(settings: Settings) -> None:
    async with database.opened(settings):
        before = await tables()
        await MigrationRecorder(connection()).record_applied("models", "9999_future")

    try:
        with pytest.raises(DatabaseTooNew) as refused:
            await database.migrate(settings)
    finally:
        async with database.opened(settings):
            await execute("DELETE FROM tortoise_migrations WHERE name = '9999_future'")
            assert await tables() == before

    assert str(refused.value) == (
        "The database was migrated by a newer is0k (it has 9999_future). Run that version, or restore a backup."
    )


async def test_the_migrations_make_what_the_models_say(empty: Settings) -> None:
    """Somebody changed a model? `python -m tortoise -c is0k.models.database.CONFIG makemigrations`."""
    config = config_for(empty.database)
    await Tortoise.init(config=config)
    try:
        assert Tortoise.apps is not None
        changes = await MigrationAutodetector(Tortoise.apps, config["apps"]).changes()
    finally:
        await Tortoise.close_connections()

    assert [str(operation) for writer in changes for operation in writer.operations] == []


async def test_the_tables_and_indexes_tortoise_has_no_words_for_are_there(open_database: None) -> None:
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if is_sqlite()
        else "SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public'"
    )
    names = {row["name"] for row in await fetch(catalogue)}

    assert {"api_key_hash", "incident_one_open"} <= names


@pytest.mark.parametrize("url", ["postgres://nobody@127.0.0.1:1/is0k", "sqlite:///nowhere/at/all/is0k.db"])
async def test_a_database_that_does_not_answer_is_told_as_such(tmp_path: Path, url: str) -> None:
    settings = Settings(data_dir=tmp_path, database_url=url)

    for use in (database.migrate, database.connect):
        with pytest.raises(DatabaseUnreachable, match=r"^The database does not answer: "):
            await use(settings)


async def test_a_file_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "is0k.db").write_text("Dear diary, " * 100)

    with pytest.raises(DatabaseUnreachable, match="file is not a database"):
        await database.connect(Settings(data_dir=tmp_path))
