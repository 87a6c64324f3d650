"""A check begins at its slot and waits for no other; whatever happens to it, the writer gets at most one finding."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from is0k.jobs.checker import Checker, Finding, Slot
from is0k.jobs.doubts import Look
from is0k.models import sql
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor, pause_monitor, update_monitor
from is0k.schema import UpdateMonitorInput
from is0k.schema.clock import SystemClock, milliseconds
from is0k.schema.enums import MonitorType, Reason
from is0k.tests.jobs.scene import BLIND, DEGRADED, UNKNOWN, UP, FakeProbe, monitor, soon, state_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio


class Scene:
    """A checker with a fake probe; what it finds is kept."""

    def __init__(self, clock: Any, running_at_once: int = 100) -> None:
        self.probe, self.found = FakeProbe(), list[Finding]()
        self.found_at: dict[int, float] = {}
        self.checker = Checker({MonitorType.HTTP: self.probe}, clock, self._keep, running_at_once)

    def _keep(self, finding: Finding) -> None:
        self.found.append(finding)
        self.found_at[finding.slot.number] = time.time() * 1000

    async def outcome_of(self, slot: Slot) -> Outcome:
        await self.checker.accept([slot])
        await soon(lambda: self.found)
        return self.found.pop().outcome


@pytest.fixture
async def scene(clock: FakeClock) -> AsyncIterator[Scene]:
    scene = Scene(clock)
    yield scene
    scene.probe.let_go.set()
    await scene.checker.close(1)


@pytest.fixture
async def live(open_database: None) -> AsyncIterator[Scene]:
    """On a real clock."""
    scene = Scene(SystemClock())
    yield scene
    await scene.checker.close(1)


def now_ms() -> int:
    return milliseconds(SystemClock().now())


async def test_a_check_begins_at_its_slot_and_not_before(ctx: Context, live: Scene) -> None:
    numbers = [await monitor(ctx) for _ in range(5)]
    start = now_ms()
    slots = [Slot(number, start + 40 * place, 0, 0) for place, number in enumerate(numbers)]
    await live.checker.accept(slots)
    await soon(lambda: len(live.found) == 5)

    for slot in slots:
        assert live.found_at[slot.number] >= slot.tick
        assert live.found_at[slot.number] < slot.tick + 250
    assert [finding.slot for finding in live.found] == slots


async def test_the_lag_is_how_much_later_than_its_slot_it_began(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    number = await monitor(ctx)
    await scene.checker.accept([Slot(number, clock.ms - 1_234, 0, 0)])
    await soon(lambda: scene.found)

    assert 1_234 <= scene.found[0].lag_ms < 2_234


async def test_a_probe_that_hangs_delays_nobody(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    slow, *others = [await monitor(ctx, url=f"https://shop{place}.example/") for place in range(20)]
    scene.probe.hanging.add("https://shop0.example/")
    await scene.checker.accept([Slot(number, clock.ms, 0, 0) for number in (slow, *others)])
    await soon(lambda: len(scene.found) == 19)

    assert {finding.slot.number for finding in scene.found} == set(others)

    scene.probe.let_go.set()
    await soon(lambda: len(scene.found) == 20)
    assert scene.found[-1].slot.number == slow


async def test_no_more_run_at_once_than_there_is_room_for(ctx: Context, clock: FakeClock) -> None:
    scene = Scene(clock, running_at_once=2)
    numbers = [await monitor(ctx, url=f"https://shop{place}.example/") for place in range(3)]
    scene.probe.hanging |= {f"https://shop{place}.example/" for place in range(3)}
    await scene.checker.accept([Slot(number, clock.ms, 0, 0) for number in numbers])
    await soon(lambda: len(scene.probe.started) == 2)
    full_at = asyncio.get_running_loop().time()
    await soon(lambda: asyncio.get_running_loop().time() - full_at > 0.1)
    scene.probe.let_go.set()
    await soon(lambda: len(scene.found) == 3)

    assert [finding.lag_ms > 100 for finding in scene.found] == [False, False, True]
    await scene.checker.close(1)


async def test_picked_up_later_than_an_interval_is_unknown_and_not_probed(
    ctx: Context, scene: Scene, clock: FakeClock
) -> None:
    number = await monitor(ctx, intervalSeconds=60)
    outcome = await scene.outcome_of(Slot(number, clock.ms - 60_001, 0, 0))

    assert outcome == Outcome(UNKNOWN, Reason.LATE, "Picked up 60 s after its time")
    assert scene.probe.started == []


async def test_picked_up_nearly_an_interval_late_still_counts(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    number = await monitor(ctx, intervalSeconds=60)

    assert (await scene.outcome_of(Slot(number, clock.ms - 59_000, 0, 0))).status is UP


async def test_a_probe_that_raises_is_our_fault(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    number = await monitor(ctx)
    scene.probe.error = ValueError("a bug")
    outcome = await scene.outcome_of(Slot(number, clock.ms, 0, 0))

    assert outcome == Outcome(UNKNOWN, Reason.INTERNAL_ERROR, "The probe failed; the log of the worker has more")


async def test_a_probe_that_does_not_end_in_its_time_is_our_fault(
    ctx: Context, scene: Scene, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("is0k.jobs.checker.GRACE_SECONDS", -0.49)
    number = await monitor(ctx, url="https://shop0.example/", timeoutSeconds=0.5)
    scene.probe.hanging.add("https://shop0.example/")
    outcome = await scene.outcome_of(Slot(number, clock.ms, 0, 0))

    assert (outcome.status, outcome.reason) == (UNKNOWN, Reason.INTERNAL_ERROR)


async def test_what_nobody_vouches_for_is_delivered_as_unknown(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    asked, number = list[tuple[Look, Outcome]](), await monitor(ctx)

    async def vouch(look: Look, outcome: Outcome) -> Outcome:
        asked.append((look, outcome))
        return BLIND

    scene.checker.vouch = vouch
    assert await scene.outcome_of(Slot(number, clock.ms, 0, 0)) is BLIND
    [(look, outcome)] = asked
    assert (look.number, look.asks_system, outcome) == (number, True, scene.probe.outcome)


@pytest.mark.parametrize(("latency_ms", "status"), [(500.0, UP), (500.5, DEGRADED), (None, UP)])
async def test_a_slow_answer_is_degraded(
    ctx: Context, scene: Scene, clock: FakeClock, latency_ms: float | None, status: object
) -> None:
    number = await monitor(ctx, degradedAfterMs=500)
    scene.probe.outcome = Outcome(UP, Reason.OK, latency_ms=latency_ms)
    outcome = await scene.outcome_of(Slot(number, clock.ms, 0, 0))

    assert outcome.status is status
    assert outcome.message == ("took 500 ms, more than 500 ms" if status is DEGRADED else None)


async def test_an_answer_is_never_too_slow_where_no_limit_is_set(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    number = await monitor(ctx)
    scene.probe.outcome = Outcome(UP, Reason.OK, latency_ms=29_000.0)

    assert (await scene.outcome_of(Slot(number, clock.ms, 0, 0))).status is UP


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those that read."""
    seen, fetch = list[str](), sql.fetch

    async def counting(statement: str, *values: object) -> list[sql.Row]:
        seen.append(statement)
        return await fetch(statement, *values)

    monkeypatch.setattr("is0k.models.monitor.fetch", counting)
    return seen


