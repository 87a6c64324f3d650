"""A batch is stored whole or not at all, and writers at the same monitors neither block nor mix."""

import asyncio
from collections.abc import Iterable, Iterator
from random import Random

import pytest

from is0k import models
from is0k.jobs.checker import Finding
from is0k.jobs.writer import write
from is0k.models.monitor_state import claim, give_back
from is0k.models.sql import fetch
from is0k.resolvers.context import Context
from is0k.tests.jobs.scene import (
    ILL,
    REGION,
    WELL,
    finding,
    incidents_of,
    monitor,
    monitors,
    state_of,
    ticks_of,
    without_table,
)
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

MINUTE = 60_000


async def test_all_or_nothing(ctx: Context, clock: FakeClock) -> None:
    """The transaction is cut off in the middle: the checks are written, the incident is not."""
    number = await monitor(ctx, retries=0)
    batch = [finding(number, clock.ms), finding(number, clock.ms + MINUTE, ILL)]
    async with without_table("incident_monitor"):
        with pytest.raises(Exception, match="incident_monitor"):
            await write(batch, REGION)

    assert await ticks_of(number) == []
    assert await incidents_of(number) == []
    assert (await state_of(number)).last_tick is None

    await write(batch, REGION)
    await write(batch, REGION)

    assert await ticks_of(number) == [clock.ms, clock.ms + MINUTE]
    assert len(await incidents_of(number)) == 1
    assert (await state_of(number)).status == "down"


class Batch(list[Finding]):
    """Tells when it is looked at for the first time, which is when the transaction has begun."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        super().__init__(findings)
        self.is_begun = asyncio.Event()

    def __iter__(self) -> Iterator[Finding]:
        self.is_begun.set()
        return super().__iter__()


async def test_a_write_that_is_cancelled_has_stored_all_or_nothing(ctx: Context, clock: FakeClock) -> None:
    numbers, outcomes = await monitors(ctx, 20, retries=0), set()
    for place in range(40):
        tick = clock.ms + place * MINUTE
        batch = Batch(finding(number, tick, ILL if place % 2 else WELL) for number in numbers)
        task = asyncio.create_task(write(batch, REGION))
        await batch.is_begun.wait()
        await asyncio.sleep(place / 2_000)
        task.cancel()
        await asyncio.wait({task})

        rows = await fetch("SELECT count(*) AS n FROM check_result WHERE tick = $1", tick)
        stored = rows[0]["n"], await models.MonitorState.filter(last_tick=tick).count()
        outcomes.add(stored)
        assert stored in ((0, 0), (20, 20))
    assert outcomes == {(0, 0), (20, 20)}


async def test_several_writers_of_the_same_monitors_neither_lock_each_other_out_nor_mix(
    ctx: Context, clock: FakeClock
) -> None:
    numbers = await monitors(ctx, 30, retries=1)
    random = Random(5)
    batches = []
    for tick in range(clock.ms, clock.ms + 60):
        chosen = random.sample(numbers, 20)
        batches.append([finding(number, tick, random.choice([WELL, ILL])) for number in chosen])

    async def work(place: int) -> None:
        for batch in batches[place::4]:
            await write(batch, REGION)
            await give_back((entry.slot.number, entry.slot.tick, 0) for entry in random.sample(batch, 20))
            await claim(clock.ms, clock.ms + 2_000, 10)

    await asyncio.gather(*(work(place) for place in range(4)))

    for number in numbers:
        own = [entry.slot.tick for batch in batches for entry in batch if entry.slot.number == number]
        assert await ticks_of(number) == own
        assert (await state_of(number)).last_tick == own[-1]
        assert len([incident for incident in await incidents_of(number) if not incident.resolved_at]) <= 1
