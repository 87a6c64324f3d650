"""Every second: what is due is claimed, cut into batches, and handed to its region; Redis may be there or not."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.checker import Slot
from is0k.jobs.queue import Queue, QueueAway, checks_queue
from is0k.jobs.scheduler import Scheduler, batched, slots_by_region
from is0k.models.monitor_state import start_of
from is0k.resolvers.context import Context
from is0k.tests.jobs.scene import monitor, monitors, soon, state_of, without_table
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

NOW = 1_795_435_200_000
MINUTE = 60_000


class FakeQueue(Queue):
    """Keeps what is sent; may be away, or slow."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str, list[Slot]]] = []
        self.is_away = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def send(self, queue: str, job_id: str, function: str, *arguments: Any) -> None:
        await self.answers.wait()
        if self.is_away:
            raise QueueAway("nobody there")
        self.sent.append((queue, job_id, function, *arguments))

    def slots_for(self, region: str) -> list[Slot]:
        return [slot for queue, _, _, batch in self.sent for slot in batch if queue == checks_queue(region)]


class Scene:
    def __init__(self, clock: FakeClock, region: str = "eu") -> None:
        self.queue, self.accepted = FakeQueue(), list[Slot]()
        self.scheduler = Scheduler(region, self.queue, self._accept, clock)

    async def _accept(self, slots: Sequence[Slot]) -> None:
        self.accepted += slots

    async def claim_once(self) -> None:
        """And wait until all is handed out."""
        await self.scheduler.claim_once()
        await soon(lambda: not self.scheduler._sending)


@pytest.fixture
def scene(ctx: Context, clock: FakeClock) -> Scene:
    return Scene(clock)


class TestStart:
    """(slot, phase, interval) → when the check begins, at NOW."""

    def start(self, slot_at: int, phase: int = 0, interval: int = MINUTE) -> int:
        return start_of(slot_at, NOW, phase, interval)

    @pytest.mark.parametrize("slot_at", [NOW + 2_000, NOW, NOW - 5_000])
    def test_a_slot_ahead_or_hardly_late_is_itself(self, slot_at: int) -> None:
        assert self.start(slot_at, phase=777) == slot_at

    @pytest.mark.parametrize(
        ("phase", "interval", "put_off"),
        [(0, MINUTE, MINUTE), (59_999, MINUTE, 59_999), (4_000, 5_000, 4_000), (3_599_999, 3_600_000, 59_999)],
    )
    def test_a_missed_one_is_put_off_to_the_next_slot_and_at_most_a_minute(
        self, phase: int, interval: int, put_off: int
    ) -> None:
        assert self.start(NOW - 5_001, phase, interval) == NOW + put_off


def test_a_monitor_without_regions_is_checked_here_and_another_in_each_of_its_regions() -> None:
    row = {"slot_at": NOW, "epoch": 1, "version": 2, "phase_ms": 0, "interval_ms": MINUTE, "suspect_in": None}
    rows = [row | {"number": 1, "regions": ""}, row | {"number": 2, "regions": "us eu"}]

    one, two = Slot(1, NOW, 1, 2), Slot(2, NOW, 1, 2)
    assert slots_by_region(rows, "eu", NOW) == {"eu": [one, two], "us": [two]}


def test_a_batch_has_at_most_two_hundred() -> None:
    slots = [Slot(number, NOW, 0, 0) for number in range(401)]
    batches = list(batched(slots))

    assert [len(batch) for batch in batches] == [200, 200, 1]
    assert [slot for batch in batches for slot in batch] == slots


async def test_what_is_due_goes_to_the_queue_of_its_region_with_its_exact_slot(
    ctx: Context, scene: Scene, clock: FakeClock
) -> None:
    here, there = await monitor(ctx), await monitor(ctx, regions=["us"])
    await models.MonitorState.filter(number=here).update(next_at=clock.ms + 1_234)
    await scene.claim_once()

    assert sorted((queue, function, batch) for queue, _, function, batch in scene.queue.sent) == [
        ("is0k:checks:eu", "run_checks", [Slot(here, clock.ms + 1_234, 0, 0)]),
        ("is0k:checks:us", "run_checks", [Slot(there, clock.ms, 0, 0)]),
    ]
    assert scene.accepted == []


