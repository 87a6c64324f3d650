"""A monitor: what people ask us to watch."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from is0k.schema.alert_channel import AlertChannel
from is0k.schema.assertion import EXAMPLE, Assertion, AssertionInput, Tree, type_faults
from is0k.schema.bars import Bars, LatencyLines
from is0k.schema.check import Check, CheckFilter
from is0k.schema.context import Info
from is0k.schema.dns_settings import DnsSettings, DnsSettingsInput, DnsSettingsPatch
from is0k.schema.enums import MonitorStatus, MonitorType, Period, Reason
from is0k.schema.faults import Fault
from is0k.schema.heartbeat_settings import HeartbeatSettings, HeartbeatSettingsInput, HeartbeatSettingsPatch
from is0k.schema.http_settings import HttpSettings, HttpSettingsInput, HttpSettingsPatch
from is0k.schema.incident import Incident
from is0k.schema.node import Node
from is0k.schema.page import Connection, PageArguments, connection
from is0k.schema.ping import Ping
from is0k.schema.ping_settings import PingSettings, PingSettingsInput, PingSettingsPatch
from is0k.schema.rules import Each, Range, Slug, Text, anything, rule
from is0k.schema.stats import Stats, StatsRange
from is0k.schema.tcp_settings import TcpSettings, TcpSettingsInput, TcpSettingsPatch
from is0k.schema.tls_settings import TlsSettings, TlsSettingsInput, TlsSettingsPatch

MonitorSettings = Annotated[
    HttpSettings | TcpSettings | PingSettings | DnsSettings | TlsSettings | HeartbeatSettings,
    strawberry.union("MonitorSettings"),
]

SETTINGS: dict[MonitorType, type[Any]] = {
    MonitorType.HTTP: HttpSettings,
    MonitorType.TCP: TcpSettings,
    MonitorType.PING: PingSettings,
    MonitorType.DNS: DnsSettings,
    MonitorType.TLS: TlsSettings,
    MonitorType.HEARTBEAT: HeartbeatSettings,
}

INTERVAL = Range(5, 86_400, " seconds")
TIMEOUT = Range(0.5, 30, " seconds")
RETRIES = Range(0, 10)
RECOVERY_CHECKS = Range(1, 10)
DEGRADED_AFTER = Range(1, 30_000, " ms")
TAGS = Each(Slug(), 20)
REGIONS = Each(Slug(), 20)
CHANNELS = Each(anything, 20)
# A read shows every field of it.
SHOWN_EXAMPLE = {"path": None, "all": None, "any": None, "not": None, **EXAMPLE}
ASSERTIONS = rule(Tree(), example=[EXAMPLE])
ASSERTIONS_WORDS = (
    "What else must hold of the answer, all of it, for the target to be up. An `expectedStatus` holds beside them."
)


def default_timeout_seconds(interval_seconds: int) -> float:
    """Ten seconds, but never more than half the interval: a check that hangs must end before the next is due."""
    return min(10.0, interval_seconds / 2)


@strawberry.type
class Monitor(Node):
    number: strawberry.Private[int]
    name: str = strawberry.field(metadata={"example": "Shop"})
    type: MonitorType
    status: MonitorStatus = strawberry.field(metadata={"example": MonitorStatus.UP})
    paused: bool
    interval_seconds: int
    timeout_seconds: float
    retries: int = strawberry.field(description="How many confirmations a failure needs before it counts as down.")
    recovery_checks: int = strawberry.field(description="How many good checks in a row end a down.")
    degraded_after_ms: int | None
    regions: list[str] = strawberry.field(description="Where it is checked from; empty: wherever a worker is free.")
    alert_channel_ids: list[strawberry.ID] = strawberry.field(
        description="Who is told; when empty, the default alert channels are."
    )
    tags: list[str]
    assertions: list[Assertion] = strawberry.field(description=ASSERTIONS_WORDS, metadata={"example": [SHOWN_EXAMPLE]})
    settings: MonitorSettings = strawberry.field(metadata={"flat": True})
    last_checked_at: datetime | None
    last_status_change_at: datetime | None
    last_latency_ms: float | None
    last_reason: Reason | None
    last_message: str | None
    created_at: datetime
    updated_at: datetime

    @strawberry.field(description="Check history, newest first.")
    async def checks(
        self, info: Info, first: int = 50, after: str | None = None, filter: CheckFilter | None = None
    ) -> Connection[Check]:
        page = PageArguments(limit=first, cursor=after)
        found = await info.context.nested.checks_of(self, filter or CheckFilter(), page)
        return connection(found, is_first=after is None)

    @strawberry.field(description="Calls of the job a heartbeat monitor waits for, newest first.")
    async def pings(self, info: Info, first: int = 50, after: str | None = None) -> Connection[Ping]:
        found = await info.context.nested.pings_of(self, PageArguments(limit=first, cursor=after))
        return connection(found, is_first=after is None)

    @strawberry.field(description="Over a period that ends now, or from … to; the last 24 hours without arguments.")
    async def stats(
        self,
        info: Info,
        period: Period | None = None,
        from_: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        to: datetime | None = None,
        buckets: int | None = None,
    ) -> Stats:
        range = StatsRange(period=period, from_=from_, to=to, buckets=buckets)
        return await info.context.nested.stats_of(self, range)

    @strawberry.field(description="A bar for each of the last days, today included.")
    async def bars(self, info: Info, days: int = 90) -> Bars:
        return await info.context.nested.bars_of(self, days)

    @strawberry.field(description="Lines for a chart of a period that ends now.")
    async def latency(self, info: Info, period: Period = Period.HOUR_24, buckets: int = 60) -> LatencyLines:
        return await info.context.nested.latency_of(self, StatsRange(period=period, buckets=buckets))

    @strawberry.field(description="Incidents that are about it, newest first.")
    async def incidents(self, info: Info, first: int = 50, after: str | None = None) -> Connection[Incident]:
        found = await info.context.nested.incidents_of(self, PageArguments(limit=first, cursor=after))
        return connection(found, is_first=after is None)

    @strawberry.field(description="The alert channels of `alertChannelIds`.")
    async def alert_channels(self, info: Info) -> list[AlertChannel]:
        return await info.context.nested.alert_channels_of(self)

    @strawberry.field(description="The automatic incident that lasts, if there is one.")
    async def open_incident(self, info: Info) -> Incident | None:
        return await info.context.nested.open_incident_of(self)


@strawberry.input(one_of=True, description="Exactly one: the settings of the monitor's type.")
class MonitorSettingsInput:
    http: HttpSettingsInput | None = UNSET
    tcp: TcpSettingsInput | None = UNSET
    ping: PingSettingsInput | None = UNSET
    dns: DnsSettingsInput | None = UNSET
    tls: TlsSettingsInput | None = UNSET
    heartbeat: HeartbeatSettingsInput | None = UNSET


@strawberry.input(one_of=True, description="Exactly one: the settings that change, of the monitor's own type.")
class MonitorSettingsPatch:
    http: HttpSettingsPatch | None = UNSET
    tcp: TcpSettingsPatch | None = UNSET
    ping: PingSettingsPatch | None = UNSET
    dns: DnsSettingsPatch | None = UNSET
    tls: TlsSettingsPatch | None = UNSET
    heartbeat: HeartbeatSettingsPatch | None = UNSET


@strawberry.input
class CreateMonitorInput:
    name: str = strawberry.field(metadata=rule(Text(1, 100), example="Shop"))
    settings: MonitorSettingsInput = strawberry.field(metadata={"flat": True})
    interval_seconds: int = strawberry.field(default=60, metadata=rule(INTERVAL))
    timeout_seconds: float | None = strawberry.field(
        default=None, description="Default: 10, or half the interval if that is less.", metadata=rule(TIMEOUT)
    )
    retries: int = strawberry.field(default=2, metadata=rule(RETRIES))
    recovery_checks: int = strawberry.field(default=1, metadata=rule(RECOVERY_CHECKS))
    degraded_after_ms: int | None = strawberry.field(default=None, metadata=rule(DEGRADED_AFTER))
    regions: list[str] = strawberry.field(default_factory=list, metadata=rule(REGIONS))
    alert_channel_ids: list[strawberry.ID] = strawberry.field(default_factory=list, metadata=rule(CHANNELS))
    tags: list[str] = strawberry.field(default_factory=list, metadata=rule(TAGS))
    assertions: list[AssertionInput] = strawberry.field(
        default_factory=list, description=ASSERTIONS_WORDS, metadata=ASSERTIONS
    )
    paused: bool = False

    def faults(self) -> Iterator[Fault]:
        yield from timeout_faults(self.timeout_seconds, self.interval_seconds)
        yield from choice_faults(self.settings, self.assertions)


@strawberry.input(description="What is present is set, what is absent is kept, null goes back to the default.")
class UpdateMonitorInput:
    name: str | None = strawberry.field(default=UNSET, metadata=rule(Text(1, 100), example="Shop"))
    settings: MonitorSettingsPatch | None = strawberry.field(default=UNSET, metadata={"flat": True})
    interval_seconds: int | None = strawberry.field(default=UNSET, metadata=rule(INTERVAL))
    timeout_seconds: float | None = strawberry.field(default=UNSET, metadata=rule(TIMEOUT))
    retries: int | None = strawberry.field(default=UNSET, metadata=rule(RETRIES))
    recovery_checks: int | None = strawberry.field(default=UNSET, metadata=rule(RECOVERY_CHECKS))
    degraded_after_ms: int | None = strawberry.field(default=UNSET, metadata=rule(DEGRADED_AFTER))
    regions: list[str] | None = strawberry.field(default=UNSET, metadata=rule(REGIONS))
    alert_channel_ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, metadata=rule(CHANNELS))
    tags: list[str] | None = strawberry.field(default=UNSET, metadata=rule(TAGS))
    assertions: list[AssertionInput] | None = strawberry.field(
        default=UNSET, description=ASSERTIONS_WORDS, metadata=ASSERTIONS
    )
    paused: bool | None = UNSET

    def faults(self) -> Iterator[Fault]:
        if self.name is None:
            yield Fault(("name",), "REQUIRED", "Must not be null")
        yield from timeout_faults(self.timeout_seconds, self.interval_seconds)


def timeout_faults(timeout_seconds: object, interval_seconds: object) -> Iterator[Fault]:
    given = isinstance(timeout_seconds, int | float) and isinstance(interval_seconds, int)
    if given and timeout_seconds > interval_seconds:  # type: ignore[operator]
        yield Fault(("timeout_seconds",), "OUT_OF_RANGE", "Must not be longer than the interval")


def choice_faults(settings: object, assertions: object) -> Iterator[Fault]:
    """Of an input that chooses the type by its settings."""
    for type in MonitorType:
        if getattr(settings, type.value, None):
            yield from type_faults(type, assertions)


@strawberry.input
class MonitorFilter:
    status: MonitorStatus | None = None
    type: MonitorType | None = None
    tag: str | None = strawberry.field(default=None, metadata=rule(Slug()))
    q: str | None = strawberry.field(
        default=None, description="Part of the name, in any letter case.", metadata=rule(Text(1, 100))
    )
