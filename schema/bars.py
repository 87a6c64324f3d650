"""What dashboards draw: a bar for each day, and lines of latency. Columns, not objects: there are thousands of them."""

from dataclasses import dataclass
from datetime import datetime

import strawberry

from is0k.schema.enums import MonitorStatus
from is0k.schema.rules import Range, rule


@dataclass(frozen=True, slots=True)
class DayCount:
    days: int = strawberry.field(default=90, metadata=rule(Range(1, 400)))


@strawberry.type(description="Uptime by day, in UTC, oldest first; the last is today. All lists are of one length.")
class Bars:
    from_: datetime = strawberry.field(name="from", description="When the first day begins.")
    statuses: list[MonitorStatus] = strawberry.field(
        description="The worst that held for a while on each day; UNKNOWN where nothing was measured."
    )
    uptime_percents: list[float | None] = strawberry.field(description="Null where nothing was measured.")


@strawberry.type(description="Latency over time, oldest first, for a chart. All lists are of one length.")
class LatencyLines:
    from_: datetime = strawberry.field(name="from", description="When the first bucket begins.")
    bucket_seconds: float
    p50_ms: list[float | None] = strawberry.field(description="Null where nothing was measured.")
    p95_ms: list[float | None]
    p99_ms: list[float | None]
