"""Settings of a `heartbeat` monitor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.faults import Fault
from is0k.schema.rules import Range, Text, rule, timezone
from is0k.schema.typed_settings import as_input, as_patch


@strawberry.type(description="Wait for a job to call us: at least once a period, or when its cron line says.")
class HeartbeatSettings:
    period_seconds: int | None = strawberry.field(
        default=None,
        description="The longest time between two calls; null where `cron` says it.",
        metadata=rule(Range(30, 31_536_000, " seconds"), example=3600),
    )
    cron: str | None = strawberry.field(default=None, metadata=rule(Text(1, 100)))
    timezone: str = strawberry.field(default="UTC", description="Of the cron line.", metadata=rule(timezone))
    grace_seconds: int = strawberry.field(
        default=300,
        description="How late a call may be before it counts as missed.",
        metadata=rule(Range(0, 31_536_000, " seconds")),
    )

    def faults(self) -> Iterator[Fault]:
        if (self.period_seconds is None) is (self.cron is None):
            yield Fault(("period_seconds",), "CONFLICT", "Give either periodSeconds or cron")


if TYPE_CHECKING:
    HeartbeatSettingsInput: TypeAlias = HeartbeatSettings
    HeartbeatSettingsPatch: TypeAlias = HeartbeatSettings
else:
    HeartbeatSettingsInput, HeartbeatSettingsPatch = as_input(HeartbeatSettings), as_patch(HeartbeatSettings)
