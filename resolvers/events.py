"""What one commit has changed in one organization, as it arrives through Redis (`resolvers/announcer.py` sends it)."""

import asyncio
from collections.abc import Collection, Set
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import orjson

from is0k import schema
from is0k.models.check import CheckRow
from is0k.models.check import to_schema as check_to_schema
from is0k.models.incident_reads import read_incidents_by_id
from is0k.models.monitor import Viewpoint, read_monitors_by_id
from is0k.models.organization import public_id
from is0k.resolvers.announcer import StatusChange
from is0k.schema.clock import moment
from is0k.schema.enums import MonitorStatus, Reason
from is0k.schema.ids import Prefix

T = TypeVar("T")
Part: TypeAlias = Literal["checks", "changes", "incidents"]


class Item(NamedTuple, Generic[T]):
    """One thing to tell, and which monitors it is about."""

    monitor_ids: Collection[UUID]
    noun: T


class Events:
    """One message. What its listeners ask of it is made once for all of them."""

    def __init__(self, organization_id: UUID, body: bytes, view: Viewpoint) -> None:
        found = orjson.loads(body)
        self.organization_id, self.region, self.view = organization_id, found["region"], view
        self.checks = [(UUID(id), CheckRow(*row)) for id, *row in found["checks"]]
        self.changes = [_change(*row) for row in found["changes"]]
        self.incidents = [(UUID(id), [UUID(monitor) for monitor in monitors]) for id, monitors in found["incidents"]]
        self._about: dict[Part, set[UUID]] = {
            "checks": {id for id, _ in self.checks},
            "changes": {change.monitor_id for change in self.changes},
            "incidents": {id for _, monitor_ids in self.incidents for id in monitor_ids},
        }
        self._made: dict[Part, asyncio.Task[list[Item[Any]]]] = {}

    def concern(self, part: Part, monitor_ids: Set[UUID] | None) -> bool:
        """Whether there is something of that part; about one of these monitors, if any are named."""
        if monitor_ids is None:
            return bool(getattr(self, part))
        return not self._about[part].isdisjoint(monitor_ids)

    async def items(self, part: Part) -> list[Item[Any]]:
        """In the order it happened. What was deleted since is left out."""
        if part not in self._made:
            self._made[part] = asyncio.create_task(getattr(self, f"_{part}")())
        # The others who wait for it still do when this one is cancelled.
        return await asyncio.shield(self._made[part])

    async def _checks(self) -> list[Item[schema.Check]]:
        return [Item((id,), self._check(id, row)) for id, row in self.checks]

    def _check(self, monitor_id: UUID, row: CheckRow) -> schema.Check:
        return check_to_schema(row._asdict() | {"region_name": self.region}, public_id(Prefix.MONITOR, monitor_id))

    async def _changes(self) -> list[Item[schema.MonitorStatusChange]]:
        found = await read_monitors_by_id(self.organization_id, self._about["changes"], self.view)
        return [
            Item((change.monitor_id,), _told(change, found[change.monitor_id]))
            for change in self.changes
            if change.monitor_id in found
        ]

    async def _incidents(self) -> list[Item[schema.Incident]]:
        found = await read_incidents_by_id(self.organization_id, [id for id, _ in self.incidents])
        return [Item(monitor_ids, found[id]) for id, monitor_ids in self.incidents if id in found]


def _change(monitor_id: str, before: str, after: str, at: int, reason: str | None) -> StatusChange:
    return StatusChange(
        UUID(monitor_id), MonitorStatus(before), MonitorStatus(after), at, None if reason is None else Reason(reason)
    )


def _told(change: StatusChange, monitor: schema.Monitor) -> schema.MonitorStatusChange:
    return schema.MonitorStatusChange(
        monitor=monitor, from_=change.before, to=change.after, at=moment(change.at), reason=change.reason
    )
