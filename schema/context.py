"""How a noun's nested fields get at what needs I/O. The schema says what it wants; `resolvers/nested.py` does it."""

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from strawberry.types import Info as StrawberryInfo

if TYPE_CHECKING:
    from is0k.schema.alert_channel import AlertChannel
    from is0k.schema.bars import Bars, LatencyLines
    from is0k.schema.check import Check, CheckFilter
    from is0k.schema.incident import Incident
    from is0k.schema.monitor import Monitor
    from is0k.schema.page import Page, PageArguments
    from is0k.schema.ping import Ping
    from is0k.schema.stats import Stats, StatsRange


class NestedFields(Protocol):
    """Each is batched over all the nouns of one request: a constant number of statements, however many nouns."""

    async def checks_of(self, monitor: "Monitor", filter: "CheckFilter", page: "PageArguments") -> "Page[Check]": ...

    async def pings_of(self, monitor: "Monitor", page: "PageArguments") -> "Page[Ping]": ...

    async def stats_of(self, monitor: "Monitor", range: "StatsRange") -> "Stats": ...

    async def bars_of(self, monitor: "Monitor", days: int) -> "Bars": ...

    async def latency_of(self, monitor: "Monitor", range: "StatsRange") -> "LatencyLines": ...

    async def incidents_of(self, monitor: "Monitor", page: "PageArguments") -> "Page[Incident]": ...

    async def open_incident_of(self, monitor: "Monitor") -> "Incident | None": ...

    async def alert_channels_of(self, monitor: "Monitor") -> "list[AlertChannel]": ...


class HasNestedFields(Protocol):
    @property
    def nested(self) -> NestedFields: ...


Info: TypeAlias = StrawberryInfo[HasNestedFields, Any]