async def test_a_target_is_read_once_for_all_of_a_batch_and_not_again(
    ctx: Context, scene: Scene, clock: FakeClock, statements: list[str]
) -> None:
    numbers = [await monitor(ctx) for _ in range(5)]
    statements.clear()
    for place in range(3):
        await scene.checker.accept([Slot(number, clock.ms + place, 0, 0) for number in numbers])
    await soon(lambda: len(scene.found) == 15)

    assert len(statements) == 1


async def test_a_target_is_read_again_when_its_monitor_was_edited(
    ctx: Context, scene: Scene, clock: FakeClock, statements: list[str]
) -> None:
    shop = await new_monitor(ctx)
    await scene.outcome_of(Slot(shop.number, clock.ms, 0, 0))
    await update_monitor(ctx, shop.id, UpdateMonitorInput(degraded_after_ms=1))
    version = (await state_of(shop.number)).version
    statements.clear()

    assert (await scene.outcome_of(Slot(shop.number, clock.ms + 1, 0, version))).status is DEGRADED
    assert len(statements) == 1


async def test_a_slot_claimed_before_an_edit_is_checked_as_the_monitor_is_now(
    ctx: Context, scene: Scene, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    await update_monitor(ctx, shop.id, UpdateMonitorInput(degraded_after_ms=1))

    assert (await scene.outcome_of(Slot(shop.number, clock.ms, 0, 0))).status is DEGRADED


@pytest.mark.parametrize("end", [pause_monitor, delete_monitor])
async def test_paused_or_deleted_in_between_is_not_checked(
    ctx: Context, scene: Scene, clock: FakeClock, end: Callable[..., Any]
) -> None:
    shop, other = await new_monitor(ctx), await monitor(ctx)
    await scene.outcome_of(Slot(shop.number, clock.ms, 0, 0))
    await end(ctx, shop.id)
    await scene.checker.accept([Slot(shop.number, clock.ms + 1, 1, 1), Slot(other, clock.ms, 0, 0)])
    await soon(lambda: scene.found)

    assert [finding.slot.number for finding in scene.found] == [other]
    assert len(scene.probe.started) == 2


async def test_a_slot_that_comes_twice_is_checked_once(ctx: Context, scene: Scene, clock: FakeClock) -> None:
    number = await monitor(ctx, url="https://shop0.example/")
    scene.probe.hanging.add("https://shop0.example/")
    slot = Slot(number, clock.ms, 0, 0)
    await scene.checker.accept([slot])
    await scene.checker.accept([slot])
    await soon(lambda: scene.probe.started)
    await scene.checker.accept([slot])
    scene.probe.let_go.set()
    await soon(lambda: scene.found)

    assert len(scene.probe.started) == len(scene.found) == 1


async def test_only_the_latest_targets_are_kept(
    ctx: Context, scene: Scene, clock: FakeClock, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("is0k.jobs.checker.CACHED_TARGETS", 2)
    one, two, three = [await monitor(ctx) for _ in range(3)]
    for number in (one, two, one, three):
        await scene.outcome_of(Slot(number, clock.ms + len(statements), 0, 0))
    statements.clear()
    await scene.outcome_of(Slot(one, clock.ms + 100, 0, 0))
    assert statements == []
    await scene.outcome_of(Slot(two, clock.ms + 100, 0, 0))
    assert len(statements) == 1


class TestClosing:
    async def test_waits_for_what_runs(self, ctx: Context, clock: FakeClock) -> None:
        scene, number = Scene(clock), await monitor(ctx, url="https://shop0.example/")
        scene.probe.hanging.add("https://shop0.example/")
        await scene.checker.accept([Slot(number, clock.ms, 0, 0)])
        await soon(lambda: scene.probe.started)
        closing = asyncio.create_task(scene.checker.close(5))
        scene.probe.let_go.set()
        await closing

        assert len(scene.found) == 1
        assert scene.probe.is_closed

    async def test_cancels_what_does_not_end(self, ctx: Context, clock: FakeClock) -> None:
        scene, number = Scene(clock), await monitor(ctx, url="https://shop0.example/")
        scene.probe.hanging.add("https://shop0.example/")
        await scene.checker.accept([Slot(number, clock.ms, 0, 0)])
        await soon(lambda: scene.probe.started)
        await scene.checker.close(0.01)

        assert scene.found == []
        assert scene.probe.is_closed

    async def test_what_has_not_begun_is_given_up_and_told(self, ctx: Context, scene: Scene, clock: FakeClock) -> None:
        numbers = [await monitor(ctx) for _ in range(3)]
        slots = [Slot(number, clock.ms + 20, 0, 0) for number in numbers]
        await scene.checker.accept(slots)

        assert scene.checker.give_up_waiting() == slots
        assert scene.checker.give_up_waiting() == []
        await asyncio.sleep(0.05)  # longer than they would have waited
        assert scene.probe.started == []
