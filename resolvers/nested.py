"""Nested fields, batched: however many monitors a query lists, each field costs a constant number of statements."""

from collections.abc import Awaitable, Callable
from dataclasses import astuple, replace
from datetime import timedelta
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from is0k import schema
from is0k.models.check import count_checks
from is0k.models.heartbeat import count_pings
from is0k.models.incident_reads import count_incidents_of, open_incidents
from is0k.resolvers.bars import bars_of, lines
from is0k.resolvers.checks import checks_of
from is0k.resolvers.context import Context
from is0k.resolvers.gates import require_history
from is0k.resolvers.incidents import incidents_of
from is0k.resolvers.monitor_channels import channels_of
from is0k.resolvers.pings import pings_of
from is0k.resolvers.stats import stats_of
from is0k.schema.errors import ValidationFailed
from is0k.schema.page import LARGEST_PAGE, Page, PageArguments
from is0k.schema.rules import faults_of

T = TypeVar("T")


class Nested:
    """The loaders of one request; `schema.context.NestedFields` is what the nouns ask for."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._loaders: dict[Any, DataLoader[schema.Monitor, Any]] = {}

    async def checks_of(
        self, monitor: schema.Monitor, filter: schema.CheckFilter, page: PageArguments
    ) -> Page[schema.Check]:
        require_history(self.ctx, filter.from_)
        found = await self._loader(checks_of, filter, page).load(monitor)
        return replace(found, count_all=lambda: self._loader(_count_checks, filter).load(monitor))

    async def pings_of(self, monitor: schema.Monitor, page: PageArguments) -> Page[schema.Ping]:
        found = await self._loader(pings_of, page).load(monitor)
        return replace(found, count_all=lambda: self._loader(_count_pings).load(monitor))

    async def stats_of(self, monitor: schema.Monitor, range: schema.StatsRange) -> schema.Stats:
        _refuse_faults(range)
        require_history(self.ctx, range.span(self.ctx.clock.now())[0])
        return await self._loader(self._stats_now, range).load(monitor)

    async def bars_of(self, monitor: schema.Monitor, days: int) -> schema.Bars:
        count = schema.DayCount(days=days)
        _refuse_faults(count)
        require_history(self.ctx, self.ctx.clock.now() - timedelta(days=days - 1))
        return await self._loader(self._bars_now, count).load(monitor)

    async def latency_of(self, monitor: schema.Monitor, range: schema.StatsRange) -> schema.LatencyLines:
        return lines(await self.stats_of(monitor, range))

    async def open_incident_of(self, monitor: schema.Monitor) -> schema.Incident | None:
        return await self._loader(_open_incidents).load(monitor)

    async def incidents_of(self, monitor: schema.Monitor, page: PageArguments) -> Page[schema.Incident]:
        found = await self._loader(incidents_of, page).load(monitor)
        return replace(found, count_all=lambda: self._loader(_count_incidents).load(monitor))

    async def alert_channels_of(self, monitor: schema.Monitor) -> list[schema.AlertChannel]:
        return await self._loader(self._channels).load(monitor) if monitor.alert_channel_ids else []

    def _loader(self, read: Callable[..., Awaitable[list[T]]], *arguments: Any) -> DataLoader[schema.Monitor, T]:
        """The same field with other arguments, under an alias, is another batch."""
        key = (read.__name__, *(astuple(argument) for argument in arguments))
        if key not in self._loaders:
            _refuse_faults(*arguments)
            self._loaders[key] = DataLoader(
                lambda monitors: read(monitors, *arguments),
                max_batch_size=LARGEST_PAGE,
                cache_key_fn=lambda monitor: monitor.number,
            )
        return self._loaders[key]

    async def _stats_now(self, monitors: list[schema.Monitor], range: schema.StatsRange) -> list[schema.Stats]:
        return await stats_of(monitors, range, self.ctx.clock.now())

    async def _bars_now(self, monitors: list[schema.Monitor], count: schema.DayCount) -> list[schema.Bars]:
        return await bars_of(monitors, count.days, self.ctx.clock.now())

    async def _channels(self, monitors: list[schema.Monitor]) -> list[list[schema.AlertChannel]]:
        return await channels_of(self.ctx, monitors)


async def _count_checks(monitors: list[schema.Monitor], filter: schema.CheckFilter) -> list[int]:
    found = await count_checks([monitor.number for monitor in monitors], filter)
    return [found[monitor.number] for monitor in monitors]


async def _count_pings(monitors: list[schema.Monitor]) -> list[int]:
    found = await count_pings(monitor.number for monitor in monitors)
    return [found.get(monitor.number, 0) for monitor in monitors]


async def _count_incidents(monitors: list[schema.Monitor]) -> list[int]:
    found = await count_incidents_of([monitor.number for monitor in monitors])
    return [found[monitor.number] for monitor in monitors]


async def _open_incidents(monitors: list[schema.Monitor]) -> list[schema.Incident | None]:
    found = await open_incidents([monitor.number for monitor in monitors])
    return [found.get(monitor.number) for monitor in monitors]


def _refuse_faults(*inputs: object) -> None:
    if faults := [fault for given in inputs for fault in faults_of(given)]:
        raise ValidationFailed(faults)
