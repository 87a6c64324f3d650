"""A region: a place that checks are made from."""

from datetime import datetime

import strawberry


@strawberry.type
class Region:
    name: str
    is_online: bool = strawberry.field(description="Whether one of its workers spoke up in the last minute.")
    last_seen_at: datetime | None
    version: str | None = strawberry.field(description="Of the worker that spoke up last.")
    lag_ms: int | None = strawberry.field(
        description="How late after their slots the checks of that worker began, at worst, in the ten seconds before. "
        "Null when it began none."
    )
    is_blind: bool = strawberry.field(
        description="Whether one of its workers cannot tell its own trouble from that of its targets."
    )
    monitor_count: int = strawberry.field(
        description="Your monitors that may be checked from here: those that name it, and those that name no region."
    )
