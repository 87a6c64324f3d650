"""A monitor with maintenance ahead of it, looked after every five minutes."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from is0k import schema
from is0k.jobs.monitor_file import MonitorFile
from is0k.jobs.upkeep import keep_maintenance
from is0k.jobs.writer import write
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import get_monitor
from is0k.schema.clock import moment
from is0k.schema.enums import MonitorStatus
from is0k.tests.jobs.scene import REGION, finding, incidents_of, state_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_maintenance_window

MINUTE, HOUR = 60, 3600
STEP = 5 * MINUTE
ONE, TWO = datetime(2026, 11, 23, 13, tzinfo=UTC), datetime(2026, 11, 23, 14, tzinfo=UTC)


class Scene(NamedTuple):
    """The clock's start is noon; the window, if any, is the hour from one to two."""

    ctx: Context
    clock: FakeClock
    shop: schema.Monitor

    async def until(self, moment: datetime, outcome: Outcome) -> list[MonitorFile]:
        """Upkeep, and a check that finds this, every five minutes until then."""
        found: list[MonitorFile] = []
        while self.clock.now() < moment:
            self.clock.move(STEP)
            await keep_maintenance(self.clock.ms)
            found += await self.check(outcome)
        return found

    async def check(self, outcome: Outcome) -> list[MonitorFile]:
        return list(await write([finding(self.shop.number, self.clock.ms, outcome)], REGION))

    async def overlay(self) -> tuple[datetime | None, datetime | None]:
        state = await state_of(self.shop.number)
        start, end = state.maintenance_from, state.maintenance_until
        return (None if start is None else moment(start)), (None if end is None else moment(end))

    async def status(self) -> str:
        status: MonitorStatus = (await get_monitor(self.ctx, self.shop.id)).status
        return str(status.value)

    async def outages(self) -> list[tuple[datetime, datetime | None]]:
        return [(incident.started_at, incident.resolved_at) for incident in await incidents_of(self.shop.number)]

    async def window(self, **fields: Any) -> schema.MaintenanceWindow:
        return await new_maintenance_window(self.ctx, monitorIds=[self.shop.id], **fields)


def told(files: list[MonitorFile]) -> list[tuple[str, str, datetime]]:
    return [(change.before.value, change.after.value, moment(change.at)) for file in files for change in file.changes]


def clock_time(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)
