"""Uptime, honestly: what was measured, how sure that is, and how much was not."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import strawberry

from is0k import models, schema
from is0k.models.rollup import HOUR_MS, Rollup
from is0k.models.sql import Row, any_of, fetch
from is0k.models.statistics import Part, Source, read_parts
from is0k.resolvers.context import Context
from is0k.resolvers.gates import require_history
from is0k.resolvers.monitors import get_monitor
from is0k.resolvers.operation import operation
from is0k.schema.clock import milliseconds, moment
from is0k.schema.enums import MonitorStatus, Scope
from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.stats import CheckCounts, LatencyPercentiles, LatencyStats, StatsBucket

HOUR_BUCKETS_MS = 20 * 24 * HOUR_MS


@operation(Scope.READ)
async def get_stats(ctx: Context, id: strawberry.ID, range: schema.StatsRange) -> schema.Stats:
    """Uptime and latency of one monitor."""
    require_history(ctx, range.span(ctx.clock.now())[0])
    [found] = await stats_of([await get_monitor(ctx, id)], range, ctx.clock.now())
    return found


class Span(NamedTuple):
    start: int
    end: int
    buckets: int | None

    @classmethod
    def of(cls, range: schema.StatsRange, now: datetime) -> "Span":
        start, end = map(milliseconds, range.span(now))
        if start >= end:
            raise ValidationFailed([Fault(("from",), "OUT_OF_RANGE", "Must be in the past")])
        return cls(start, end, range.buckets)

    @property
    def finest(self) -> Source:
        """A bucket shorter than the roll-ups needs what they are made of."""
        if not self.buckets:
            return "day"
        length = (self.end - self.start) / self.buckets
        return "raw" if length < HOUR_MS else "hour" if length < HOUR_BUCKETS_MS else "day"

    def edges(self) -> list[tuple[int, int]]:
        count, length = self.buckets or 0, self.end - self.start
        cuts = [self.start + length * place // count for place in range(count + 1)] if count else []
        return list(pairwise(cuts))


async def stats_of(monitors: Sequence[schema.Monitor], range: schema.StatsRange, now: datetime) -> list[schema.Stats]:
    """The statistics of these monitors, in a number of statements that does not depend on how many they are."""
    span, numbers = Span.of(range, now), [monitor.number for monitor in monitors]
    parts = await read_parts(numbers, span.start, span.end, span.finest, is_whole=not span.buckets)
    outages = await models.Incident.filter(
        monitor_number__in=list(numbers), started_at__gte=moment(span.start), started_at__lt=moment(span.end)
    ).values("monitor_number", "started_at", "resolved_at")
    tails = await _tails(numbers) if milliseconds(now) == span.end else {}
    result = []
    for monitor in monitors:
        own = [outage for outage in outages if outage["monitor_number"] == monitor.number]
        own_parts = parts.get(monitor.number, [])
        if tail := _tail(tails.get(monitor.number), span):
            own_parts = [*own_parts, tail]
        result.append(_stats(monitor.id, span, own_parts, own))
    return result


async def _tails(numbers: Sequence[int]) -> dict[int, Row]:
    rows = await fetch(
        "SELECT number, last_tick, last_status, interval_ms, maintenance_from, maintenance_until FROM monitor_state "
        f"WHERE number {any_of('$1')} AND next_at IS NOT NULL AND last_tick IS NOT NULL AND last_status IS NOT NULL",
        list(numbers),
    )
    return {row["number"]: row for row in rows}


def _tail(state: Row | None, span: Span) -> Part | None:
    """The time since the last check, without maintenance: what it found is taken to hold until the next is due."""
    if state is None or span.end <= state["last_tick"]:
        return None
    start, due = max(span.start, state["last_tick"]), state["last_tick"] + state["interval_ms"]
    watched_until = min(span.end, max(start, due))
    watched = _unmaintained_ms(state, start, watched_until)
    rollup = Rollup(unknown_ms=_unmaintained_ms(state, watched_until, span.end))
    field = {"down": "down_ms", "unknown": "unknown_ms"}.get(state["last_status"], "up_ms")
    setattr(rollup, field, getattr(rollup, field) + watched)
    return Part(start, rollup)


def _unmaintained_ms(state: Row, start: int, end: int) -> int:
    begin, until = state["maintenance_from"] or 0, state["maintenance_until"] or 0
    return end - start - max(0, min(end, int(until)) - max(start, int(begin)))


def _stats(id: strawberry.ID, span: Span, parts: Sequence[Part], outages: Sequence[Row]) -> schema.Stats:
    total = _sum(parts)
    lasted = [(o["resolved_at"] - o["started_at"]).total_seconds() for o in outages if o["resolved_at"]]
    measured = total.up_ms + total.down_ms
    return schema.Stats(
        monitor_id=id,
        from_=moment(span.start),
        to=moment(span.end),
        uptime_percent=percent(total.up_ms, measured),
        uptime_low_percent=percent(total.up_ms - total.doubtful_up_ms, measured),
        uptime_high_percent=percent(total.up_ms + total.doubtful_down_ms, measured),
        coverage_percent=percent(measured, measured + total.unknown_ms),
        downtime_seconds=total.down_ms / 1000,
        checks=_counts(total),
        incidents=len(outages),
        mttr_seconds=sum(lasted) / len(lasted) if lasted else None,
        mtbf_seconds=total.up_ms / 1000 / len(outages) if outages else None,
        latency_ms=_latencies(total),
        series=_series(span, parts),
    )


def _sum(parts: Sequence[Part]) -> Rollup:
    total = Rollup()
    for part in parts:
        total.add(part.rollup)
    return total


def percent(part: int, whole: int) -> float | None:
    """0–100 to five places; a hundred is said only of what is whole."""
    if not whole:
        return None
    rounded = round(100 * part / whole, 5)
    return 99.99999 if rounded == 100 and part < whole else rounded


def _counts(total: Rollup) -> CheckCounts:
    counts = (total.up, total.degraded, total.down, total.unknown)
    return CheckCounts(total=sum(counts), up=total.up, degraded=total.degraded, down=total.down, unknown=total.unknown)


def _latencies(total: Rollup) -> LatencyStats:
    return LatencyStats(
        avg=_rounded(total.latency_sum_us / total.latency_count / 1000 if total.latency_count else None),
        min=None if total.latency_min_us is None else total.latency_min_us / 1000,
        max=None if total.latency_max_us is None else total.latency_max_us / 1000,
        p50=_percentile(total, 50),
        p90=_percentile(total, 90),
        p95=_percentile(total, 95),
        p99=_percentile(total, 99),
    )


def _percentile(total: Rollup, percent: float) -> float | None:
    """Within 1 %, and never outside of what was seen."""
    value = total.histogram.percentile(percent)
    if value is None or total.latency_min_us is None or total.latency_max_us is None:
        return None
    return _rounded(min(max(value, total.latency_min_us / 1000), total.latency_max_us / 1000))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _series(span: Span, parts: Sequence[Part]) -> list[StatsBucket]:
    edges = span.edges()
    filled = [Rollup() for _ in edges]
    for part in parts:
        if edges:
            place = (max(part.start, span.start) - span.start) * len(edges) // (span.end - span.start)
            filled[min(place, len(edges) - 1)].add(part.rollup)
    return [_bucket(start, end, total) for (start, end), total in zip(edges, filled, strict=True)]


def _bucket(start: int, end: int, total: Rollup) -> StatsBucket:
    return StatsBucket(
        start=moment(start),
        end=moment(end),
        status=worst(total.up, total.degraded, total.up_ms, total.down_ms),
        uptime_percent=percent(total.up_ms, total.up_ms + total.down_ms),
        latency_ms=LatencyPercentiles(
            p50=_percentile(total, 50), p95=_percentile(total, 95), p99=_percentile(total, 99)
        ),
    )


def worst(up: int, degraded: int, up_ms: int, down_ms: int) -> MonitorStatus:
    """The worst that held for a while; unknown where nothing was measured."""
    if down_ms:
        return MonitorStatus.DOWN
    if degraded and degraded >= up:
        return MonitorStatus.DEGRADED
    return MonitorStatus.UP if up_ms or up else MonitorStatus.UNKNOWN
