"""A ping: one call of a job to the ping URL of its monitor."""

from datetime import datetime

import strawberry

from is0k.schema.enums import PingKind


@strawberry.type(description="One call of a job that a heartbeat monitor waits for. The last 100 are kept.")
class Ping:
    monitor_id: strawberry.ID
    at: datetime
    kind: PingKind
    exit_code: int | None
    run_ms: float | None = strawberry.field(
        description="From its start to its end, or as it said itself; null where neither is known."
    )
    method: str
    source_address: str | None
    user_agent: str | None
    body: str | None = strawberry.field(description="The first 10 KiB of what it sent.")
