"""A monitor's status has changed: what a live subscription tells of it."""

from datetime import datetime

import strawberry

from is0k.schema.enums import MonitorStatus, Reason
from is0k.schema.monitor import Monitor


@strawberry.type(description="A monitor's status, before and after.")
class MonitorStatusChange:
    monitor: Monitor = strawberry.field(description="As it is by now.")
    from_: MonitorStatus = strawberry.field(name="from")
    to: MonitorStatus
    at: datetime = strawberry.field(description="Since when: of the first check that showed it, not of the last.")
    reason: Reason | None = strawberry.field(description="That of the check which settled it; null after a person's.")
