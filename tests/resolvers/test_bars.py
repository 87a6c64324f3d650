"""Bars add up what statistics add up, day by day, wherever a day's checks are kept by now."""

from datetime import timedelta
from random import Random

import pytest

from is0k import models, schema
from is0k.jobs.upkeep import roll_up
from is0k.models.check import STATUS_CODE, STATUSES, insert_checks
from is0k.models.rollup import DAY_MS, HOUR_MS
from is0k.resolvers.bars import bars_of
from is0k.resolvers.context import Context
from is0k.resolvers.stats import stats_of
from is0k.schema.clock import moment
from is0k.schema.enums import MonitorStatus
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import DOWN, UP, check, checks, remember
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def monitor(ctx: Context) -> schema.Monitor:
    return await new_monitor(ctx)


async def test_a_day_shows_the_worst_that_held_and_its_uptime(
    ctx: Context, monitor: schema.Monitor, clock: FakeClock
) -> None:
    midnight = clock.ms // DAY_MS * DAY_MS
    down = {"before": STATUS_CODE[DOWN], "span_ms": HOUR_MS}
    await remember(
        *checks(monitor.number, (midnight - DAY_MS + hour * HOUR_MS for hour in range(1, 4)), HOUR_MS),
        check(monitor.number, midnight - HOUR_MS, UP, **down),
        *checks(monitor.number, [midnight + HOUR_MS], HOUR_MS),
    )

    [bars] = await bars_of([monitor], 3, clock.now())

    assert bars.from_ == moment(midnight - 2 * DAY_MS)
    assert bars.statuses == [MonitorStatus.UNKNOWN, MonitorStatus.DOWN, MonitorStatus.UP]
    assert bars.uptime_percents == [None, 75.0, 100.0]


@pytest.mark.parametrize("rolled_up_until", [None, -3 * DAY_MS, -HOUR_MS, 0])
async def test_they_are_the_same_before_and_after_the_days_are_rolled_up(
    ctx: Context, monitor: schema.Monitor, clock: FakeClock, rolled_up_until: int | None
) -> None:
    random, start = Random(7), clock.ms - 5 * DAY_MS
    for number in (monitor.number, (await new_monitor(ctx)).number):
        rows = [
            check(number, tick, random.choice(STATUSES), before=random.randrange(4), span_ms=600_000, gap_ms=1_000)
            for tick in range(start, clock.ms, 600_000)
        ]
        await insert_checks(rows)
    # Without a state nothing is known of the time after the last check, which bars do not show.
    await models.MonitorState.all().update(next_at=None)
    if rolled_up_until is not None:
        await roll_up(clock.ms + rolled_up_until)

    [bars] = await bars_of([monitor], 5, clock.now())

    for day, (status, uptime_percent) in enumerate(zip(bars.statuses, bars.uptime_percents, strict=True)):
        begin = bars.from_ + timedelta(days=day)
        span = schema.StatsRange(from_=begin, to=begin + timedelta(days=1), buckets=1)
        [stats] = await stats_of([monitor], span, clock.now())
        assert (uptime_percent, status) == (stats.uptime_percent, stats.series[0].status)


async def test_latency_lines_are_the_percentiles_of_the_series(
    ctx: Context, monitor: schema.Monitor, clock: FakeClock
) -> None:
    await remember(*(check(monitor.number, clock.ms - ago, latency_us=ago) for ago in (2_000, 90_000_000)))

    lines = await ctx.nested.latency_of(monitor, schema.StatsRange(period=schema.Period.DAY_7, buckets=7))

    assert (lines.from_, lines.bucket_seconds) == (clock.now() - timedelta(days=7), 86_400)
    assert lines.p99_ms[:5] == [None] * 5
    assert lines.p99_ms[5:] == [pytest.approx(90_000, rel=0.01), pytest.approx(2, rel=0.01)]
    assert len(lines.p50_ms) == len(lines.p95_ms) == 7
