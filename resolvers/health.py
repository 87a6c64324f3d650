"""Is the product itself well? For /readyz, /metrics, the dead man's switch, and for whoever watches the watcher."""

from collections.abc import Mapping
from dataclasses import dataclass

from is0k import models
from is0k.models.alerting import oldest_unsent
from is0k.models.incident import count_open
from is0k.models.monitor import count_by_status
from is0k.models.monitor_state import overdue_ms
from is0k.models.notice import count_open_by_kind
from is0k.models.sql import fetch
from is0k.schema.clock import Clock, milliseconds
from is0k.schema.enums import MonitorStatus, NoticeKind

LARGEST_LAG_MS = 30_000
LONGEST_UNSENT_MS = 60_000


async def database_answers() -> bool:
    return bool(await fetch("SELECT 1 AS one"))


async def scheduler_lag_ms(clock: Clock) -> int:
    """How long the most overdue monitor has waited; beyond `LARGEST_LAG_MS` checks are not being made."""
    return await overdue_ms(milliseconds(clock.now()))


async def unsent_ms(clock: Clock) -> int:
    """How long the alert has waited that waits longest; beyond `LONGEST_UNSENT_MS` they are not being sent."""
    due_at = await oldest_unsent(clock.now())
    return 0 if due_at is None else max(0, milliseconds(clock.now()) - milliseconds(due_at))


@dataclass(frozen=True, slots=True)
class RegionHealth:
    """None: not known, as of a region that no worker has spoken up for yet."""

    name: str
    is_blind: bool
    last_seen_ms_ago: int | None
    self_checked_ms_ago: int | None
    lag_ms: int | None


@dataclass(frozen=True, slots=True)
class Health:
    scheduler_lag_ms: int
    unsent_ms: int
    regions: list[RegionHealth]
    monitors: Mapping[MonitorStatus, int]
    open_incidents: int
    open_notices: Mapping[NoticeKind, int]


async def read_health(clock: Clock) -> Health:
    """Of the whole server, in six statements however much there is."""
    now = milliseconds(clock.now())
    return Health(
        scheduler_lag_ms=await scheduler_lag_ms(clock),
        unsent_ms=await unsent_ms(clock),
        regions=[_region(row, now) for row in await models.Region.all().order_by("name")],
        monitors=await count_by_status(now),
        open_incidents=await count_open(),
        open_notices=await count_open_by_kind(),
    )


def _region(row: models.Region, now: int) -> RegionHealth:
    return RegionHealth(
        name=row.name,
        is_blind=row.is_blind,
        last_seen_ms_ago=None if row.last_seen_at is None else max(0, now - row.last_seen_at),
        self_checked_ms_ago=None if row.self_checked_at is None else max(0, now - row.self_checked_at),
        lag_ms=row.lag_ms,
    )
