"""Uptime statistics of one monitor over a span of time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import strawberry

from is0k.schema.enums import MonitorStatus, Period
from is0k.schema.faults import Fault
from is0k.schema.rules import Range, rule

PERIODS = {
    Period.HOUR_24: timedelta(hours=24),
    Period.DAY_7: timedelta(days=7),
    Period.DAY_30: timedelta(days=30),
    Period.DAY_90: timedelta(days=90),
    Period.DAY_365: timedelta(days=365),
}


@strawberry.input
class StatsRange:
    """Which span: a period that ends now, or from … to, divided into `buckets` for the series."""

    period: Period | None = None
    from_: datetime | None = strawberry.field(default=None, name="from")
    to: datetime | None = None
    buckets: int | None = strawberry.field(default=None, metadata=rule(Range(1, 400)))

    def faults(self) -> Iterator[Fault]:
        if self.period and (self.from_ or self.to):
            yield Fault(("period",), "CONFLICT", "Give either period, or from and to")
        if self.to and not self.from_:
            yield Fault(("from",), "REQUIRED", "Is needed with to")
        if self.from_ and self.to and self.from_ >= self.to:
            yield Fault(("to",), "OUT_OF_RANGE", "Must be after from")

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """The moments it begins and ends; without any argument the last 24 hours."""
        if self.from_:
            return self.from_, min(self.to or now, now)
        return now - PERIODS[self.period or Period.HOUR_24], now


@strawberry.type
class CheckCounts:
    total: int
    up: int
    degraded: int
    down: int
    unknown: int


@strawberry.type(description="Milliseconds over the checks that answered; percentiles are exact within 1 %.")
class LatencyStats:
    avg: float | None
    min: float | None
    max: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None


@strawberry.type
class LatencyPercentiles:
    p50: float | None
    p95: float | None
    p99: float | None


@strawberry.type
class StatsBucket:
    start: datetime
    end: datetime
    status: MonitorStatus
    uptime_percent: float | None
    latency_ms: LatencyPercentiles


@strawberry.type
class Stats:
    monitor_id: strawberry.ID
    from_: datetime = strawberry.field(name="from")
    to: datetime
    uptime_percent: float | None = strawberry.field(description="Null where nothing was measured.")
    uptime_low_percent: float | None = strawberry.field(
        description="If all that may have been down between two checks had been down."
    )
    uptime_high_percent: float | None = strawberry.field(description="If all that may have been up had been up.")
    coverage_percent: float | None = strawberry.field(description="How much of the watched time was really measured.")
    downtime_seconds: float
    checks: CheckCounts
    incidents: int
    mttr_seconds: float | None = strawberry.field(description="Mean time to recovery of the resolved incidents.")
    mtbf_seconds: float | None = strawberry.field(description="Mean measured uptime between incidents.")
    latency_ms: LatencyStats
    series: list[StatsBucket]
