"""What a batch of findings changes: checks, verdicts and incidents, all or nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from is0k import models
from is0k.jobs.evidence import facts_of
from is0k.jobs.memory import recall
from is0k.jobs.verdict import View
from is0k.jobs.writer import write
from is0k.probes.base import Outcome, Timings
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor, pause_monitor, resume_monitor, update_monitor
from is0k.schema import UpdateMonitorInput
from is0k.schema.clock import moment
from is0k.schema.enums import CheckStatus, IncidentImpact, IncidentOrigin, IncidentStatus, MonitorStatus, Reason
from is0k.tests.jobs.scene import (
    BLIND,
    DOWN,
    ILL,
    REGION,
    SLOW,
    WELL,
    checks_of,
    finding,
    incidents_of,
    monitor,
    state_of,
    ticks_of,
    words,
)
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

MINUTE = 60_000


async def test_a_check_is_stored_with_all_that_was_measured(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    timings = Timings(1.0, 2.0, 3.5, 20.25, 31.125)
    outcome = Outcome(CheckStatus.UP, Reason.OK, None, 26.75, timings, 204, {"remoteAddress": "192.0.2.1:443"})
    await write([finding(number, clock.ms, outcome, lag_ms=7)], REGION)

    [row] = await checks_of(number)
    assert row == {
        "number": number,
        "tick": clock.ms,
        "region": REGION.number,
        "lag_ms": 7,
        "attempt": 1,
        "status": 0,
        "reason": 0,
        "status_code": 204,
        "latency_us": 26_750,
        "dns_us": 1_000,
        "connect_us": 2_000,
        "tls_us": 3_500,
        "first_byte_us": 20_250,
        "total_us": 31_125,
        "before": None,
        "span_ms": 0,
        "gap_ms": 0,
        "message": None,
        "detail": None,
    }


async def test_what_a_bad_check_saw_is_stored_as_evidence(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    outcome = Outcome(DOWN, Reason.TIMEOUT, "no answer within 10 s", detail={"remoteAddress": "192.0.2.1:443"})
    await write([finding(number, clock.ms, outcome)], REGION)

    [row] = await checks_of(number)
    assert (row["message"], row["detail"]) == ("no answer within 10 s", '{"remoteAddress":"192.0.2.1:443"}')


async def test_the_state_shows_the_latest_check(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx, retries=0)
    await write([finding(number, clock.ms), finding(number, clock.ms + MINUTE, ILL, lag_ms=40)], REGION)

    state = await state_of(number)
    assert (state.status, state.told) == ("down", "down")
    assert recall(state.memory, MonitorStatus.DOWN)[0] == {"": View(clock.ms + MINUTE, DOWN, 1, clock.ms + MINUTE)}
    assert (state.last_tick, state.last_status_change_at) == (clock.ms + MINUTE, clock.ms + MINUTE)
    assert (state.last_status, state.last_checked_at) == ("down", clock.ms + MINUTE + 40)
    assert (state.last_latency_us, state.last_reason, state.last_message) == (9_250, "bad_status", ILL.message)
    assert not state.is_blind


async def test_a_batch_is_worked_in_by_tick_whatever_its_order(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    ticks = [clock.ms + place * MINUTE for place in range(4)]
    one, two, three, four = (finding(number, tick, out) for tick, out in zip(ticks, (WELL, ILL, ILL, ILL), strict=True))
    await write([three, one, four, two], REGION)

    assert (await state_of(number)).status == "down"
    assert [row["attempt"] for row in await checks_of(number)] == [1, 1, 2, 3]
    [incident] = await incidents_of(number)
    assert incident.started_at == moment(ticks[1])


async def test_attempts_are_counted_while_a_failure_is_not_confirmed(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    for minute, outcome in enumerate([WELL, ILL, BLIND, ILL, WELL, ILL, ILL, ILL, ILL]):
        await write([finding(number, clock.ms + minute * MINUTE, outcome)], REGION)

    assert [row["attempt"] for row in await checks_of(number)] == [1, 1, 2, 1, 2, 1, 2, 3, 1]


async def test_a_double_finding_is_stored_once_and_judged_once(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx, retries=1)
    twice = finding(number, clock.ms, ILL)
    await write([twice, twice], REGION)
    await write([twice], REGION)

    assert await ticks_of(number) == [clock.ms]
    state = await state_of(number)
    assert state.status == "pending"
    assert recall(state.memory, MonitorStatus.PENDING)[0] == {"": View(clock.ms, DOWN, 1, clock.ms)}


async def test_a_late_finding_goes_to_history_and_changes_nothing(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx, retries=0)
    await write([finding(number, clock.ms + MINUTE)], REGION)
    before = await models.MonitorState.filter(number=number).values()
    await write([finding(number, clock.ms, ILL)], REGION)

    assert await models.MonitorState.filter(number=number).values() == before
    late, _ = await checks_of(number)
    assert (late["tick"], words(late)) == (clock.ms, ("down", "bad_status"))
    assert (late["before"], late["span_ms"], late["gap_ms"]) == (None, 0, 0)
    assert await incidents_of(number) == []


async def test_a_finding_about_the_former_target_changes_nothing(ctx: Context, clock: FakeClock) -> None:
    shop = await new_monitor(ctx, retries=0)
    await update_monitor(ctx, shop.id, UpdateMonitorInput(paused=True))
    await resume_monitor(ctx, shop.id)
    await write([finding(shop.number, clock.ms, ILL, epoch=1)], REGION)

    state = await state_of(shop.number)
    assert (state.epoch, state.status, state.last_tick) == (2, "pending", None)
    assert await ticks_of(shop.number) == [clock.ms]


@pytest.mark.parametrize("end", [pause_monitor, delete_monitor])
async def test_findings_of_monitors_paused_or_deleted_meanwhile_are_left_out(
    ctx: Context, clock: FakeClock, end: Callable[..., Awaitable[Any]]
) -> None:
    other, shop = await monitor(ctx), await new_monitor(ctx, retries=0)
    await end(ctx, shop.id)
    await write([finding(shop.number, clock.ms, ILL), finding(other, clock.ms)], REGION)

    assert await ticks_of(shop.number) == []
    assert await ticks_of(other) == [clock.ms]
    assert await incidents_of(shop.number) == []


class TestSpans:
    """(status of the check before, time since it, how much of that was not watched)"""

    async def spans(self, ctx: Context, *checks: tuple[int, Outcome]) -> list[tuple[str | None, int, int]]:
        number = await monitor(ctx)
        for second, outcome in checks:
            await write([finding(number, second * 1000, outcome)], REGION)
        codes = {None: None, 0: "up", 1: "degraded", 2: "down", 3: "unknown"}
        return [(codes[row["before"]], row["span_ms"], row["gap_ms"]) for row in await checks_of(number)]

    async def test_the_first_check_has_nothing_before_it(self, ctx: Context) -> None:
        assert await self.spans(ctx, (60, WELL)) == [(None, 0, 0)]

    async def test_regular_checks_leave_no_gap(self, ctx: Context) -> None:
        spans = await self.spans(ctx, (60, WELL), (120, ILL), (135, BLIND), (180, WELL))

        assert spans == [(None, 0, 0), ("up", 60_000, 0), ("down", 15_000, 0), ("unknown", 45_000, 0)]

    async def test_up_to_one_and_a_half_intervals_were_watched(self, ctx: Context) -> None:
        assert await self.spans(ctx, (60, WELL), (150, WELL)) == [(None, 0, 0), ("up", 90_000, 0)]

    async def test_of_a_longer_span_one_interval_was_watched(self, ctx: Context) -> None:
        assert await self.spans(ctx, (60, WELL), (151, WELL)) == [(None, 0, 0), ("up", 91_000, 31_000)]

    async def test_a_pause_is_no_gap(self, ctx: Context) -> None:
        shop = await new_monitor(ctx)
        await write([finding(shop.number, MINUTE)], REGION)
        await pause_monitor(ctx, shop.id)
        await resume_monitor(ctx, shop.id)
        await write([finding(shop.number, 100 * MINUTE, epoch=2)], REGION)

        assert [(row["before"], row["span_ms"]) for row in await checks_of(shop.number)] == [(None, 0), (None, 0)]


class TestIncidents:
    async def test_going_down_opens_one_that_began_with_the_first_failing_tick(
        self, ctx: Context, clock: FakeClock
    ) -> None:
        shop = await new_monitor(ctx, name="Shop", retries=2)
        detail = {"remoteAddress": "192.0.2.1:443"}
        last = Outcome(DOWN, Reason.TIMEOUT, "no answer within 10 s", detail=detail)
        outcomes = [WELL, ILL, ILL, last, last]
        ticks = [clock.ms + place * 15_000 for place in range(5)]
        for tick, outcome in zip(ticks, outcomes, strict=True):
            await write([finding(shop.number, tick, outcome)], REGION)

        [incident] = await incidents_of(shop.number)
        assert incident.title == "Shop is down"
        assert incident.status is IncidentStatus.INVESTIGATING
        assert incident.impact is IncidentImpact.MAJOR
        assert incident.origin is IncidentOrigin.AUTOMATIC
        assert (incident.started_at, incident.resolved_at) == (moment(ticks[1]), None)
        assert incident.cause == {
            "reason": "timeout",
            "message": "no answer within 10 s",
            "evidence": facts_of(ILL) | {"region": None},
            "lastGood": {"at": "2026-11-23T12:00:00.003Z", "facts": facts_of(WELL)},
            "changed": "The status is now 503, was 200.",
        }
        assert incident.organization_id == ctx.organization_id
        links = await models.IncidentMonitor.filter(incident_id=incident.id).values_list("monitor_id", flat=True)
        assert links == [(await models.Monitor.get(number=shop.number)).id]

    async def test_coming_up_resolves_it_with_the_first_good_tick(self, ctx: Context, clock: FakeClock) -> None:
        number = await monitor(ctx, retries=0, recoveryChecks=2)
        for place, outcome in enumerate([ILL, WELL, WELL]):
            await write([finding(number, clock.ms + place * 15_000, outcome)], REGION)

        [incident] = await incidents_of(number)
        assert incident.status is IncidentStatus.RESOLVED
        assert incident.resolved_at == moment(clock.ms + 15_000)

    async def test_an_outage_within_one_batch_is_opened_and_resolved(self, ctx: Context, clock: FakeClock) -> None:
        number = await monitor(ctx, retries=0)
        await write([finding(number, clock.ms, ILL), finding(number, clock.ms + MINUTE, WELL)], REGION)

        [incident] = await incidents_of(number)
        assert (incident.started_at, incident.resolved_at) == (moment(clock.ms), moment(clock.ms + MINUTE))

    async def test_each_outage_has_its_own(self, ctx: Context, clock: FakeClock) -> None:
        number = await monitor(ctx, retries=0)
        for place, outcome in enumerate([ILL, WELL, ILL, ILL, WELL, ILL]):
            await write([finding(number, clock.ms + place * MINUTE, outcome)], REGION)

        spans = [(incident.started_at, incident.resolved_at) for incident in await incidents_of(number)]
        minutes = [moment(clock.ms + place * MINUTE) for place in range(6)]
        assert spans == [(minutes[0], minutes[1]), (minutes[2], minutes[4]), (minutes[5], None)]

    async def test_a_site_that_is_only_slow_has_none(self, ctx: Context, clock: FakeClock) -> None:
        number = await monitor(ctx, retries=0)
        for place, outcome in enumerate([WELL, SLOW, WELL]):
            await write([finding(number, clock.ms + place * MINUTE, outcome)], REGION)

        assert await incidents_of(number) == []

    async def test_resolving_keeps_who_acknowledged_it(self, ctx: Context, clock: FakeClock) -> None:
        number = await monitor(ctx, retries=0)
        await write([finding(number, clock.ms, ILL)], REGION)
        await models.Incident.filter(monitor_number=number).update(acknowledged_by="ann@example.com")
        await write([finding(number, clock.ms + MINUTE, WELL)], REGION)

        [incident] = await incidents_of(number)
        assert (incident.acknowledged_by, incident.status) == ("ann@example.com", IncidentStatus.RESOLVED)


class TestRechecks:
    """What a failure that is not confirmed does to the schedule."""

    async def due_after(self, ctx: Context, clock: FakeClock, now: int, **state: Any) -> int | None:
        """When a monitor is due after one that is due in a minute failed at `clock`."""
        number = await monitor(ctx, retries=2)
        due = {"next_at": clock.ms + MINUTE, "slot_at": clock.ms} | state
        await models.MonitorState.filter(number=number).update(**due)
        await write([finding(number, clock.ms, ILL)], REGION, now)
        return (await state_of(number)).next_at

    async def test_it_is_due_sooner(self, ctx: Context, clock: FakeClock) -> None:
        assert await self.due_after(ctx, clock, clock.ms + 250) == clock.ms + 15_000

    async def test_but_not_in_the_past_when_the_check_took_long(self, ctx: Context, clock: FakeClock) -> None:
        assert await self.due_after(ctx, clock, clock.ms + 30_000) == clock.ms + 30_000

    async def test_never_later(self, ctx: Context, clock: FakeClock) -> None:
        assert await self.due_after(ctx, clock, clock.ms, next_at=clock.ms + 3_000) == clock.ms + 3_000

    async def test_not_when_the_next_slot_is_claimed_already(self, ctx: Context, clock: FakeClock) -> None:
        due = await self.due_after(ctx, clock, clock.ms, slot_at=clock.ms + 16_000)

        assert due == clock.ms + MINUTE

    async def test_not_when_nothing_more_is_planned(self, ctx: Context, clock: FakeClock) -> None:
        assert await self.due_after(ctx, clock, clock.ms, next_at=None) is None
