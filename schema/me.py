"""Who asks: the organization behind an API key, and what it may do."""

import strawberry

from is0k.schema.api_key import ApiKey
from is0k.schema.enums import ChannelType, MonitorType, Plan


@strawberry.type
class Organization:
    id: strawberry.ID
    name: str


@strawberry.type(description="What the plan allows.")
class PlanLimits:
    requests_per_minute: int | None = strawberry.field(description="Null where the plan has no API.")
    min_interval_seconds: int
    monitors: int | None = strawberry.field(description="Null where there is no limit.")
    history_days: int
    monitor_types: list[MonitorType]
    channel_types: list[ChannelType]


@strawberry.type(description="How much of it is used.")
class PlanUsage:
    monitors: int


@strawberry.type
class Me:
    organization: Organization
    plan: Plan
    limits: PlanLimits
    usage: PlanUsage
    api_key: ApiKey | None = strawberry.field(description="The key of this request; null for who came without one.")
