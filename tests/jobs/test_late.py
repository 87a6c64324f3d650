"""A region that comes back finds batches in its queue whose time is over: they cost little, and decide nothing."""

import time

import pytest

from is0k.jobs.checker import Checker, Finding, Slot
from is0k.jobs.monitor_file import Place
from is0k.jobs.writer import write
from is0k.models.region import region_number
from is0k.resolvers.context import Context
from is0k.schema.enums import MonitorType, Reason
from is0k.tests.jobs.scene import (
    ILL,
    WELL,
    FakeProbe,
    checks_of,
    incidents_of,
    monitor,
    monitors,
    soon,
    state_of,
    words,
)
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

REGIONS = ["asia", "eu", "us"]
MISSED = 12  # ticks, as many as a minute has that a queue keeps them


class Scene:
    """The worker of a region that was away, and what it finds."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.probe, self.found = clock, FakeProbe(), list[Finding]()
        self.checker = Checker({MonitorType.HTTP: self.probe}, clock, self.found.append)

    async def work_off(self, numbers: list[int]) -> list[Finding]:
        """Everything that lay in the queue, the latest of which is not too late."""
        ticks = [self.clock.ms - 1_500 - 5_000 * missed for missed in range(MISSED, -1, -1)]
        await self.checker.accept([Slot(number, tick, 0, 0) for tick in ticks for number in numbers])
        await soon(lambda: len(self.found) == len(numbers) * len(ticks))
        return self.found


async def test_thousands_that_are_too_late_are_not_probed_and_take_a_moment(ctx: Context, clock: FakeClock) -> None:
    scene, numbers = Scene(clock), await monitors(ctx, 10, intervalSeconds=5)
    slots = [Slot(number, clock.ms - 5_001 - back, 0, 0) for number in numbers for back in range(500)]
    began = time.process_time()
    await scene.checker.accept(slots)
    await soon(lambda: len(scene.found) == 5_000)

    assert time.process_time() - began < 2.5
    assert scene.probe.started == []
    assert {finding.outcome.reason for finding in scene.found} == {Reason.LATE}


async def test_what_was_missed_is_in_the_history_and_flips_nothing(ctx: Context, clock: FakeClock) -> None:
    up, down = await monitors(ctx, 2, intervalSeconds=5, retries=0, regions=REGIONS)
    places = {name: Place(await region_number(name), name) for name in REGIONS}
    for number, outcome in ((up, WELL), (down, ILL)):
        for name in ("asia", "eu"):
            await write([Finding(Slot(number, clock.ms, 0, 0), 0, outcome)], places[name])
    scene = Scene(clock)
    scene.probe.outcome = ILL
    clock.move(1)
    late = [finding for finding in await scene.work_off([up, down]) if finding.outcome.reason is Reason.LATE]
    before = [await state_of(number) for number in (up, down)]
    await write(late, places["us"])

    assert len(late) == 2 * MISSED
    for number, was in zip((up, down), before, strict=True):
        state = await state_of(number)
        assert (state.status, state.is_blind, state.told) == (was.status, False, was.told)
        missed = [words(row) for row in await checks_of(number) if row["region"] == places["us"].number]
        assert missed == [("unknown", "late")] * MISSED
    assert [len(await incidents_of(number)) for number in (up, down)] == [0, 1]


async def test_the_worst_lag_is_of_the_checks_since_it_was_asked(ctx: Context, clock: FakeClock) -> None:
    scene, number = Scene(clock), await monitor(ctx)
    assert scene.checker.take_worst_lag_ms() is None

    await scene.checker.accept([Slot(number, clock.ms - lag, 0, 0) for lag in (20, 1_500, 300)])
    await soon(lambda: len(scene.found) == 3)
    assert scene.checker.take_worst_lag_ms() in range(1_500, 5_000)
    assert scene.checker.take_worst_lag_ms() is None

    await scene.checker.accept([Slot(number, clock.ms, 0, 0)])
    await soon(lambda: len(scene.found) == 4)
    assert scene.checker.take_worst_lag_ms() in range(1_500)
