"""Trying settings out before they are saved."""

from dataclasses import asdict

import strawberry

from is0k import schema
from is0k.probes.base import judge_latency
from is0k.resolvers.context import Context
from is0k.resolvers.deadline import allow
from is0k.resolvers.gates import NOT_CHECKABLE, require_monitor_type
from is0k.resolvers.operation import operation
from is0k.resolvers.typed import chosen
from is0k.schema.enums import MonitorType, Scope
from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.monitor import SETTINGS
from is0k.schema.typed_settings import build


@operation(Scope.WRITE)
async def preview_monitor(ctx: Context, input: schema.PreviewMonitorInput) -> schema.Preview:
    """Check once, now, without saving anything. The probe runs in the API's own process."""
    type, given = chosen(MonitorType, input.settings)
    require_monitor_type(ctx, type)
    if type is MonitorType.HEARTBEAT:
        raise ValidationFailed([Fault(("settings", type.value), "NOT_CHECKABLE", NOT_CHECKABLE)])
    settings = build(SETTINGS[type], given)
    allow(input.timeout_seconds + 1)
    outcome = await ctx.services.probes[type].run(settings, input.timeout_seconds)
    outcome = judge_latency(outcome, input.degraded_after_ms)
    return schema.Preview(
        status=outcome.status,
        latency_ms=outcome.latency_ms,
        status_code=outcome.status_code,
        reason=outcome.reason,
        message=outcome.message,
        timings=schema.CheckTimings(**asdict(outcome.timings)),
        detail=strawberry.scalars.JSON(outcome.detail) if outcome.detail else None,
    )
