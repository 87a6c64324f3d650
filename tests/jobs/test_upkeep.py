"""Hours and days add up to what was checked, however often and wherever the adding up is stopped."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

import pytest

from is0k import models
from is0k.jobs import upkeep
from is0k.jobs.upkeep import GRACE_MS, chunks, roll_up, tidy
from is0k.models import DeletedMonitor, rollup
from is0k.models.check import STATUS_CODE, STATUSES, CheckRow, insert_checks, make_partitions
from is0k.models.forgetting import ROWS_AT_ONCE
from is0k.models.rollup import DAY_MS, HOUR_MS, Grain, read_progress, write_progress, write_rollups
from is0k.models.sql import Row, fetch, is_sqlite
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor
from is0k.schema.histogram import Histogram
from is0k.tests.jobs.scene import monitor, monitors
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import check, history_left
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

MINUTE = 60_000
NOON = 1_795_435_200_000  # 2026-11-23 12:00
TODAY = NOON - 12 * HOUR_MS


def history(random: Random, numbers: Iterable[int], start: int, end: int) -> Iterator[CheckRow]:
    """Checks at random moments, with holes of up to two days, finding anything."""
    for number in numbers:
        tick, before = start + random.randrange(2 * HOUR_MS), None
        while tick < end:
            span = 0 if before is None else random.choice([15_000, MINUTE, 40 * MINUTE])
            gap = random.choice([0, 0, span // 2])
            status = random.choice(STATUSES)
            latency = random.choice([None, random.randrange(1, 30_000_000)])
            yield check(number, tick, status, before=before, span_ms=span, gap_ms=gap, latency_us=latency)
            before = random.choice([STATUS_CODE[status], None])
            is_hole = random.random() < 0.02
            tick += random.randrange(2 * DAY_MS) if is_hole else random.choice([15_000, MINUTE, MINUTE, 40 * MINUTE])


def sums(rows: Iterable[Row]) -> Row:
    """The slow and plain way."""
    total: dict[str, Any] = defaultdict(int)
    latencies = []
    for each in rows:
        total[("up", "degraded", "down", "unknown")[each["status"]]] += 1
        if each["before"] is not None:
            watched = each["span_ms"] - each["gap_ms"]
            total["unknown_ms"] += each["gap_ms"]
            total[("up_ms", "up_ms", "down_ms", "unknown_ms")[each["before"]]] += watched
            if each["before"] in (0, 1) and each["status"] in (2, 3):
                total["doubtful_up_ms"] += watched
            if each["before"] == 2 and each["status"] != 2:
                total["doubtful_down_ms"] += watched
        if each["latency_us"] is not None:
            latencies.append(each["latency_us"])
    found = {name: total[name] for name in rollup.SUMS}
    found |= {"latency_count": len(latencies), "latency_sum_us": sum(latencies)}
    found |= {"latency_min_us": min(latencies, default=None), "latency_max_us": max(latencies, default=None)}
    return found | {"histogram": Histogram.of(latency / 1000 for latency in latencies).to_bytes()}


async def brute_force(length: int, until: int) -> dict[tuple[int, int], Row]:
    parts = defaultdict(list)
    for each in await fetch("SELECT * FROM check_result WHERE tick < $1", until):
        parts[each["number"], each["tick"] // length * length].append(each)
    return {key: sums(rows) for key, rows in parts.items()}


async def stored(grain: Grain) -> dict[tuple[int, int], Row]:
    rows = await fetch(f"SELECT * FROM rollup_{grain}")
    return {(each.pop("number"), each.pop("start_at")): each for each in rows}


async def after(turns: int) -> Callable[[], bool]:
    """Says it is enough when it has been asked that often."""
    left = iter(range(turns))
    return lambda: next(left, None) is None


@pytest.mark.parametrize("seed", range(6))
async def test_roll_ups_equal_brute_force_wherever_they_were_stopped(
    ctx: Context, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "CHUNK_ROWS", 100)
    random = Random(seed)
    numbers = await monitors(ctx, 5)
    await insert_checks(history(random, numbers, TODAY - 9 * DAY_MS, NOON))
    now = NOON - 6 * DAY_MS
    while now < NOON + DAY_MS:
        await roll_up(now, await after(random.randrange(30)))
        now += random.randrange(DAY_MS)
    await roll_up(now)

    progress = await read_progress()
    assert progress == {"hour": (now - GRACE_MS) // HOUR_MS * HOUR_MS, "day": (now - GRACE_MS) // DAY_MS * DAY_MS}
    assert await stored("hour") == await brute_force(HOUR_MS, progress["hour"])
    assert await stored("day") == await brute_force(DAY_MS, progress["day"])


async def test_rolling_up_twice_is_rolling_up_once(ctx: Context) -> None:
    numbers = await monitors(ctx, 3)
    await insert_checks(history(Random(1), numbers, TODAY - 2 * DAY_MS, NOON))
    await roll_up(NOON)
    once = await stored("hour"), await stored("day")
    for grain in rollup.LENGTH_MS:
        await write_progress(grain, 0)
    await asyncio.gather(roll_up(NOON), roll_up(NOON))

    assert (await stored("hour"), await stored("day")) == once


async def test_an_hour_is_rolled_up_when_its_last_results_must_be_there(ctx: Context) -> None:
    number = await monitor(ctx)
    await insert_checks([check(number, NOON), check(number, NOON + HOUR_MS - 1)])
    await roll_up(NOON + HOUR_MS + GRACE_MS - 1)
    assert await stored("hour") == {}

    await roll_up(NOON + HOUR_MS + GRACE_MS)
    assert {key: each["up"] for key, each in (await stored("hour")).items()} == {(number, NOON): 2}


async def test_a_day_is_rolled_up_when_its_hours_are(ctx: Context) -> None:
    number = await monitor(ctx)
    midnight = TODAY + DAY_MS
    await insert_checks([check(number, TODAY), check(number, midnight - 1), check(number, midnight)])
    await roll_up(midnight + GRACE_MS - 1)
    assert await stored("day") == {}

    await roll_up(midnight + GRACE_MS)
    assert {key: each["up"] for key, each in (await stored("day")).items()} == {(number, TODAY): 2}


async def test_every_day_of_the_first_catching_up_is_rolled_up(ctx: Context) -> None:
    """Also those before the day of the first run."""
    number = await monitor(ctx)
    await insert_checks([check(number, TODAY - days * DAY_MS + HOUR_MS) for days in range(5)])
    await roll_up(NOON)

    assert sorted(start for _, start in await stored("day")) == [TODAY - days * DAY_MS for days in (4, 3, 2, 1)]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those that read, while rolling up."""
    seen = list[str]()

    async def counting(statement: str, *values: object) -> list[Row]:
        seen.append(statement)
        return await fetch(statement, *values)

    monkeypatch.setattr("is0k.models.rollup.fetch", counting)
    monkeypatch.setattr("is0k.models.check.fetch", counting)
    return seen


