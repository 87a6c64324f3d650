"""Is the product itself well? For /readyz and for whoever watches the watcher."""

from is0k.models.monitor_state import overdue_ms
from is0k.models.sql import fetch
from is0k.schema.clock import Clock, milliseconds

LARGEST_LAG_MS = 30_000


async def database_answers() -> bool:
    return bool(await fetch("SELECT 1 AS one"))


async def scheduler_lag_ms(clock: Clock) -> int:
    """How long the most overdue monitor has waited; beyond `LARGEST_LAG_MS` checks are not being made."""
    return await overdue_ms(milliseconds(clock.now()))
