"""Hours and days are rolled up to what their checks add up to, whenever and wherever the work was stopped."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from is0k import models
from is0k.jobs.upkeep import CHUNK_ROWS, GRACE_MS, Enough, chunks, roll_up, tidy
from is0k.models.check import read_raw
from is0k.models.rollup import DAY_MS, HOUR_MS, Grain, Rollup, read_progress, read_rollups
from is0k.models.sql import execute
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor
from is0k.schema.enums import CheckStatus
from is0k.tests.jobs.scene import monitor
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import check, checks, remember
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

MIDNIGHT = 20_780 * DAY_MS
MINUTE = 60_000


async def rolled(grain: Grain, number: int) -> dict[int, list[object]]:
    """Start and content of what is rolled up."""
    rows = await read_rollups(grain, [number], 0, MIDNIGHT * 2)
    return {row["start_at"]: Rollup.of_row(row).to_values() for row in rows}


async def counted(number: int, start: int, end: int) -> list[object]:
    return Rollup.of_checks(await read_raw([number], start, end)).to_values()


async def test_an_hour_is_what_its_checks_add_up_to(ctx: Context) -> None:
    number = await monitor(ctx)
    await remember(*checks(number, range(MIDNIGHT, MIDNIGHT + 2 * HOUR_MS, MINUTE)))

    await roll_up(MIDNIGHT + 2 * HOUR_MS + GRACE_MS)

    assert await rolled("hour", number) == {
        MIDNIGHT: await counted(number, MIDNIGHT, MIDNIGHT + HOUR_MS),
        MIDNIGHT + HOUR_MS: await counted(number, MIDNIGHT + HOUR_MS, MIDNIGHT + 2 * HOUR_MS),
    }


async def test_an_hour_is_not_over_before_the_last_results_can_have_come(ctx: Context) -> None:
    number = await monitor(ctx)
    await remember(*checks(number, [MIDNIGHT]))

    await roll_up(MIDNIGHT + HOUR_MS + GRACE_MS - 1)
    assert await rolled("hour", number) == {}

    await roll_up(MIDNIGHT + HOUR_MS + GRACE_MS)
    assert list(await rolled("hour", number)) == [MIDNIGHT]


async def test_a_day_is_the_sum_of_its_hours(ctx: Context) -> None:
    number = await monitor(ctx)
    await remember(*checks(number, range(MIDNIGHT, MIDNIGHT + DAY_MS, 10 * MINUTE), every_ms=10 * MINUTE))

    await roll_up(MIDNIGHT + DAY_MS + GRACE_MS)

    assert await rolled("day", number) == {MIDNIGHT: await counted(number, MIDNIGHT, MIDNIGHT + DAY_MS)}
    assert await read_progress() == {"hour": MIDNIGHT + DAY_MS, "day": MIDNIGHT + DAY_MS}


async def test_an_hour_rolled_up_twice_is_counted_once(ctx: Context) -> None:
    number = await monitor(ctx)
    await remember(*checks(number, [MIDNIGHT, MIDNIGHT + MINUTE]))
    await roll_up(MIDNIGHT + HOUR_MS + GRACE_MS)
    once = await rolled("hour", number)

    await execute("DELETE FROM rollup_progress")
    await roll_up(MIDNIGHT + HOUR_MS + GRACE_MS)

    assert await rolled("hour", number) == once


async def test_years_without_checks_are_passed_over_at_once(ctx: Context) -> None:
    number = await monitor(ctx)
    later = MIDNIGHT + 3_000 * DAY_MS
    await remember(*checks(number, [MIDNIGHT, later]))

    await roll_up(later + DAY_MS + GRACE_MS)

    assert list(await rolled("hour", number)) == [MIDNIGHT, later]
    assert list(await rolled("day", number)) == [MIDNIGHT, later]
    assert await read_progress() == {"hour": later + DAY_MS, "day": later + DAY_MS}


async def test_a_clock_that_was_wrong_does_not_stop_the_roll_ups_for_ever(ctx: Context) -> None:
    number = await monitor(ctx)
    await roll_up(MIDNIGHT + 900 * DAY_MS)
    await remember(*checks(number, [MIDNIGHT]))

    await roll_up(MIDNIGHT)
    await roll_up(MIDNIGHT + HOUR_MS + GRACE_MS)

    assert list(await rolled("hour", number)) == [MIDNIGHT]


def stopping_after(turns: int) -> Enough:
    left: Iterator[bool] = iter([False] * turns)
    return lambda: next(left, True)


ticks = st.lists(st.integers(0, 72 * 60 - 1), unique=True, max_size=40)
stops = st.lists(st.integers(0, 6), max_size=8)


@examples(max_examples=25)
@given(ticks, stops)
async def test_wherever_it_is_stopped_it_ends_with_the_same(ctx: Context, ticks: list[int], stops: list[int]) -> None:
    number = await monitor(ctx)
    for table in ("check_result", "rollup_hour", "rollup_day", "rollup_progress"):
        await execute(f"DELETE FROM {table}")
    await remember(*(check(number, MIDNIGHT + tick * MINUTE, CheckStatus.DOWN, latency_us=tick + 1) for tick in ticks))

    now = MIDNIGHT + 3 * DAY_MS + GRACE_MS
    for turns in stops:
        await roll_up(now, stopping_after(turns))
    await roll_up(now)

    hours = {MIDNIGHT + tick * MINUTE // HOUR_MS * HOUR_MS for tick in ticks}
    days = {MIDNIGHT + tick * MINUTE // DAY_MS * DAY_MS for tick in ticks}
    assert await rolled("hour", number) == {start: await counted(number, start, start + HOUR_MS) for start in hours}
    assert await rolled("day", number) == {start: await counted(number, start, start + DAY_MS) for start in days}


def test_the_monitors_are_taken_so_many_at_a_time_as_have_few_rows() -> None:
    intervals = dict.fromkeys(range(10), 5_000) | dict.fromkeys(range(10, 1_000), MINUTE)

    taken = list(chunks(intervals, "hour"))

    assert [number for chunk in taken for number in chunk] == list(range(1_000))
    assert max(sum(1 + HOUR_MS // intervals[number] for number in chunk) for chunk in taken) < 2 * CHUNK_ROWS


async def test_what_was_deleted_is_forgotten(ctx: Context, clock: FakeClock) -> None:
    gone, kept = await new_monitor(ctx), await new_monitor(ctx)
    await remember(*checks(gone.number, [MIDNIGHT]), *checks(kept.number, [MIDNIGHT]))
    await roll_up(MIDNIGHT + DAY_MS + GRACE_MS)
    await delete_monitor(ctx, gone.id)

    await tidy(clock.ms)

    assert await read_raw([gone.number, kept.number], 0, clock.ms) == await read_raw([kept.number], 0, clock.ms)
    assert await rolled("hour", gone.number) == await rolled("day", gone.number) == {}
    assert len(await rolled("hour", kept.number)) == 1
    assert await models.DeletedMonitor.all().count() == 0
