"""A check: what one probe of one monitor found, once."""

from datetime import datetime

import strawberry

from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.rules import Slug, rule


@strawberry.type(description="How long each phase took; null where there was no such phase.")
class CheckTimings:
    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float | None


@strawberry.type
class Check:
    monitor_id: strawberry.ID
    region: str
    checked_at: datetime
    status: CheckStatus
    latency_ms: float | None
    status_code: int | None
    reason: Reason
    message: str | None
    attempt: int = strawberry.field(description="1 for a regular check, 2 and up for a confirmation.")
    timings: CheckTimings
    detail: strawberry.scalars.JSON | None


@strawberry.input
class CheckFilter:
    from_: datetime | None = strawberry.field(default=None, name="from", description="Checked at or after.")
    to: datetime | None = strawberry.field(default=None, description="Checked before.")
    status: CheckStatus | None = None
    region: str | None = strawberry.field(default=None, metadata=rule(Slug()))
