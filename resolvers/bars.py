"""Bars and lines for dashboards, for many monitors in a constant number of statements."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from is0k import schema
from is0k.models.bars import read_days
from is0k.models.rollup import DAY_MS
from is0k.resolvers.stats import percent, worst
from is0k.schema.clock import milliseconds, moment
from is0k.schema.enums import MonitorStatus


async def bars_of(monitors: Sequence[schema.Monitor], days: int, now: datetime) -> list[schema.Bars]:
    end = milliseconds(now)
    start = (end // DAY_MS - days + 1) * DAY_MS
    # up, degraded, up_ms, down_ms of each day that has something to tell
    seen: dict[tuple[int, int], list[int]] = {}
    for row in await read_days([monitor.number for monitor in monitors], start, end):
        place, sums = (row["number"], row["day"]), [row["up"], row["degraded"], row["up_ms"], row["down_ms"]]
        known = seen.get(place)
        seen[place] = [a + int(b) for a, b in zip(known, sums, strict=True)] if known else sums
    found: dict[int, list[tuple[MonitorStatus, float | None]]] = defaultdict(lambda: [NOTHING] * days)
    for (number, day), (up, degraded, up_ms, down_ms) in seen.items():
        bar = worst(up, degraded, up_ms, down_ms), percent(int(up_ms), int(up_ms + down_ms))
        found[number][(day - start) // DAY_MS] = bar
    return [_bars(start, found[monitor.number]) for monitor in monitors]


NOTHING = (MonitorStatus.UNKNOWN, None)


def _bars(start: int, bars: Sequence[tuple[MonitorStatus, float | None]]) -> schema.Bars:
    statuses, percents = zip(*bars, strict=True)
    return schema.Bars(from_=moment(start), statuses=list(statuses), uptime_percents=list(percents))


def lines(stats: schema.Stats) -> schema.LatencyLines:
    """The latencies of a series, as columns."""
    series = stats.series
    return schema.LatencyLines(
        from_=stats.from_,
        bucket_seconds=(stats.to - stats.from_).total_seconds() / max(1, len(series)),
        p50_ms=[bucket.latency_ms.p50 for bucket in series],
        p95_ms=[bucket.latency_ms.p95 for bucket in series],
        p99_ms=[bucket.latency_ms.p99 for bucket in series],
    )
