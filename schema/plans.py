"""What each plan allows: one table, and the words that refuse what is not in it.

Self-hosted organizations are on Enterprise unless the operator says otherwise (`is0k plan set`).
"""

from dataclasses import dataclass

from is0k.schema.enums import ChannelType, MonitorType, Plan

# An organization may be given any other number: `is0k plan set enterprise --rate-limit 5000`.
DEFAULT_ENTERPRISE_REQUESTS = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """`requests_per_minute` is None where the plan has no API, `monitors` where there is no limit."""

    requests_per_minute: int | None
    min_interval_seconds: int
    monitors: int | None
    history_days: int


LIMITS = {
    Plan.FREE: Limits(None, min_interval_seconds=300, monitors=10, history_days=30),
    Plan.HOBBY: Limits(None, min_interval_seconds=60, monitors=25, history_days=90),
    Plan.PRO: Limits(100, min_interval_seconds=30, monitors=100, history_days=365),
    Plan.BUSINESS: Limits(500, min_interval_seconds=10, monitors=500, history_days=730),
    Plan.ENTERPRISE: Limits(DEFAULT_ENTERPRISE_REQUESTS, min_interval_seconds=5, monitors=None, history_days=1095),
}
LONGEST_HISTORY_DAYS = max(limits.history_days for limits in LIMITS.values())

# The first plan that has the type; those after it have it too.
MONITOR_TYPE_PLANS = {
    MonitorType.HTTP: Plan.FREE,
    MonitorType.TCP: Plan.HOBBY,
    MonitorType.PING: Plan.HOBBY,
    MonitorType.DNS: Plan.PRO,
    MonitorType.TLS: Plan.PRO,
    MonitorType.HEARTBEAT: Plan.HOBBY,
}
CHANNEL_TYPE_PLANS = {
    ChannelType.EMAIL: Plan.FREE,
    ChannelType.SLACK: Plan.HOBBY,
    ChannelType.DISCORD: Plan.HOBBY,
    ChannelType.TELEGRAM: Plan.HOBBY,
    ChannelType.WEBHOOK: Plan.HOBBY,
    ChannelType.SMS: Plan.BUSINESS,
    ChannelType.APPRISE: Plan.ENTERPRISE,
}
API_PLAN = next(plan for plan, limits in LIMITS.items() if limits.requests_per_minute)


def monitor_types(plan: Plan) -> list[MonitorType]:
    return [type for type, first in MONITOR_TYPE_PLANS.items() if plan.includes(first)]


def channel_types(plan: Plan) -> list[ChannelType]:
    return [type for type, first in CHANNEL_TYPE_PLANS.items() if plan.includes(first)]
