"""Nested fields, batched: however many monitors a query lists, each field costs a constant number of statements."""

from typing import Any

from strawberry.dataloader import DataLoader

from is0k import schema
from is0k.models.monitor import ids_of
from is0k.resolvers.checks import checks_page
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import open_incidents
from is0k.resolvers.stats import stats_of
from is0k.schema.errors import ValidationFailed
from is0k.schema.page import Page, PageArguments
from is0k.schema.rules import faults_of


class Nested:
    """The loaders of one request; `schema.context.NestedFields` is what the nouns ask for."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._stats: dict[Any, DataLoader[int, schema.Stats]] = {}
        self._open_incident = DataLoader(self._load_open_incidents)

    async def checks_of(
        self, monitor_number: int, filter: schema.CheckFilter, page: PageArguments
    ) -> Page[schema.Check]:
        _refuse_faults(filter, page)
        ids = await ids_of([monitor_number])
        return await checks_page(monitor_number, ids[monitor_number], filter, page)

    async def stats_of(self, monitor_number: int, range: schema.StatsRange) -> schema.Stats:
        _refuse_faults(range)
        key = (range.period, range.from_, range.to, range.buckets)
        if key not in self._stats:
            self._stats[key] = DataLoader(lambda numbers: self._load_stats(numbers, range))
        return await self._stats[key].load(monitor_number)

    async def open_incident_of(self, monitor_number: int) -> schema.Incident | None:
        return await self._open_incident.load(monitor_number)

    async def _load_stats(self, numbers: list[int], range: schema.StatsRange) -> list[schema.Stats]:
        found = await stats_of(numbers, range, self.ctx.clock.now())
        return [found[number] for number in numbers]

    async def _load_open_incidents(self, numbers: list[int]) -> list[schema.Incident | None]:
        found = await open_incidents(numbers)
        return [found.get(number) for number in numbers]


def _refuse_faults(*inputs: object) -> None:
    if faults := [fault for given in inputs for fault in faults_of(given)]:
        raise ValidationFailed(faults)
