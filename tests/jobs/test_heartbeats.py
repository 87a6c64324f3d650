"""A job calls, or does not: from the call to what people are told, with all the pieces of a worker."""

import asyncio
from typing import Any

import pytest

from is0k import models, schema
from is0k.jobs.checker import Checker, Finding
from is0k.jobs.doubts import Look
from is0k.jobs.scheduler import slots_by_region
from is0k.jobs.writer import write
from is0k.models.listening import sign
from is0k.models.monitor_state import claim
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import get_monitor, pause_monitor, resume_monitor, update_monitor
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorStatus, MonitorType, PingKind
from is0k.schema.ids import uuid7
from is0k.tests.jobs.scene import REGION, checks_of, incidents_of, state_of, without_table, words
from is0k.tests.resolvers.conftest import counted
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.jobs import MINUTE_MS, call, listened, new_heartbeat

pytestmark = pytest.mark.anyio

HOUR = 3600


class Worker:
    """One that takes its turns when it is told to. Somebody listens all the time, unless told otherwise."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.findings, self.ears = clock, list[Finding](), uuid7()
        self.checker = Checker({}, clock, self.findings.append)
        self.began = clock.ms

    async def turn(self, is_heard: bool = True) -> int:
        """How many monitors had something to say."""
        if is_heard:
            await sign(self.ears, self.began, self.clock.ms)
        now = self.clock.ms
        for slots in slots_by_region(await claim(now, now, 1_000), REGION.region, now).values():
            # What is overdue is spread over a minute; nobody here waits for that.
            await self.checker.accept([slot._replace(tick=min(slot.tick, now)) for slot in slots])
            while self.checker._waiting or self.checker._running:
                await asyncio.sleep(0.001)
        findings, self.findings[:] = list(self.findings), []
        await write(findings, REGION, now)
        return len(findings)

    async def live(self, seconds: float) -> None:
        """A turn each second that has one, and time goes by."""
        end = self.clock.ms + round(seconds * 1000)
        while self.clock.ms < end:
            await self.turn()
            following = [row["next_at"] for row in await models.MonitorState.all().values("next_at") if row["next_at"]]
            self.clock.move(max(1, min([end, *following]) - self.clock.ms) / 1000)
        await self.turn()


@pytest.fixture
def worker(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr("is0k.jobs.heartbeats.GATHER_SECONDS", 0.002)
    return Worker(clock)


async def status_of(ctx: Context, monitor: schema.Monitor) -> MonitorStatus:
    return (await get_monitor(ctx, monitor.id)).status


async def test_a_new_one_stays_pending_and_nothing_is_recorded(ctx: Context, clock: FakeClock, worker: Worker) -> None:
    monitor = await new_heartbeat(ctx)

    await worker.live(3 * HOUR)

    assert await status_of(ctx, monitor) is MonitorStatus.PENDING
    assert await checks_of(monitor.number) == []
    assert await incidents_of(monitor.number) == []


async def test_a_call_is_known_at_once_with_how_long_the_job_ran(
    ctx: Context, clock: FakeClock, worker: Worker
) -> None:
    monitor = await new_heartbeat(ctx, intervalSeconds=86_400)
    await worker.turn()
    clock.move(10)
    await call(monitor, clock, PingKind.START)
    assert await worker.turn() == 0
    clock.move(2.5)
    await call(monitor, clock)

    assert await worker.turn() == 1

    [row] = await checks_of(monitor.number)
    assert (words(row), row["tick"], row["latency_us"]) == (("up", "ok"), clock.ms, 2_500_000)
    assert await status_of(ctx, monitor) is MonitorStatus.UP


async def test_silence_is_down_at_the_deadline_and_a_call_resolves_it(
    ctx: Context, clock: FakeClock, worker: Worker
) -> None:
    monitor = await new_heartbeat(ctx, intervalSeconds=86_400)
    await call(monitor, clock)
    called = clock.ms
    await worker.turn()
    clock.move(HOUR + 299.999)
    assert await worker.turn() == 0
    clock.move(0.001)

    assert await worker.turn() == 1

    [incident] = await incidents_of(monitor.number)
    assert (await state_of(monitor.number)).last_reason == "missed"
    assert incident.resolved_at is None
    assert round(incident.started_at.timestamp() * 1000) == called + (HOUR + 300) * 1000

    clock.move(60)
    await call(monitor, clock)
    await worker.turn()

    [incident] = await incidents_of(monitor.number)
    assert incident.resolved_at == clock.now()
    assert await status_of(ctx, monitor) is MonitorStatus.UP


async def test_a_failure_opens_an_incident_at_once_with_what_the_job_said(
    ctx: Context, clock: FakeClock, worker: Worker
) -> None:
    monitor = await new_heartbeat(ctx)
    await call(monitor, clock, PingKind.FAIL, exit_code=3, body=b"disk full\n")

    await worker.turn()

    [row] = await checks_of(monitor.number)
    assert words(row) == ("down", "bad_status")
    assert row["message"] == "the job reported failure: exit code 3"
    assert row["detail"] == '{"bodyExcerpt":"disk full\\n"}'
    assert len(await incidents_of(monitor.number)) == 1


@pytest.mark.parametrize(("kind", "asked"), [(PingKind.FAIL, []), (PingKind.SUCCESS, ["missed"])])
async def test_only_silence_may_have_been_our_own_trouble(
    ctx: Context, clock: FakeClock, worker: Worker, kind: PingKind, asked: list[str]
) -> None:
    reasons = []

    async def vouch(look: Look, outcome: Outcome) -> Outcome:
        reasons.append(outcome.reason.value)
        return outcome

    worker.checker.vouch = vouch
    monitor = await new_heartbeat(ctx, intervalSeconds=86_400)
    await call(monitor, clock, kind)
    await worker.turn()
    clock.move(HOUR + 300)
    await worker.turn()

    assert reasons == asked


async def test_regular_turns_go_on_between_the_calls(ctx: Context, clock: FakeClock, worker: Worker) -> None:
    monitor = await new_heartbeat(ctx)
    await call(monitor, clock)

    await worker.live(10 * 60)

    rows = await checks_of(monitor.number)
    assert {words(row) for row in rows} == {("up", "ok")}
    assert len(rows) == 11
    assert sum(row["gap_ms"] for row in rows) == 0


async def test_a_deadline_nobody_was_there_to_hear_is_unknown_and_opens_no_incident(
    ctx: Context, clock: FakeClock, worker: Worker
) -> None:
    monitor = await new_heartbeat(ctx)
    await call(monitor, clock)
    await worker.turn()
    clock.move(HOUR + 400)
    worker.ears, worker.began = uuid7(), clock.ms

    await worker.turn()

    [*_, row] = await checks_of(monitor.number)
    assert words(row) == ("unknown", "observer_unhealthy")
    assert row["message"] == "is0k could not be called from 12:00:00 UTC to 13:06:40 UTC"
    assert await status_of(ctx, monitor) is MonitorStatus.UNKNOWN

    await worker.live(HOUR + 300)

    assert (await state_of(monitor.number)).last_reason == "missed"
    assert len(await incidents_of(monitor.number)) == 1


async def test_while_the_signature_for_the_deadline_is_to_come_nothing_is_said(
    ctx: Context, clock: FakeClock, worker: Worker
) -> None:
    monitor = await new_heartbeat(ctx, intervalSeconds=86_400)
    await call(monitor, clock)
    await worker.turn()
    clock.move(HOUR + 298)
    await worker.turn()
    clock.move(2)

    assert await worker.turn(is_heard=False) == 0
    assert (await state_of(monitor.number)).next_at == clock.ms + 1_000

    clock.move(1)
    assert await worker.turn() == 1
    assert (await state_of(monitor.number)).last_reason == "missed"


async def test_a_call_while_it_is_paused_is_recorded_and_the_state_stays(
    ctx: Context, clock: FakeClock, worker: Worker
) -> None:
    monitor = await new_heartbeat(ctx)
    await pause_monitor(ctx, monitor.id)
    before = await models.MonitorState.filter(number=monitor.number).values()

    await call(monitor, clock)

    assert await worker.turn() == 0
    assert await models.MonitorState.filter(number=monitor.number).values() == before
    assert (await models.Heartbeat.get()).succeeded_at == clock.ms
    assert await models.Ping.all().count() == 1


async def test_after_it_was_resumed_the_job_gets_a_whole_turn(ctx: Context, clock: FakeClock, worker: Worker) -> None:
    monitor = await new_heartbeat(ctx)
    await call(monitor, clock)
    await worker.turn()
    await pause_monitor(ctx, monitor.id)
    clock.move(7 * 24 * HOUR)
    await resume_monitor(ctx, monitor.id)

    await worker.live(HOUR + 299)
    assert await incidents_of(monitor.number) == []

    await worker.live(1)
    assert len(await incidents_of(monitor.number)) == 1


async def test_a_shorter_period_counts_from_when_it_was_set(ctx: Context, clock: FakeClock, worker: Worker) -> None:
    monitor = await new_heartbeat(ctx, periodSeconds=86_400)
    await call(monitor, clock)
    await worker.live(5 * HOUR)
    body = {"periodSeconds": HOUR}
    edit = read(schema.UpdateMonitorInput, body, Flat(MonitorType, MonitorType.HEARTBEAT))
    await update_monitor(ctx, monitor.id, edit)

    await worker.live(HOUR + 299)
    assert await incidents_of(monitor.number) == []

    await worker.live(1)
    assert len(await incidents_of(monitor.number)) == 1


async def test_many_turns_cost_three_statements(ctx: Context, clock: FakeClock, worker: Worker) -> None:
    monitors = [await new_heartbeat(ctx, periodSeconds=30, graceSeconds=0) for _ in range(5)]
    for monitor in monitors:
        await call(monitor, clock)
    settings: Any = monitors[0].settings

    with counted() as statements:
        turns = [worker.checker.heartbeats.ask(monitor.number, settings, clock.ms + MINUTE_MS) for monitor in monitors]
        outcomes = await asyncio.gather(*turns)

    assert [outcome and outcome.status.value for outcome in outcomes] == ["up"] * 5
    assert len([line for line in statements if "UPDATE" in line or "SELECT" in line]) == 3
    assert {state.next_at for state in await models.MonitorState.all()} == {clock.ms}


async def test_when_the_database_is_away_the_turn_is_unknown(ctx: Context, clock: FakeClock, worker: Worker) -> None:
    monitor = await new_heartbeat(ctx)
    await call(monitor, clock)

    async with without_table("listening"):
        await worker.turn(is_heard=False)

    [row] = await checks_of(monitor.number)
    assert words(row) == ("unknown", "internal_error")


async def test_who_has_gone_meanwhile_gets_no_answer(ctx: Context, clock: FakeClock, worker: Worker) -> None:
    monitor = await new_heartbeat(ctx)
    await listened(clock, 10)
    await models.Heartbeat.all().delete()

    assert await worker.checker.heartbeats.ask(monitor.number, monitor.settings, clock.ms) is None  # type: ignore[arg-type]
