"""A preview: what a check of settings that are not saved finds."""

import strawberry

from is0k.schema.check import CheckTimings
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.monitor import DEGRADED_AFTER, TIMEOUT, MonitorSettingsInput
from is0k.schema.rules import rule


@strawberry.type(description="One look at a target, from where the API runs. Nothing is stored.")
class Preview:
    status: CheckStatus
    latency_ms: float | None
    status_code: int | None
    reason: Reason
    message: str | None
    timings: CheckTimings
    detail: strawberry.scalars.JSON | None


@strawberry.input
class PreviewMonitorInput:
    settings: MonitorSettingsInput = strawberry.field(metadata={"flat": True})
    timeout_seconds: float = strawberry.field(default=10.0, metadata=rule(TIMEOUT))
    degraded_after_ms: int | None = strawberry.field(default=None, metadata=rule(DEGRADED_AFTER))