async def test_time_in_which_nothing_was_checked_costs_nothing(ctx: Context, statements: list[str]) -> None:
    """A server that was off for a year, after it had begun with a clock that said 1970."""
    number = await monitor(ctx)
    await insert_checks([check(number, tick) for tick in (5_000, NOON - 365 * DAY_MS, NOON - 2 * HOUR_MS)])
    await roll_up(NOON)

    assert sorted(await stored("hour")) == [
        (number, 0),
        (number, NOON - 365 * DAY_MS),
        (number, NOON - 2 * HOUR_MS),
    ]
    assert sorted(await stored("day")) == [(number, 0), (number, TODAY - 365 * DAY_MS)]
    assert len(statements) < 30


async def test_with_nothing_to_do_it_asks_once_how_far_it_is(ctx: Context, statements: list[str]) -> None:
    await monitor(ctx)
    await roll_up(NOON)
    statements.clear()
    await roll_up(NOON + MINUTE)

    assert len(statements) == 2  # hours and days


async def test_after_a_clock_that_ran_ahead_hours_are_rolled_up_again(ctx: Context) -> None:
    number = await monitor(ctx)
    await roll_up(NOON + 3_650 * DAY_MS)
    await insert_checks([check(number, NOON)])
    await roll_up(NOON + MINUTE)
    await roll_up(NOON + HOUR_MS + GRACE_MS)

    assert sorted(await stored("hour")) == [(number, NOON)]
    assert await read_progress() == {"hour": NOON + HOUR_MS, "day": TODAY}


