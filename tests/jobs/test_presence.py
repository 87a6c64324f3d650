import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.presence import BETWEEN_SECONDS, Presence
from is0k.models.region import region_number
from is0k.resolvers.regions import LONGEST_SILENCE
from is0k.tests.jobs.scene import soon, sooner_or_later, without_table
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def present(clock: FakeClock, between_seconds: float = 0.01) -> AsyncIterator[asyncio.Task[None]]:
    presence = Presence(await region_number("eu"), "1.2.3", clock, lambda: 7, between_seconds)
    task = asyncio.create_task(presence.run())
    yield task
    presence.stop()
    await asyncio.wait_for(task, 5)


async def seen() -> tuple[int | None, str | None, int | None]:
    region = await models.Region.get(name="eu")
    return region.last_seen_at, region.version, region.lag_ms


async def until_seen(at: int) -> None:
    async def is_seen() -> bool:
        return await seen() == (at, "1.2.3", 7)

    await sooner_or_later(is_seen)


async def test_it_speaks_up_at_once_and_again_and_again(open_database: None, clock: FakeClock) -> None:
    async with present(clock):
        await until_seen(clock.ms)
        clock.move(10)
        await until_seen(clock.ms)


async def test_it_speaks_of_its_own_region_only(open_database: None, clock: FakeClock) -> None:
    await region_number("us")
    async with present(clock):
        await until_seen(clock.ms)

    assert (await models.Region.get(name="us")).last_seen_at is None


async def test_it_goes_on_when_the_database_is_back(open_database: None, clock: FakeClock) -> None:
    with capture_logs() as logs:
        async with present(clock) as task:
            await until_seen(clock.ms)
            async with without_table("region"):
                clock.move(10)
                await soon(lambda: [line for line in logs if "could not say" in str(line["event"])])
                assert not task.done()
            await until_seen(clock.ms)

    assert {line["log_level"] for line in logs} == {"warning"}


async def test_told_to_stop_it_does_not_wait_for_its_next_turn(open_database: None, clock: FakeClock) -> None:
    async with present(clock, between_seconds=3600):
        await until_seen(clock.ms)


def test_a_region_may_miss_a_few_turns_before_it_counts_as_gone() -> None:
    assert LONGEST_SILENCE.total_seconds() >= 3 * BETWEEN_SECONDS
