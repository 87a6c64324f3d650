"""How findings wait to be written: never long, never lost to a fault of the database, and none for another's sake."""

import asyncio
import sqlite3
from random import random
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from is0k.jobs.writer import FLUSH_ROWS, Writer
from is0k.models.sql import connection, execute, is_sqlite
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.schema.enums import Reason
from is0k.settings import Settings
from is0k.tests.jobs.scene import (
    DOWN,
    ILL,
    REGION,
    finding,
    incidents_of,
    monitor,
    monitors,
    running,
    sooner_or_later,
    state_of,
    stored,
    ticks_of,
    until_failed,
    without_table,
)
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.postgres import Postgres

pytestmark = pytest.mark.anyio

MINUTE = 60_000
# Half of a character: neither database takes it, in whatever column it comes.
POISON = Outcome(DOWN, Reason.BAD_STATUS, "\ud800")


async def test_findings_are_written_a_moment_after_the_first(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    async with running(clock) as writer:
        began = asyncio.get_running_loop().time()
        writer.add(finding(number, clock.ms))
        writer.add(finding(number, clock.ms + 1))
        await sooner_or_later(stored)
        lasted = asyncio.get_running_loop().time() - began

        assert await ticks_of(number) == [clock.ms, clock.ms + 1]
    assert 0.25 <= lasted < 2


async def test_a_full_batch_does_not_wait(ctx: Context, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("is0k.jobs.writer.FLUSH_SECONDS", 60)
    number = await monitor(ctx)
    async with running(clock) as writer:
        for place in range(FLUSH_ROWS + 1):
            writer.add(finding(number, clock.ms + place))
        await sooner_or_later(stored)

        assert await stored() == FLUSH_ROWS
    assert await stored() == FLUSH_ROWS + 1


async def test_stopping_writes_what_is_there_at_once(
    ctx: Context, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("is0k.jobs.writer.FLUSH_SECONDS", 60)
    number = await monitor(ctx)
    async with running(clock) as writer:
        await asyncio.sleep(0)
        for place in range(3 * FLUSH_ROWS):
            writer.add(finding(number, clock.ms + place))

    assert await stored() == 3 * FLUSH_ROWS


async def test_stopping_with_nothing_to_write_ends(ctx: Context, clock: FakeClock) -> None:
    async with running(clock):
        await asyncio.sleep(0)

    assert await stored() == 0


async def test_while_the_database_fails_findings_are_held_and_then_written_once(ctx: Context, clock: FakeClock) -> None:
    numbers = await monitors(ctx, 3, retries=0)
    with capture_logs() as logs:
        async with running(clock) as writer:
            async with without_table("check_result"):
                for number in numbers:
                    writer.add(finding(number, clock.ms, ILL))
                await until_failed(logs, times=3)
                for number in numbers:
                    writer.add(finding(number, clock.ms + MINUTE))
                await until_failed(logs, times=5)

                assert [await incidents_of(number) for number in numbers] == [[], [], []]
            await sooner_or_later(stored)

    for number in numbers:
        assert await ticks_of(number) == [clock.ms, clock.ms + MINUTE]
        [incident] = await incidents_of(number)
        assert incident.resolved_at is not None


CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def let_go_of_lost_connections() -> None:
    """Tortoise never gives a connection back on which a transaction could not begin; closing would wait for it."""
    client: Any = connection()
    client._pool.terminate()
    client._pool = None


async def test_connections_that_are_cut_lose_nothing(ctx: Context, clock: FakeClock, postgres: Postgres | None) -> None:
    if postgres is None:
        pytest.skip("SQLite has no connections")
    number = await monitor(ctx)
    admin = await asyncpg.connect(postgres.url)
    async with running(clock) as writer:
        for place in range(20):
            for part in range(50):
                writer.add(finding(number, clock.ms + 50 * place + part))
            await asyncio.sleep(0.2 * random())
            await admin.execute(CUT)
    await admin.close()
    let_go_of_lost_connections()

    assert await stored() == 1_000
    assert (await state_of(number)).last_tick == clock.ms + 999


async def test_a_database_that_does_not_answer_is_not_asked_for_each_finding(
    ctx: Context, clock: FakeClock, settings: Settings
) -> None:
    if not is_sqlite():
        pytest.skip("where another process may lock everybody out")
    numbers = await monitors(ctx, 100)
    await execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(settings.data_dir / "is0k.db")
    with capture_logs() as logs:
        async with running(clock) as writer:
            other.execute("BEGIN IMMEDIATE")
            for number in numbers:
                writer.add(finding(number, clock.ms))
            await until_failed(logs, times=5)
            assert len(logs) < 10
            other.rollback()
    other.close()

    assert await stored() == 100


async def test_after_five_minutes_they_are_dropped_with_a_line_in_the_log(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    tick = clock.ms
    with capture_logs() as logs:
        async with running(clock) as writer, without_table("check_result"):
            writer.add(finding(number, tick))
            writer.add(finding(number, tick + 200_000))
            await until_failed(logs, times=1)
            clock.move(seconds=301)
            await until_failed(logs, times=3)

    assert await ticks_of(number) == [tick + 200_000]
    [line] = [line for line in logs if line["log_level"] == "error"]
    assert (line["event"], line["results"]) == (
        "results dropped, they are too old: the time they cover stays unknown",
        1,
    )


async def test_stopped_for_good_while_the_database_fails_it_says_what_is_lost(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    writer = Writer(REGION, clock, retry_seconds=0.02)
    task = asyncio.create_task(writer.run())
    with capture_logs() as logs:
        async with without_table("check_result"):
            writer.add(finding(number, clock.ms))
            writer.stop()
            await until_failed(logs, times=2)
            writer.add(finding(number, clock.ms + 1))
            task.cancel()
            await asyncio.wait({task})

    [line] = [line for line in logs if line["log_level"] == "error"]
    assert line["event"] == "stopped before all results were written: the time they cover stays unknown"
    assert line["results"] == 2
    assert await stored() == 0


async def test_what_comes_while_others_are_written_is_not_lost(ctx: Context, clock: FakeClock) -> None:
    numbers = await monitors(ctx, 10)
    async with running(clock) as writer:
        for place in range(100):
            writer.add(finding(numbers[place % 10], clock.ms + place))
            await asyncio.sleep(0.005)

    assert await stored() == 100