async def test_every_job_has_an_id_of_its_own(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    other = Scene(clock)
    await monitor(ctx, regions=["us", "asia", "eu"])
    await scene.claim_once()
    clock.move(seconds=60)
    await other.claim_once()

    ids = [job_id for _, job_id, _, _ in scene.queue.sent + other.queue.sent]
    assert len(ids) == len(set(ids)) == 6


async def test_without_redis_the_own_region_is_checked_in_this_process(
    ctx: Context, scene: Scene, clock: FakeClock
) -> None:
    number = await monitor(ctx)
    scene.queue.is_away = True
    await scene.claim_once()

    assert scene.accepted == [Slot(number, clock.ms, 0, 0)]


async def test_without_redis_other_regions_are_due_again_a_little_later(
    ctx: Context, scene: Scene, clock: FakeClock
) -> None:
    number = await monitor(ctx, regions=["us"])
    await models.MonitorState.filter(number=number).update(phase_ms=30_000)
    scene.queue.is_away = True
    await scene.claim_once()

    assert scene.accepted == []
    assert (await state_of(number)).next_at == clock.ms + 10_000

    scene.queue.is_away = False
    clock.move(seconds=8)
    await scene.claim_once()
    assert scene.queue.slots_for("us") == [Slot(number, clock.ms + 2_000, 0, 0)]


async def test_without_redis_what_is_checked_here_as_well_is_not_given_back(
    ctx: Context, scene: Scene, clock: FakeClock
) -> None:
    """Or it would be checked here every ten seconds."""
    number = await monitor(ctx, regions=["us", "eu"])
    await models.MonitorState.filter(number=number).update(phase_ms=0)
    scene.queue.is_away = True
    await scene.claim_once()

    assert scene.accepted == [Slot(number, clock.ms, 0, 0)]
    assert (await state_of(number)).next_at == clock.ms + MINUTE


async def test_a_slow_redis_does_not_hold_up_the_next_second(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    # Whatever its phase, it is not due a second time.
    first = await monitor(ctx, intervalSeconds=86_400)
    scene.queue.answers.clear()
    await scene.scheduler.claim_once()
    clock.move(seconds=1)
    second = await monitor(ctx)
    await scene.scheduler.claim_once()

    assert ((await state_of(second)).next_at or 0) > clock.ms
    scene.queue.answers.set()
    await soon(lambda: len(scene.queue.slots_for("eu")) == 2)
    assert [slot.number for slot in scene.queue.slots_for("eu")] == [first, second]


async def test_two_schedulers_never_hand_out_one_slot_twice(ctx: Context, clock: FakeClock) -> None:
    await monitors(ctx, 40, intervalSeconds=5)
    scenes = [Scene(clock), Scene(clock)]
    for _ in range(20):
        await asyncio.gather(*(scene.claim_once() for scene in scenes))
        clock.move(seconds=1)

    slots = [slot for scene in scenes for slot in scene.queue.slots_for("eu")]
    assert len(slots) == len(set(slots))
    assert len(slots) in range(40 * 4, 40 * 6)


class TestClock:
    async def test_set_back_there_is_no_double_slot(self, ctx: Context, scene: Scene, clock: FakeClock) -> None:
        await monitors(ctx, 10)
        await scene.claim_once()
        clock.move(seconds=-30)
        for _ in range(120):
            await scene.claim_once()
            clock.move(seconds=1)

        slots = scene.queue.slots_for("eu")
        assert len(slots) == len(set(slots))
        assert len(slots) in range(20, 31)

    async def test_set_back_by_an_hour_checks_go_on_within_an_interval(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        numbers = await monitors(ctx, 10)
        await scene.claim_once()
        clock.move(seconds=-3_600)
        with capture_logs() as logs:
            await scene.scheduler.check_clock()
        scene.queue.sent.clear()
        for _ in range(60):
            await scene.claim_once()
            clock.move(seconds=1)

        slots = scene.queue.slots_for("eu")
        assert {slot.number for slot in slots} == set(numbers)
        assert all(slot.epoch == 1 for slot in slots)
        assert len(slots) in range(10, 12)
        assert [line["monitors"] for line in logs] == [10]

    async def test_set_forward_each_monitor_is_checked_once_and_not_all_at_once(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        numbers = await monitors(ctx, 60)
        await scene.claim_once()
        scene.queue.sent.clear()
        clock.move(seconds=3_600)
        await scene.claim_once()

        slots = scene.queue.slots_for("eu")
        assert sorted(slot.number for slot in slots) == numbers
        assert all(clock.ms <= slot.tick < clock.ms + MINUTE for slot in slots)
        assert len({slot.tick // 1_000 for slot in slots}) > 20


class TestRunning:
    async def test_goes_on_after_the_database_was_away_and_loses_nothing(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        number = await monitor(ctx)
        task = asyncio.create_task(scene.scheduler.run())
        with capture_logs() as logs:
            async with without_table("monitor_state"):
                await soon(lambda: logs)
            await soon(lambda: scene.queue.sent)

        assert {line["event"] for line in logs} == {"could not claim what is due"}
        assert scene.queue.slots_for("eu") == [Slot(number, clock.ms, 0, 0)]
        scene.scheduler.stop()
        await asyncio.wait_for(task, 5)

    async def test_stopped_it_hands_out_what_is_claimed(self, ctx: Context, scene: Scene) -> None:
        await monitor(ctx)
        scene.queue.answers.clear()
        task = asyncio.create_task(scene.scheduler.run())
        await soon(lambda: scene.scheduler._sending)
        scene.scheduler.stop()
        await asyncio.sleep(0.05)
        assert not task.done()
        scene.queue.answers.set()
        await asyncio.wait_for(task, 5)

        assert len(scene.queue.sent) == 1

    async def test_a_batch_that_cannot_be_handed_out_at_all_is_told(self, ctx: Context, clock: FakeClock) -> None:
        scene = Scene(clock)

        async def refuse(slots: Sequence[Slot]) -> None:
            raise OSError("the database is away")

        scene.scheduler.accept = refuse
        scene.queue.is_away = True
        await monitor(ctx)
        with capture_logs() as logs:
            await scene.claim_once()

        [line] = [line for line in logs if line["log_level"] == "error"]
        assert (line["event"], line["checks"]) == ("checks could not be handed out: this turn of theirs is lost", 1)
