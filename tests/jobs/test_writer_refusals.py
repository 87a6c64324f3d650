"""A finding the database refuses holds up nobody but its own monitor's."""

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.schema.clock import moment
from is0k.schema.enums import Reason
from is0k.tests.jobs.scene import (
    DOWN,
    ILL,
    finding,
    incidents_of,
    monitors,
    running,
    sooner_or_later,
    state_of,
    stored,
    ticks_of,
    until_failed,
    until_stored,
    without_table,
)
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

MINUTE = 60_000
# Half of a character: neither database takes it, in whatever column it comes.
POISON = Outcome(DOWN, Reason.BAD_STATUS, "\ud800")


async def test_a_finding_that_cannot_be_written_holds_up_nobody(ctx: Context, clock: FakeClock) -> None:
    good, bad = await monitors(ctx, 2, retries=0)
    with capture_logs() as logs:
        async with running(clock) as writer:
            writer.add(finding(bad, clock.ms, POISON))
            for place in range(3):
                writer.add(finding(good, clock.ms + place))
                await until_stored(place + 1)

    assert await ticks_of(good) == [clock.ms + place for place in range(3)]
    assert await ticks_of(bad) == []
    [line] = [line for line in logs if line["log_level"] == "error"]
    assert line["event"] == "a result cannot be written and is dropped"
    assert line["monitor"] == bad


async def test_neither_does_one_that_was_alone_in_its_batch(ctx: Context, clock: FakeClock) -> None:
    good, bad = await monitors(ctx, 2)
    with capture_logs() as logs:
        async with running(clock) as writer:
            writer.add(finding(bad, clock.ms, POISON))
            await until_failed(logs, times=4)
            for place in range(3):
                writer.add(finding(good, clock.ms + place))
                await until_stored(place + 1)

    assert await ticks_of(bad) == []
    assert "a result cannot be written and is dropped" in [line["event"] for line in logs]


async def test_findings_of_a_monitor_wait_for_one_of_its_own_that_was_refused(ctx: Context, clock: FakeClock) -> None:
    """Written after a later one, it would be late, and an outage not be told."""
    good, bad = await monitors(ctx, 2, retries=0)
    async with running(clock, retry_seconds=0.05) as writer:
        async with without_table("incident_monitor"):
            writer.add(finding(bad, clock.ms, ILL))
            writer.add(finding(bad, clock.ms + 1))
            writer.add(finding(good, clock.ms + 2))
            await until_stored(1)
        await until_stored(3)

    assert (await ticks_of(good), await ticks_of(bad)) == ([clock.ms + 2], [clock.ms, clock.ms + 1])
    assert [incident.resolved_at for incident in await incidents_of(bad)] == [moment(clock.ms + 1)]


async def test_one_by_one_findings_are_judged_in_their_order(ctx: Context, clock: FakeClock) -> None:
    good, bad = await monitors(ctx, 2)
    began = clock.now()
    async with running(clock) as writer:
        writer.add(finding(bad, clock.ms, POISON))
        for tick in (clock.ms + 2, clock.ms, clock.ms + 1):
            writer.add(finding(good, tick, ILL))
        await until_stored(3)
        clock.move(seconds=301)  # for the one that is still held

    assert (await state_of(good)).status == "down"
    [incident] = await incidents_of(good)
    assert incident.started_at == began


async def test_an_incident_that_cannot_be_opened_is_one_monitors_trouble(ctx: Context, clock: FakeClock) -> None:
    """As when somebody's script has left an open one behind."""
    good, bad = await monitors(ctx, 2, retries=0)
    async with running(clock) as writer:
        writer.add(finding(bad, clock.ms, ILL))
        await sooner_or_later(stored)
        await models.MonitorState.filter(number=bad).update(status="up")
        writer.add(finding(bad, clock.ms + 1, ILL))
        writer.add(finding(good, clock.ms, ILL))
        await sooner_or_later(lambda: ticks_of(good))
        clock.move(seconds=301)  # for the one that is still held

    assert [len(await incidents_of(number)) for number in (good, bad)] == [1, 1]
