"""Where an incident stands, and who may say so.

The checks say when an automatic incident begins and ends; people say the rest. So a person resolves one only while
nobody checks its monitor, and reopens none: the next outage is another incident. A monitor thus never has two that are
open, and no recovery goes unnoticed. What a person opened, a person resolves and reopens.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import strawberry

from is0k import models
from is0k.models.monitor_state import forget_outage
from is0k.models.organization import public_id
from is0k.resolvers.context import Context
from is0k.schema.enums import IncidentOrigin, IncidentStatus, MonitorStatus
from is0k.schema.errors import IncidentNotFound
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix, decode


class Held(NamedTuple):
    """An incident, locked until the transaction ends."""

    row: models.Incident
    state: models.MonitorState | None  # of the monitor an automatic incident is about

    @property
    def is_automatic(self) -> bool:
        return self.row.origin is IncidentOrigin.AUTOMATIC

    @property
    def is_open(self) -> bool:
        return self.row.resolved_at is None

    @property
    def is_down(self) -> bool:
        """Whether the last that was seen of its monitor is that it is down."""
        return self.state is not None and self.state.status == MonitorStatus.DOWN.value

    @property
    def is_watched(self) -> bool:
        return self.state is not None and self.state.next_at is not None


async def hold(ctx: Context, id: strawberry.ID) -> Held:
    """The state of its monitor is locked before it, in the order the writer does.

    Raises IncidentNotFound, and PreconditionFailed when it is not in the state the caller means.
    """
    uuid, own = decode(Prefix.INCIDENT, id), models.Incident.of(ctx.organization_id)
    found = await own.get_or_none(id=uuid).only("id", "monitor_number") if uuid else None
    number = found and found.monitor_number
    states = models.MonitorState.select_for_update(no_key=True)
    state = await states.get_or_none(number=number) if number is not None else None
    row = await own.select_for_update(no_key=True).get_or_none(id=uuid) if found else None
    if row is None:
        raise IncidentNotFound(id)
    ctx.require_unchanged(row.updated_at)
    return Held(row, state)


def status_faults(held: Held, status: IncidentStatus) -> Iterator[Fault]:
    """Why a person may not say that the incident stands there now."""
    if not held.is_automatic:
        return
    if status is IncidentStatus.RESOLVED and held.is_open and held.is_down and held.is_watched:
        message = "Its monitor is still down; it is resolved when that is up, or by hand while the monitor is paused"
        yield Fault(("status",), "STILL_DOWN", message)
    if status is not IncidentStatus.RESOLVED and not held.is_open:
        message = "It is resolved, and the next outage is another incident; say what is left to say without a status"
        yield Fault(("status",), "RESOLVED", message)


async def move(held: Held, status: IncidentStatus, now: datetime) -> None:
    """Let it stand there; the caller stores the row."""
    if status is IncidentStatus.RESOLVED and held.is_open:
        held.row.resolved_at = now
        if held.state is not None and held.state.told == MonitorStatus.DOWN.value:
            # Resumed, a target that is down all the same goes down anew, and that is another incident. So does one that
            # flaps, or has recovered during maintenance and is down again: there the incident was open while it is up.
            await forget_outage(held.state.number)
    elif status is not IncidentStatus.RESOLVED:
        held.row.resolved_at = None
    held.row.status = status


async def acknowledge(ctx: Context, row: models.Incident) -> None:
    """A person has spoken of it; the caller stores the row."""
    if row.acknowledged_at is not None:
        return
    row.acknowledged_at = ctx.clock.now()
    key_id = ctx.actor and ctx.actor.key_id
    key = await models.ApiKey.of(ctx.organization_id).get_or_none(id=key_id) if key_id else None
    row.acknowledged_by = key.name if key else None


async def own_monitor_id(held: Held) -> strawberry.ID | None:
    """Of the monitor an automatic incident is about, if that is still there."""
    monitor = await models.Monitor.get_or_none(number=held.row.monitor_number) if held.is_automatic else None
    return public_id(Prefix.MONITOR, monitor.id) if monitor else None
