"""From a span of time to the parts that answer it: whole days, whole hours, and raw checks at the edges."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, NamedTuple

from is0k.models.check import read_raw
from is0k.models.rollup import DAY_MS, HOUR_MS, Grain, Rollup, read_progress, read_rollups
from is0k.models.sql import Row

Source = Literal["raw", "hour", "day"]


class Segment(NamedTuple):
    source: Source
    start: int
    end: int


class Part(NamedTuple):
    """What one roll-up or check adds: `start` is its hour or day, or the check's own tick."""

    start: int
    rollup: Rollup


def segments(start: int, end: int, done: Mapping[str, int], finest: Source) -> list[Segment]:
    """[start, end) in parts, each answered by the coarsest table that holds all of it.

    `done` says how far hours and days are rolled up; `finest` is the coarsest grain the caller can use.
    """
    hours = _whole(start, end, HOUR_MS, 0 if finest == "raw" else done.get("hour", 0))
    days = _whole(*hours, DAY_MS, done.get("day", 0) if finest == "day" else 0)
    parts = (
        Segment("raw", start, hours[0]),
        Segment("hour", hours[0], days[0]),
        Segment("day", *days),
        Segment("hour", days[1], hours[1]),
        Segment("raw", hours[1], end),
    )
    return [part for part in parts if part.start < part.end]


def _whole(start: int, end: int, length: int, done_until: int) -> tuple[int, int]:
    """The whole hours (or days) inside [start, end) that are rolled up; without any, nothing at the end."""
    first = -(-start // length) * length
    last = min(end // length * length, done_until // length * length)
    return (first, last) if first < last else (end, end)


async def read_parts(
    numbers: Sequence[int], start: int, end: int, finest: Source, *, is_whole: bool = False
) -> dict[int, list[Part]]:
    """Everything that makes up the statistics of these monitors: a constant number of statements.

    `is_whole`: only the sum is wanted, so the checks of a segment may be added up at once.
    """
    found: dict[int, list[Part]] = defaultdict(list)
    for segment in segments(start, end, await read_progress(), finest):
        async for number, part in _read(numbers, segment, is_whole):
            found[number].append(part)
    return found


async def _read(numbers: Sequence[int], segment: Segment, is_whole: bool) -> AsyncIterator[tuple[int, Part]]:
    if segment.source == "raw" and is_whole:
        checks: dict[int, list[Row]] = defaultdict(list)
        for row in await read_raw(numbers, segment.start, segment.end):
            checks[row["number"]].append(row)
        for number, rows in checks.items():
            yield number, Part(segment.start, Rollup.of_checks(rows))
    elif segment.source == "raw":
        for row in await read_raw(numbers, segment.start, segment.end):
            yield row["number"], Part(row["tick"], Rollup.of_checks([row]))
    else:
        grain: Grain = segment.source
        for row in await read_rollups(grain, numbers, segment.start, segment.end):
            yield row["number"], Part(row["start_at"], Rollup.of_row(row))