async def test_checks_of_deleted_monitors_are_not_rolled_up(ctx: Context) -> None:
    shop, other = await new_monitor(ctx), await monitor(ctx)
    await insert_checks([check(shop.number, NOON), check(other, NOON + 5 * HOUR_MS)])
    await delete_monitor(ctx, shop.id)
    await roll_up(NOON + DAY_MS)

    assert sorted(await stored("hour")) == [(other, NOON + 5 * HOUR_MS)]


def test_a_chunk_is_so_many_monitors_as_have_about_a_thousand_rows() -> None:
    intervals = dict.fromkeys(range(100), MINUTE) | {100: 5_000, 101: 5_000, 102: DAY_MS}

    assert [len(chunk) for chunk in chunks(intervals, "hour")] == [17, 17, 17, 17, 17, 16, 2]
    assert [len(chunk) for chunk in chunks(intervals, "day")] == [42, 42, 19]


class TestTidying:
    async def test_forgets_what_was_deleted_in_parts_and_nothing_else(self, ctx: Context, clock: FakeClock) -> None:
        shop, other = await new_monitor(ctx), await monitor(ctx)
        rows = 2 * ROWS_AT_ONCE + 10
        await insert_checks(check(shop.number, NOON + place) for place in range(rows))
        await insert_checks(check(other, NOON + place) for place in range(10))
        for grain in rollup.LENGTH_MS:
            await write_rollups(grain, [(number, 0, rollup.Rollup(up=1)) for number in (shop.number, other)])
        await delete_monitor(ctx, shop.id)

        await tidy(clock.ms, await after(1))
        assert await history_left(shop.number) == ROWS_AT_ONCE + 10
        await tidy(clock.ms)

        assert (await history_left(shop.number), await history_left(other)) == (0, 10)
        assert (list(await stored("hour")), list(await stored("day"))) == ([(other, 0)], [(other, 0)])
        assert await DeletedMonitor.all().count() == 0

    async def test_forgets_answers_that_are_a_day_old(self, ctx: Context, clock: FakeClock) -> None:
        for key, age_ms in (("old", DAY_MS), ("young", DAY_MS - 1)):
            await models.IdempotentAnswer.create(
                organization_id=ctx.organization_id, key=key, fingerprint=b"", created_at=clock.ms - age_ms
            )

        await tidy(clock.ms)

        assert [answer.key for answer in await models.IdempotentAnswer.all()] == ["young"]

    async def test_makes_the_tables_of_the_days_to_come(self, ctx: Context, clock: FakeClock) -> None:
        clock.move(seconds=100 * 86_400)
        await tidy(clock.ms)
        await tidy(clock.ms)

        day = clock.ms // DAY_MS
        assert await partitions(day) == ([] if is_sqlite() else [day, day + 1, day + 2])

    async def test_several_workers_may_start_at_once(self, ctx: Context, clock: FakeClock) -> None:
        clock.move(seconds=200 * 86_400)
        await asyncio.gather(*(make_partitions(clock.ms) for _ in range(8)))

        day = clock.ms // DAY_MS
        assert await partitions(day) == ([] if is_sqlite() else [day, day + 1, day + 2])

    async def test_a_day_whose_rows_came_before_its_table_keeps_them(self, ctx: Context, clock: FakeClock) -> None:
        number = await monitor(ctx)
        clock.move(seconds=300 * 86_400)
        await insert_checks([check(number, clock.ms + DAY_MS)])
        await make_partitions(clock.ms)

        day = clock.ms // DAY_MS
        assert await partitions(day) == ([] if is_sqlite() else [day, day + 2])
        assert await history_left(number) == 1


async def partitions(since: int) -> list[int]:
    """The days that have a table."""
    if is_sqlite():
        return []
    rows = await fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^check_result_[0-9]+$'")
    return sorted(day for each in rows if (day := int(each["relname"].rpartition("_")[2])) >= since)
