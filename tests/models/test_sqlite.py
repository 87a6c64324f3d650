"""SQLite's transactions take the write lock when they begin: nobody is told that the database is locked."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from is0k import models
from is0k.models import database
from is0k.models.sql import connection, execute, execute_many, fetch
from is0k.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("on_sqlite")]

# Read, then write what was read plus one: the pattern that a deferred transaction fails at.
COUNT = """
import asyncio, sys
from pathlib import Path
from tortoise.transactions import in_transaction
from is0k import models
from is0k.models.database import opened
from is0k.settings import Settings

async def main():
    async with opened(Settings(data_dir=Path(sys.argv[1]))):
        for _ in range(int(sys.argv[2])):
            async with in_transaction():
                row = await models.Organization.get()
                await models.Organization.all().update(rate_limit=row.rate_limit + 1)

asyncio.run(main())
"""


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that has begun to write, and goes on until it is told otherwise."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


@pytest.fixture
async def impatient(settings: Settings) -> AsyncIterator[Path]:
    """The database, opened by a client that waits a millisecond for a lock."""
    path = settings.data_dir / "is0k.db"
    async with database.opened(settings.model_copy(update={"database_url": f"sqlite://{path}?busy_timeout=1"})):
        yield path


@pytest.mark.processes
async def test_processes_that_read_and_then_write_lose_nothing(settings: Settings, open_database: None) -> None:
    await models.Organization.create(name="Ours", rate_limit=0)
    command = [sys.executable, "-P", "-c", COUNT, str(settings.data_dir), "100"]

    processes = [await asyncio.create_subprocess_exec(*command) for _ in range(2)]

    assert [await process.wait() for process in processes] == [0, 0]
    assert (await models.Organization.get()).rate_limit == 200


async def test_a_transaction_waits_for_the_one_that_writes(settings: Settings, open_database: None) -> None:
    async def write() -> None:
        async with in_transaction():
            await models.Organization.create(name="Ours")

    with writing(settings.data_dir / "is0k.db") as other:
        waiting = asyncio.create_task(write())
        await asyncio.wait([waiting], timeout=0.05)
        assert not waiting.done()
        other.execute("COMMIT")
        await waiting

    assert await models.Organization.all().count() == 1


async def test_a_transaction_that_reads_first_may_still_write(settings: Settings, open_database: None) -> None:
    other = sqlite3.connect(settings.data_dir / "is0k.db", timeout=0, isolation_level=None)

    async with in_transaction():
        await models.Organization.all().count()
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
        await models.Organization.create(name="Ours")
    other.close()

    assert await models.Organization.all().count() == 1


async def test_a_reader_never_waits_for_the_writer(settings: Settings, open_database: None) -> None:
    with writing(settings.data_dir / "is0k.db"):
        assert await models.Organization.all().count() == 0


async def test_after_a_lock_that_was_not_got_transactions_go_on(impatient: Path) -> None:
    with writing(impatient), pytest.raises(OperationalError, match="database is locked"):
        async with in_transaction():
            raise AssertionError("the lock is not ours")

    async with in_transaction():
        await models.Organization.create(name="Ours")
    assert await models.Organization.all().count() == 1


async def test_after_a_wait_that_was_cancelled_transactions_go_on(settings: Settings, open_database: None) -> None:
    async def write() -> None:
        async with in_transaction():
            raise AssertionError("the lock is not ours")

    with writing(settings.data_dir / "is0k.db") as other:
        waiting = asyncio.create_task(write())
        await asyncio.wait([waiting], timeout=0.05)
        waiting.cancel()
        other.execute("COMMIT")
        with pytest.raises(asyncio.CancelledError):
            await waiting

    async with in_transaction():
        await models.Organization.create(name="Ours")
    assert await models.Organization.all().count() == 1


async def test_many_rows_are_written_all_or_none(open_database: None) -> None:
    rows = [["a", 1], ["a", 2]]

    with pytest.raises(Exception, match="UNIQUE"):
        await execute_many("INSERT INTO rollup_progress (grain, done_until) VALUES ($1, $2)", rows)

    assert await fetch("SELECT * FROM rollup_progress") == []


async def test_many_rows_inside_a_transaction_go_with_it(open_database: None) -> None:
    with suppress(ZeroDivisionError):
        async with in_transaction():
            await execute_many("INSERT INTO rollup_progress (grain, done_until) VALUES ($1, $2)", [["a", 1]])
            raise ZeroDivisionError

    assert await fetch("SELECT * FROM rollup_progress") == []


async def test_transactions_of_two_tasks_are_one_after_the_other(open_database: None) -> None:
    async def add_one() -> None:
        async with in_transaction():
            rows = await fetch("SELECT done_until AS n FROM rollup_progress")
            await asyncio.sleep(0)
            await execute("UPDATE rollup_progress SET done_until = $1", rows[0]["n"] + 1)

    await execute("INSERT INTO rollup_progress (grain, done_until) VALUES ('a', 0)")
    await asyncio.gather(*(add_one() for _ in range(20)))

    assert await fetch("SELECT done_until FROM rollup_progress") == [{"done_until": 20}]


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 1), ("busy_timeout", 30_000), ("foreign_keys", 1)]
)
async def test_the_database_is_safe_fast_and_patient(open_database: None, pragma: str, value: object) -> None:
    [row] = await connection().execute_query_dict(f"PRAGMA {pragma}")

    assert list(row.values()) == [value]
