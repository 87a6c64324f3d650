"""Settings of a `heartbeat` monitor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import strawberry
from strawberry import UNSET

from is0k.schema.cron import CronLine
from is0k.schema.faults import Fault
from is0k.schema.rules import Range, rule, timezone
from is0k.schema.typed_settings import as_input, as_patch


@strawberry.type(description="Wait for a job to call us: at least once a period, or when its cron line says.")
class HeartbeatSettings:
    period_seconds: int | None = strawberry.field(
        default=None,
        description="The longest time between two calls; null where `cron` says it.",
        metadata=rule(Range(30, 31_536_000, " seconds"), example=3600),
    )
    cron: str | None = strawberry.field(
        default=None,
        description="When the job starts, as cron reads it: `30 2 * * *`; null where there is a period.",
        metadata=rule(CronLine(), example=None),  # as the example has a period
    )
    timezone: str = strawberry.field(default="UTC", description="Of the cron line.", metadata=rule(timezone))
    grace_seconds: int = strawberry.field(
        default=300,
        description="How late a call may be before it counts as missed, and how long a run that was started may last.",
        metadata=rule(Range(0, 31_536_000, " seconds")),
    )
    ping_url: str = strawberry.field(
        default="",
        description="What the job calls: GET, POST or HEAD, with /start, /fail, /log or its exit code behind it.",
        metadata={"read_only": True, "example": "https://is0k.example/ping/y3Zq0vVHxk2bQd1sZr7eTnLu"},
    )

    def faults(self) -> Iterator[Fault]:
        """Of a patch too, which is silent about what it keeps: then `patch` asks the whole."""
        if UNSET not in (self.period_seconds, self.cron) and (self.period_seconds is None) is (self.cron is None):
            message = "Give either periodSeconds or cron, and null for the other"
            yield Fault(("period_seconds",), "CONFLICT", message)


if TYPE_CHECKING:
    HeartbeatSettingsInput: TypeAlias = HeartbeatSettings
    HeartbeatSettingsPatch: TypeAlias = HeartbeatSettings
else:
    HeartbeatSettingsInput, HeartbeatSettingsPatch = as_input(HeartbeatSettings), as_patch(HeartbeatSettings)
