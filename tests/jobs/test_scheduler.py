"""What is due is handed out once, in batches, in time; and a Redis that is away changes where, not whether."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from is0k import models
from is0k.jobs.checker import Slot
from is0k.jobs.queue import Queue, QueueAway
from is0k.jobs.scheduler import AHEAD_MS, ASK_AGAIN_MS, BATCH_SIZE, OVERDUE_MS, Scheduler, batched, start_of
from is0k.models.sql import execute
from is0k.tests.jobs.scene import soon, state_of, without_table
from is0k.tests.stage.clock import FakeClock

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("open_database")]

MINUTE = 60_000


class FakeQueue(Queue):
    """Keeps what is sent; away when told so, silent when it `hangs`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[Slot]]] = []
        self.job_ids: list[str] = []
        self.is_away = False
        self.hangs = asyncio.Event()
        self.hangs.set()

    async def send(self, queue: str, job_id: str, function: str, *arguments: Any) -> None:
        await self.hangs.wait()
        if self.is_away:
            raise QueueAway("away")
        assert function == "run_checks"
        self.sent.append((queue, arguments[0]))
        self.job_ids.append(job_id)


class Stage:
    def __init__(self, clock: FakeClock) -> None:
        self.queue = FakeQueue()
        self.accepted: list[Slot] = []
        self.scheduler = Scheduler("eu", self.queue, self.accept, clock)

    async def accept(self, slots: Sequence[Slot]) -> None:
        self.accepted += slots

    async def turn(self) -> None:
        await self.scheduler.claim_once()
        await soon(lambda: not self.scheduler._sending)


@pytest.fixture
def stage(clock: FakeClock) -> Stage:
    return Stage(clock)


async def planned(number: int, next_at: int, regions: str = "", interval_ms: int = MINUTE, phase_ms: int = 0) -> None:
    await models.MonitorState.create(
        number=number, next_at=next_at, interval_ms=interval_ms, phase_ms=phase_ms, regions=regions, version=4, epoch=2
    )


async def test_what_is_due_in_the_coming_seconds_is_handed_out_with_its_exact_slot(
    stage: Stage, clock: FakeClock
) -> None:
    await planned(1, clock.ms + AHEAD_MS)
    await planned(2, clock.ms + AHEAD_MS + 1)

    await stage.turn()

    assert stage.queue.sent == [("is0k:checks:eu", [Slot(1, clock.ms + AHEAD_MS, 2, 4)])]


async def test_each_region_of_a_monitor_gets_the_slot(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms, regions="us asia")

    await stage.turn()

    assert sorted(queue for queue, _ in stage.queue.sent) == ["is0k:checks:asia", "is0k:checks:us"]


async def test_no_slot_is_handed_out_twice_by_two_schedulers(stage: Stage, clock: FakeClock) -> None:
    for number in range(1, 51):
        await planned(number, clock.ms)
    other = Stage(clock)

    await asyncio.gather(stage.turn(), other.turn())

    handed = [slot.number for _, batch in stage.queue.sent + other.queue.sent for slot in batch]
    assert sorted(handed) == list(range(1, 51))
    assert not set(stage.queue.job_ids) & set(other.queue.job_ids)


def test_a_batch_is_small() -> None:
    slots = [Slot(number, 0, 0, 0) for number in range(2 * BATCH_SIZE + 1)]

    assert [len(batch) for batch in batched(slots)] == [BATCH_SIZE, BATCH_SIZE, 1]
    assert [slot for batch in batched(slots) for slot in batch] == slots


async def test_checks_of_this_region_are_made_here_when_redis_is_away(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms)
    stage.queue.is_away = True

    await stage.turn()

    assert stage.accepted == [Slot(1, clock.ms, 2, 4)]


async def test_checks_of_other_regions_are_given_back_when_redis_is_away(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms, regions="us")
    stage.queue.is_away = True

    await stage.turn()

    assert stage.accepted == []
    assert (await state_of(1)).next_at == clock.ms + ASK_AGAIN_MS


async def test_a_redis_that_hangs_does_not_hold_up_the_next_second(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms)
    await planned(2, clock.ms + AHEAD_MS + 500)
    stage.queue.hangs.clear()
    await stage.scheduler.claim_once()

    clock.move(1)
    await stage.scheduler.claim_once()
    stage.queue.hangs.set()
    await soon(lambda: not stage.scheduler._sending)

    assert sorted(slot.number for _, batch in stage.queue.sent for slot in batch) == [1, 2]


async def test_a_database_that_fails_is_asked_again_the_next_second(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms)
    running = asyncio.create_task(stage.scheduler.run())

    async with without_table("monitor_state"):
        await asyncio.sleep(0.1)
        assert not running.done()
    await soon(lambda: stage.queue.sent)

    stage.scheduler.stop()
    await running
    assert [slot.number for _, batch in stage.queue.sent for slot in batch] == [1]


async def test_a_monitor_that_was_missed_is_checked_once_and_not_with_all_others(
    stage: Stage, clock: FakeClock
) -> None:
    for number in range(1, 61):
        await planned(number, clock.ms - 3 * MINUTE, phase_ms=number * 1_000)

    await stage.turn()

    ticks = sorted(slot.tick - clock.ms for _, batch in stage.queue.sent for slot in batch)
    assert ticks == [second * 1_000 for second in range(60)]


def test_a_slot_that_is_only_a_little_late_is_not_put_off() -> None:
    row = {"slot_at": 1_000_000, "phase_ms": 40_000, "interval_ms": MINUTE}

    assert start_of(row, 1_000_000 + OVERDUE_MS) == 1_000_000
    assert start_of(row, 1_000_000 + OVERDUE_MS + 1) == 1_000_000 + OVERDUE_MS + 1 + 40_000


async def test_a_clock_set_back_does_not_stop_the_checks(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms + 30_000)
    clock.move(-3_600)

    await stage.scheduler.check_clock()

    state = await state_of(1)
    assert state.next_at is not None
    assert clock.ms < state.next_at <= clock.ms + MINUTE
    assert state.epoch == 3


async def test_a_clock_set_forward_makes_one_check_of_each_monitor(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms)
    clock.move(3_600)

    await stage.turn()
    await stage.turn()

    assert len(stage.queue.sent) == 1


async def test_what_is_claimed_when_it_is_told_to_stop_is_still_handed_out(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms)
    stage.queue.hangs.clear()
    running = asyncio.create_task(stage.scheduler.run())
    await soon(lambda: stage.scheduler._sending)

    stage.scheduler.stop()
    stage.queue.hangs.set()
    await running

    assert len(stage.queue.sent) == 1


async def test_a_paused_monitor_is_never_due(stage: Stage, clock: FakeClock) -> None:
    await planned(1, clock.ms)
    await execute("UPDATE monitor_state SET next_at = NULL")

    await stage.turn()

    assert stage.queue.sent == []
