"""Roll-ups add up: the parts of any cutting make the whole."""

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from is0k import models
from is0k.models.rollup import (
    COLUMNS,
    HOUR_MS,
    LENGTH_MS,
    Grain,
    Rollup,
    all_intervals,
    first_start,
    read_progress,
    read_rollups,
    write_progress,
    write_rollups,
)
from is0k.models.sql import Row
from is0k.schema.histogram import Histogram
from is0k.tests.stage.history import check, remember

pytestmark = pytest.mark.anyio

UP, DEGRADED, DOWN, UNKNOWN = range(4)

checks = st.fixed_dictionaries(
    {
        "status": st.sampled_from([UP, DEGRADED, DOWN, UNKNOWN]),
        "before": st.sampled_from([None, UP, DEGRADED, DOWN, UNKNOWN]),
        "span_ms": st.integers(60_000, 10**9),
        "gap_ms": st.integers(0, 60_000),
        "latency_us": st.none() | st.integers(1, 10**10),
    }
)
histories = st.lists(checks, max_size=30)


def counted(rollup: Rollup) -> dict[str, Any]:
    return {**asdict(rollup), "histogram": rollup.histogram.counts}


@given(histories, st.data())
def test_the_parts_of_a_history_add_up_to_the_whole(history: list[Row], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(history)))
    total = Rollup.of_checks(history[:cut])
    total.add(Rollup.of_checks(history[cut:]))

    assert counted(total) == counted(Rollup.of_checks(history))


@given(histories)
def test_every_millisecond_is_up_down_or_unknown_once(history: list[Row]) -> None:
    total = Rollup.of_checks(history)

    known = sum(row["span_ms"] for row in history if row["before"] is not None)
    assert total.up_ms + total.down_ms + total.unknown_ms == known
    assert 0 <= total.doubtful_up_ms <= total.up_ms
    assert 0 <= total.doubtful_down_ms <= total.down_ms


@pytest.mark.parametrize(
    ("before", "status", "time"),
    [
        (None, UP, {}),
        (UP, UP, {"up_ms": 50}),
        (UP, DEGRADED, {"up_ms": 50}),
        (DEGRADED, DEGRADED, {"up_ms": 50}),
        (UP, DOWN, {"up_ms": 50, "doubtful_up_ms": 50}),
        (UP, UNKNOWN, {"up_ms": 50, "doubtful_up_ms": 50}),
        (DOWN, DOWN, {"down_ms": 50}),
        (DOWN, UP, {"down_ms": 50, "doubtful_down_ms": 50}),
        (DOWN, UNKNOWN, {"down_ms": 50, "doubtful_down_ms": 50}),
        (UNKNOWN, UP, {"unknown_ms": 50}),
        (UNKNOWN, DOWN, {"unknown_ms": 50}),
    ],
)
def test_what_held_before_a_check_is_taken_to_have_held_until_it(before: Any, status: int, time: Any) -> None:
    watched = Rollup.of_checks([{"status": status, "before": before, "span_ms": 50, "gap_ms": 0, "latency_us": None}])
    times = {name: value for name, value in asdict(watched).items() if name.endswith("_ms")}

    assert {name: value for name, value in times.items() if value} == time


def test_what_was_not_watched_is_unknown() -> None:
    row = {"status": UP, "before": UP, "span_ms": 100, "gap_ms": 40, "latency_us": None}

    assert (Rollup.of_checks([row]).up_ms, Rollup.of_checks([row]).unknown_ms) == (60, 40)


def test_latencies_are_counted_where_there_was_an_answer() -> None:
    rows = [
        {"status": UP, "before": None, "span_ms": 0, "gap_ms": 0, "latency_us": latency}
        for latency in (3_000, None, 1_000)
    ]
    rollup = Rollup.of_checks(rows)

    assert (rollup.up, rollup.latency_count, rollup.latency_sum_us) == (3, 2, 4_000)
    assert (rollup.latency_min_us, rollup.latency_max_us) == (1_000, 3_000)
    assert rollup.histogram.counts == Histogram.of([1.0, 3.0]).counts


@given(st.lists(histories, max_size=3))
def test_roll_ups_add_up_from_their_rows(parts: list[list[Row]]) -> None:
    stored = [dict(zip(COLUMNS, [1, 0, *Rollup.of_checks(part).to_values()], strict=True)) for part in parts]

    assert counted(Rollup.of_rollups(stored)) == counted(Rollup.of_checks(row for part in parts for row in part))


@given(st.sampled_from(list(LENGTH_MS)), histories, histories)
@examples(max_examples=25)
async def test_what_is_written_is_read_back_and_written_again_replaces(
    open_database: None, grain: Grain, first: list[Row], second: list[Row]
) -> None:
    await write_rollups(grain, [(1, HOUR_MS, Rollup.of_checks(first))])
    await write_rollups(grain, [(1, HOUR_MS, Rollup.of_checks(second))])

    [row] = await read_rollups(grain, [1], HOUR_MS, HOUR_MS + 1)
    assert counted(Rollup.of_row(row)) == counted(Rollup.of_checks(second))


async def test_roll_ups_are_read_from_the_start_to_before_the_end(open_database: None) -> None:
    await write_rollups("hour", [(number, hour * HOUR_MS, Rollup()) for number in (1, 2) for hour in range(4)])

    rows = await read_rollups("hour", [2], HOUR_MS, 3 * HOUR_MS)

    assert [(row["number"], row["start_at"]) for row in rows] == [(2, HOUR_MS), (2, 2 * HOUR_MS)]


async def test_progress_is_kept_for_each_grain(open_database: None) -> None:
    assert await read_progress() == {}

    await write_progress("hour", 1)
    await write_progress("day", 2)
    await write_progress("hour", 3)

    assert await read_progress() == {"hour": 3, "day": 2}


@pytest.mark.parametrize(("since", "first"), [(0, 300), (300, 300), (301, 700), (701, None)])
async def test_hours_begin_with_the_first_check_of_a_monitor_that_is_there(
    open_database: None, since: int, first: int | None
) -> None:
    await models.MonitorState.create(number=1, interval_ms=60_000, phase_ms=0)
    await remember(check(1, 300), check(1, 700), check(2, 100))

    assert await first_start("hour", since) == first


@pytest.mark.parametrize(("since", "first"), [(0, HOUR_MS), (HOUR_MS + 1, 5 * HOUR_MS), (6 * HOUR_MS, None)])
async def test_days_begin_with_the_first_hour(open_database: None, since: int, first: int | None) -> None:
    await models.MonitorState.create(number=1, interval_ms=60_000, phase_ms=0)
    await write_rollups("hour", [(1, HOUR_MS, Rollup()), (1, 5 * HOUR_MS, Rollup())])

    assert await first_start("day", since) == first


async def test_every_monitor_has_its_interval(open_database: None) -> None:
    assert await all_intervals() == {}
    assert await first_start("hour", 0) is None

    for number in (7, 3):
        await models.MonitorState.create(number=number, interval_ms=number * 1_000, phase_ms=0)

    assert list((await all_intervals()).items()) == [(3, 3_000), (7, 7_000)]
