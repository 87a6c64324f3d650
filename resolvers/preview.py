"""Trying settings out before they are saved."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import strawberry

from is0k import schema
from is0k.probes.assertions import assess, wants_body
from is0k.probes.base import judge_latency
from is0k.resolvers.context import Context
from is0k.resolvers.deadline import allow
from is0k.resolvers.gates import NOT_CHECKABLE, require_monitor_type
from is0k.resolvers.operation import operation
from is0k.resolvers.typed import chosen
from is0k.schema.assertion import from_stored, to_stored
from is0k.schema.enums import AssertionOp, AssertionSource, MonitorType, Scope
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
    assertions = [from_stored(to_stored(assertion)) for assertion in input.assertions]
    probe = ctx.services.probes[type]
    outcome = await probe.run(settings, input.timeout_seconds, wants_body=wants_body(assertions))
    outcome = await assess(outcome, assertions, shows_all=True)
    outcome = judge_latency(outcome, input.degraded_after_ms)
    results = outcome.detail.pop("assertions", ())
    return schema.Preview(
        status=outcome.status,
        latency_ms=outcome.latency_ms,
        status_code=outcome.status_code,
        reason=outcome.reason,
        message=outcome.message,
        timings=schema.CheckTimings(**asdict(outcome.timings)),
        detail=strawberry.scalars.JSON(outcome.detail) if outcome.detail else None,
        assertions=[_result(leaf) for leaf in results],
    )


def _result(leaf: Mapping[str, Any]) -> schema.AssertionResult:
    return schema.AssertionResult(
        source=AssertionSource(leaf["source"]),
        path=leaf["path"],
        op=AssertionOp(leaf["op"]),
        target=leaf["target"],
        actual=leaf["actual"],
        passed=leaf["passed"],
    )
