"""A preview: what a check of settings that are not saved finds."""

from collections.abc import Iterator

import strawberry

from is0k.schema.assertion import AssertionInput, AssertionResult
from is0k.schema.check import CheckTimings
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.faults import Fault
from is0k.schema.monitor import ASSERTIONS, DEGRADED_AFTER, TIMEOUT, MonitorSettingsInput, choice_faults
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
    assertions: list[AssertionResult] = strawberry.field(
        description="Every comparison and what it found; none of a target that is down for another reason."
    )


@strawberry.input
class PreviewMonitorInput:
    settings: MonitorSettingsInput = strawberry.field(metadata={"flat": True})
    timeout_seconds: float = strawberry.field(default=10.0, metadata=rule(TIMEOUT))
    degraded_after_ms: int | None = strawberry.field(default=None, metadata=rule(DEGRADED_AFTER))
    assertions: list[AssertionInput] = strawberry.field(default_factory=list, metadata=ASSERTIONS)

    def faults(self) -> Iterator[Fault]:
        yield from choice_faults(self.settings, self.assertions)
