"""Opening, closing and migrating the database, with Tortoise's traps handled once."""

import asyncio
import fcntl
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.recorder import MigrationRecorder

from is0k.models.secrets import ensure_key, vault
from is0k.models.sql import connection, fetch, is_sqlite
from is0k.settings import Settings

MODULES = [
    "is0k.models.organization",
    "is0k.models.monitor",
    "is0k.models.monitor_state",
    "is0k.models.region",
    "is0k.models.forgetting",
    "is0k.models.incident",
    "is0k.models.alerting",
    "is0k.models.status_page",
    "is0k.models.maintenance",
    "is0k.models.idempotency",
    "is0k.models.notice",
    "is0k.models.last_good",
    "is0k.models.heartbeat",
    "is0k.models.listening",
]
POOL_SIZE = 10
MIGRATION_LOCK = 0x15_0C

# For `python -m tortoise -c is0k.models.database.CONFIG makemigrations`: it reads models, not data.
CONFIG: dict[str, Any] = {
    "connections": {"default": "sqlite://:memory:"},
    "apps": {"models": {"models": MODULES, "migrations": "is0k.models.migrations"}},
}


class DatabaseUnreachable(Exception):
    """No answer from the database, or it turned us away."""


class DatabaseTooNew(Exception):
    """A newer is0k has migrated this database; this one would not understand it."""


def config_for(url: str) -> dict[str, Any]:
    database = expand_db_url(url)
    if url.startswith("sqlite:"):
        database["engine"] = "is0k.models.sqlite"
    else:
        database["engine"] = "is0k.models.postgres"
        database["credentials"] |= {"minsize": 1, "maxsize": POOL_SIZE}
    return CONFIG | {"connections": {"default": database}}


async def connect(settings: Settings) -> None:
    """Open the database for this process and unlock its secrets.

    Tortoise binds what it opens to the context of the calling task; the global fallback lets every task use it.
    """
    keys = settings.secret_key.get_secret_value() if settings.secret_key else ensure_key(settings.data_dir)
    vault.unlock(keys)
    await _open(config_for(settings.database))


async def close() -> None:
    await Tortoise.close_connections()


async def _open(config: dict[str, Any]) -> None:
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        await connection().execute_query("SELECT 1")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OperationalError) as error:
        # SQLite's thread is not a daemon: left open it would keep the process from ending.
        await close()
        raise DatabaseUnreachable(f"The database does not answer: {error}") from error


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[None]:
    await connect(settings)
    try:
        yield
    finally:
        await close()


@dataclass(frozen=True, slots=True)
class Migrations:
    """By name, in order: those the database has, those it lacks, and those this program does not know."""

    applied: list[str]
    missing: list[str]
    newer: list[str]


@asynccontextmanager
async def looked_at(settings: Settings) -> AsyncIterator[Migrations]:
    """Open it as it is: nothing is migrated, and no secret key is made or needed. Raises DatabaseUnreachable."""
    config = config_for(settings.database)
    await _open(config)
    try:
        applied, known = await _applied(), await _known(config)
        yield Migrations(sorted(applied), sorted(known - applied), sorted(applied - known))
    finally:
        await close()


@dataclass(frozen=True, slots=True)
class Server:
    """`now_ms` is the server's clock; None where there is no server."""

    name: str
    now_ms: int | None


async def server() -> Server:
    if is_sqlite():
        return Server(f"SQLite {sqlite3.sqlite_version}", None)
    [row] = await fetch(
        "SELECT current_setting('server_version') AS version, "
        "(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"
    )
    return Server(f"PostgreSQL {row['version']}", row["now"])


async def migrate(settings: Settings) -> list[str]:
    """Bring the database up to this program; the names of the migrations applied. One process at a time does it.

    Raises DatabaseTooNew or DatabaseUnreachable.
    """
    config = config_for(settings.database)
    await _open(config)
    try:
        async with _only_migrator(settings):
            before = await _applied()
            _refuse_newer(before, await _known(config))
            await MigrationExecutor(connection(), config["apps"]).migrate()
            return sorted(await _applied() - before)
    finally:
        await close()


@asynccontextmanager
async def _only_migrator(settings: Settings) -> AsyncIterator[None]:
    if settings.database.startswith("sqlite:"):
        with (settings.data_dir / "migrate.lock").open("w") as file:
            await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
            yield
    else:
        # Held by one session of the pool, so that it is let go even if the process dies.
        async with connection().acquire_connection() as session:
            await session.execute(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
            try:
                yield
            finally:
                await session.execute(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")


async def _applied() -> set[str]:
    recorder = MigrationRecorder(connection())
    try:
        return {key.name for key in await recorder.applied_migrations()}
    except OperationalError:  # a new database has no table of migrations yet
        return set()


async def _known(config: dict[str, Any]) -> set[str]:
    loader = MigrationLoader(config["apps"], MigrationRecorder(connection()), load=False)
    await loader.build_graph()
    return {key.name for key in loader.graph.nodes}


def _refuse_newer(applied: set[str], known: set[str]) -> None:
    if newer := sorted(applied - known):
        raise DatabaseTooNew(
            f"The database was migrated by a newer is0k (it has {newer[-1]}). Run that version, or restore a backup."
        )
