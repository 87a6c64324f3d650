"""What the statistics say, and how sure they say it is."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k import models
from is0k.models.rollup import HOUR_MS
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import pause_monitor
from is0k.resolvers.stats import get_stats, percent
from is0k.schema import Monitor, Period, Stats, StatsRange
from is0k.schema.clock import moment
from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus, MonitorStatus
from is0k.schema.errors import ValidationFailed
from is0k.schema.stats import CheckCounts, LatencyPercentiles
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import DEGRADED, DOWN, UNKNOWN, UP, check, remember
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

MINUTE = 60_000
CODE = {UP: 0, DEGRADED: 1, DOWN: 2, UNKNOWN: 3}


@pytest.fixture
async def monitor(ctx: Context) -> Monitor:
    return await new_monitor(ctx)


async def stats(ctx: Context, monitor: Monitor, **range: Any) -> Stats:
    return await get_stats(ctx, monitor.id, StatsRange(**range))


async def seen(monitor: Monitor, end: int, *statuses: Any, every_ms: int = MINUTE, **columns: Any) -> None:
    """One check every minute, the last at `end`."""
    first = end - (len(statuses) - 1) * every_ms
    before: Any = None
    for place, status in enumerate(statuses):
        span = {} if before is None else {"before": CODE[before], "span_ms": every_ms}
        await remember(check(monitor.number, first + place * every_ms, status, **span, **columns))
        before = status


async def test_without_checks_nothing_is_said(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    found = await stats(ctx, monitor)

    assert (found.monitor_id, found.from_, found.to) == (monitor.id, clock.now() - timedelta(days=1), clock.now())
    assert (found.uptime_percent, found.uptime_low_percent, found.uptime_high_percent) == (None, None, None)
    assert (found.coverage_percent, found.downtime_seconds, found.incidents) == (None, 0, 0)
    assert (found.mttr_seconds, found.mtbf_seconds, found.series) == (None, None, [])
    assert found.checks == CheckCounts(total=0, up=0, degraded=0, down=0, unknown=0)
    assert set(vars(found.latency_ms).values()) == {None}


async def test_uptime_is_the_time_up_of_the_time_measured(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    await seen(monitor, clock.ms - 1, UP, UP, UP, DOWN, DOWN, UP)

    found = await stats(ctx, monitor)

    # Five minutes between six checks: up until the first that failed, down until the first that did not.
    assert found.uptime_percent == 60.0
    assert found.downtime_seconds == 120.0
    # The outage began somewhere in the minute before it was seen, and ended somewhere in the minute before its end was.
    assert (found.uptime_low_percent, found.uptime_high_percent) == (40.0, 80.0)
    assert found.coverage_percent == 100.0
    assert found.checks == CheckCounts(total=6, up=4, degraded=0, down=2, unknown=0)


async def test_what_we_could_not_tell_is_no_downtime_but_lost_coverage(
    ctx: Context, monitor: Monitor, clock: FakeClock
) -> None:
    await seen(monitor, clock.ms - 1, UP, UP, UNKNOWN, UNKNOWN, UP)

    found = await stats(ctx, monitor)

    assert (found.uptime_percent, found.coverage_percent, found.downtime_seconds) == (100.0, 50.0, 0.0)
    assert found.uptime_low_percent == 50.0


async def test_the_last_check_holds_until_the_next_is_due(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    await models.MonitorState.all().update(last_tick=clock.ms - 30_000, last_status="down")

    assert (await stats(ctx, monitor)).downtime_seconds == 30.0


async def test_and_no_longer(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    await models.MonitorState.all().update(last_tick=clock.ms - 240_000, last_status="up")

    found = await stats(ctx, monitor)

    assert (found.uptime_percent, found.coverage_percent) == (100.0, 25.0)


async def test_a_last_check_that_is_older_than_the_span_says_nothing_of_it(
    ctx: Context, monitor: Monitor, clock: FakeClock
) -> None:
    await models.MonitorState.all().update(last_tick=clock.ms - 3 * 24 * HOUR_MS, last_status="up")

    found = await stats(ctx, monitor)

    assert (found.uptime_percent, found.coverage_percent) == (None, 0.0)


async def test_only_the_part_of_it_that_lies_in_the_span_counts(
    ctx: Context, monitor: Monitor, clock: FakeClock
) -> None:
    await models.MonitorState.all().update(last_tick=clock.ms - 30_000, last_status="down")

    found = await stats(ctx, monitor, from_=clock.now() - timedelta(seconds=10), buckets=2)

    assert found.downtime_seconds == 10.0
    assert [bucket.status for bucket in found.series] == [MonitorStatus.DOWN, MonitorStatus.UNKNOWN]


async def test_a_paused_monitor_is_neither_up_nor_down(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    await models.MonitorState.all().update(last_tick=clock.ms - 30_000, last_status="down")
    await pause_monitor(ctx, monitor.id)

    assert (await stats(ctx, monitor)).uptime_percent is None


async def test_a_span_that_is_over_has_no_last_check(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    await models.MonitorState.all().update(last_tick=clock.ms - 30_000, last_status="down")

    found = await stats(ctx, monitor, from_=clock.now() - timedelta(hours=1), to=clock.now() - timedelta(seconds=1))

    assert found.downtime_seconds == 0.0


async def test_latencies_are_those_of_the_checks_that_answered(
    ctx: Context, monitor: Monitor, clock: FakeClock
) -> None:
    for place, latency_us in enumerate([100_000, 200_000, None, 300_000]):
        await remember(check(monitor.number, clock.ms - 1 - place, latency_us=latency_us))

    found = (await stats(ctx, monitor)).latency_ms

    assert (found.avg, found.min, found.max) == (200.0, 100.0, 300.0)
    for percentile in (found.p50, found.p90, found.p95, found.p99):
        assert percentile == pytest.approx(200, rel=0.01)


async def test_one_latency_is_every_percentile_exactly(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    await remember(check(monitor.number, clock.ms - 1, latency_us=123_456))

    assert set(vars((await stats(ctx, monitor)).latency_ms).values()) == {123.456}


async def test_incidents_that_began_in_the_span_are_counted(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    await seen(monitor, clock.ms - 1, UP, UP, UP)
    day = 24 * HOUR_MS
    for began, ended in ((2 * day, day), (10_000, 4_000), (3_000, 1_000), (500, None)):
        await models.Incident.create(
            organization_id=ctx.organization_id,
            title="Shop is down",
            status=IncidentStatus.RESOLVED if ended else IncidentStatus.INVESTIGATING,
            impact=IncidentImpact.MAJOR,
            origin=IncidentOrigin.AUTOMATIC,
            monitor_number=monitor.number,
            started_at=moment(clock.ms - began),
            resolved_at=ended and moment(clock.ms - ended),
        )

    found = await stats(ctx, monitor)

    assert (found.incidents, found.mttr_seconds, found.mtbf_seconds) == (3, 4.0, 40.0)


async def test_the_series_divides_the_span(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    begin, end = clock.now() - timedelta(minutes=4), clock.now()
    await seen(monitor, clock.ms - 30_000, UP, DOWN, DOWN, UP, latency_us=5_000)

    found = (await stats(ctx, monitor, from_=begin, to=end, buckets=4)).series

    assert [(bucket.start, bucket.end) for bucket in found] == [
        (begin + timedelta(minutes=minute), begin + timedelta(minutes=minute + 1)) for minute in range(4)
    ]
    assert [bucket.status for bucket in found] == [
        MonitorStatus.UP,
        MonitorStatus.UP,
        MonitorStatus.DOWN,
        MonitorStatus.DOWN,
    ]
    assert [bucket.uptime_percent for bucket in found] == [None, 100.0, 0.0, 0.0]
    assert {bucket.latency_ms.p50 for bucket in found} == {5.0}


async def test_a_bucket_without_checks_is_unknown(ctx: Context, monitor: Monitor) -> None:
    [bucket] = (await stats(ctx, monitor, period=Period.DAY_7, buckets=1)).series

    assert (bucket.status, bucket.uptime_percent) == (MonitorStatus.UNKNOWN, None)
    assert bucket.latency_ms == LatencyPercentiles(p50=None, p95=None, p99=None)


async def test_a_bucket_is_degraded_when_half_of_its_checks_are(
    ctx: Context, monitor: Monitor, clock: FakeClock
) -> None:
    await seen(monitor, clock.ms - 1, UP, DEGRADED)

    [bucket] = (await stats(ctx, monitor, buckets=1)).series
    assert (bucket.status, bucket.uptime_percent) == (MonitorStatus.DEGRADED, 100.0)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(microseconds=1), timedelta(days=365 * 5_000)])
async def test_the_future_has_no_statistics(ctx: Context, monitor: Monitor, clock: FakeClock, later: timedelta) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await stats(ctx, monitor, from_=clock.now() + later, buckets=10)

    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(["from"], "OUT_OF_RANGE")]


async def test_the_longest_span_has_statistics(ctx: Context, monitor: Monitor, clock: FakeClock) -> None:
    await seen(monitor, clock.ms - 1, UP, DOWN, UP)

    found = await stats(ctx, monitor, from_=clock.now() - timedelta(days=1095), buckets=400)

    assert (found.uptime_percent, len(found.series)) == (50.0, 400)


@given(st.integers(0, 10**18), st.integers(0, 10**18))
def test_a_percentage_never_says_100_of_what_is_not_whole(part: int, more: int) -> None:
    found = percent(part, part + more)

    assert (found == 100) == (more == 0 and part > 0)
    assert found is None or 0 <= found <= 100


@pytest.mark.parametrize(
    ("part", "whole", "found"),
    [(0, 0, None), (0, 1, 0.0), (1, 3, 33.33333), (1, 1, 100.0), (10**9 - 1, 10**9, 99.99999)],
)
def test_a_percentage_has_five_places(part: int, whole: int, found: float | None) -> None:
    assert percent(part, whole) == found
