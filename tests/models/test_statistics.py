"""Statistics read roll-ups and the raw edges, and say what a walk over every check would say."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from is0k import models
from is0k.jobs.upkeep import GRACE_MS, roll_up
from is0k.models.check import STATUS_CODE, CheckRow, insert_checks
from is0k.models.rollup import DAY_MS, HOUR_MS, LENGTH_MS, Rollup
from is0k.models.sql import execute
from is0k.models.statistics import Segment, Source, read_parts, segments
from is0k.schema.enums import CheckStatus
from is0k.tests.stage.history import UP, check

pytestmark = pytest.mark.anyio

BEGIN = 20_000 * DAY_MS
finest: st.SearchStrategy[Source] = st.sampled_from(["raw", "hour", "day"])
moments = st.integers(0, 5 * DAY_MS)
spans = st.tuples(moments, moments).map(sorted)
progress = st.fixed_dictionaries(
    {},
    optional={grain: st.integers(0, 6 * DAY_MS // length).map(length.__mul__) for grain, length in LENGTH_MS.items()},
)


@given(spans, progress, finest)
def test_the_segments_cover_the_span_once_and_in_order(span: list[int], done: dict[str, int], finest: Source) -> None:
    start, end = span
    found = segments(start, end, done, finest)

    edges = [edge for segment in found for edge in (segment.start, segment.end)]
    assert edges == sorted(edges)
    assert [start, *edges, end] == [value for edge in [*edges[::2], end] for value in (edge, edge)]
    assert all(segment.start < segment.end for segment in found)


@given(spans, progress, finest)
def test_a_segment_is_read_from_a_table_that_holds_all_of_it(
    span: list[int], done: dict[str, int], finest: Source
) -> None:
    order = ["raw", "hour", "day"]
    for source, start, end in segments(span[0], span[1], done, finest):
        assert order.index(source) <= order.index(finest)
        if source != "raw":
            assert start % LENGTH_MS[source] == end % LENGTH_MS[source] == 0
            assert end <= done[source]


@given(spans, progress)
def test_raw_checks_are_read_only_at_the_edges(span: list[int], done: dict[str, int]) -> None:
    start, end = span
    raw = [segment for segment in segments(start, end, done, "day") if segment.source == "raw"]
    rolled_up_to = min(end, done.get("hour", 0))

    assert all(part.end - part.start < HOUR_MS or part.end > rolled_up_to - HOUR_MS for part in raw)


def test_a_long_span_is_raw_hours_days_hours_and_raw() -> None:
    done = {"hour": 3 * DAY_MS + 5 * HOUR_MS, "day": 3 * DAY_MS}

    assert segments(HOUR_MS // 2, 3 * DAY_MS + 6 * HOUR_MS, done, "day") == [
        Segment("raw", HOUR_MS // 2, HOUR_MS),
        Segment("hour", HOUR_MS, DAY_MS),
        Segment("day", DAY_MS, 3 * DAY_MS),
        Segment("hour", 3 * DAY_MS, 3 * DAY_MS + 5 * HOUR_MS),
        Segment("raw", 3 * DAY_MS + 5 * HOUR_MS, 3 * DAY_MS + 6 * HOUR_MS),
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[CheckRow]:
    """Up to three monitors, checked at random over three and a half days."""
    return [row for number in range(1, draw(st.integers(1, 3)) + 1) for row in draw(history_of(number))]


@st.composite
def history_of(draw: st.DrawFn, number: int) -> list[CheckRow]:
    ticks = sorted(draw(st.sets(st.integers(BEGIN, BEGIN + 3 * DAY_MS + DAY_MS // 2), max_size=20)))
    return list(_told(number, ticks, [draw(st.sampled_from(CheckStatus)) for _ in ticks], draw(latencies)))


latencies = st.lists(st.none() | st.integers(1, 10**8), min_size=20, max_size=20)


def _told(
    number: int, ticks: list[int], statuses: list[CheckStatus], latencies: list[int | None]
) -> Iterator[CheckRow]:
    last: tuple[int, CheckStatus] | None = None
    for tick, status, latency_us in zip(ticks, statuses, latencies, strict=False):
        since = {} if last is None else {"span_ms": tick - last[0], "before": STATUS_CODE[last[1]]}
        gap = {"gap_ms": max(0, since.get("span_ms", 0) - HOUR_MS)}
        yield check(number, tick, status, latency_us=latency_us, **since, **gap)
        last = tick, status


def added_up(rollups: Any) -> dict[str, Any]:
    total = Rollup()
    for rollup in rollups:
        total.add(rollup)
    return {**asdict(total), "histogram": total.histogram.counts}


@given(
    history=histories(),
    span=st.tuples(*[st.integers(BEGIN - HOUR_MS, BEGIN + 4 * DAY_MS)] * 2).map(sorted),
    rolled_up_at=st.lists(st.integers(BEGIN, BEGIN + 4 * DAY_MS), max_size=3),
    finest=finest,
    is_whole=st.booleans(),
)
@examples(max_examples=60)
async def test_statistics_equal_a_walk_over_all_checks(
    open_database: None,
    history: list[CheckRow],
    span: list[int],
    rolled_up_at: list[int],
    finest: Source,
    is_whole: bool,
) -> None:
    numbers = await remembered(history)
    for now in sorted(rolled_up_at):
        await roll_up(now)

    parts = await read_parts(numbers, span[0], span[1], finest, is_whole=is_whole)

    for number in numbers:
        walked = [row._asdict() for row in history if row.number == number and span[0] <= row.tick < span[1]]
        assert added_up(part.rollup for part in parts.get(number, [])) == added_up([Rollup.of_checks(walked)])


async def remembered(history: list[CheckRow]) -> list[int]:
    for table in ("check_result", "rollup_hour", "rollup_day", "rollup_progress", "monitor_state"):
        await execute(f"DELETE FROM {table}")
    numbers = sorted({row.number for row in history})
    for number in numbers:
        await models.MonitorState.create(number=number, interval_ms=HOUR_MS, phase_ms=0)
    await insert_checks(history)
    return numbers


async def test_ten_days_are_read_from_ten_rows(open_database: None) -> None:
    numbers = await remembered([check(1, BEGIN + hour * HOUR_MS, UP) for hour in range(10 * 24)])
    for hour in range(10 * 24 + 1):
        await roll_up(BEGIN + hour * HOUR_MS + GRACE_MS)

    parts = await read_parts(numbers, BEGIN, BEGIN + 10 * DAY_MS, "day")

    assert [(part.start - BEGIN) // DAY_MS for part in parts[1]] == list(range(10))
    assert [part.rollup.up for part in parts[1]] == [24] * 10
