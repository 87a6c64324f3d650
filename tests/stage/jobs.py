"""Jobs that call us, and what listens to them."""

from typing import Any

from is0k import schema
from is0k.models.heartbeat import NewPing
from is0k.models.listening import sign
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import create_monitor
from is0k.resolvers.pings import PingDesk, new_ping
from is0k.schema.clock import Clock
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorType, PingKind
from is0k.schema.heartbeat_settings import HeartbeatSettings
from is0k.schema.ids import uuid7
from is0k.tests.stage.clock import FakeClock

MINUTE_MS = 60_000


async def new_heartbeat(ctx: Context, **fields: Any) -> schema.Monitor:
    """A monitor whose job calls once an hour, give or take five minutes, unless told otherwise."""
    schedule = {} if "cron" in fields else {"periodSeconds": 3600}
    body = {"name": "Backup", "type": "heartbeat", **schedule, **fields}
    return await create_monitor(ctx, read(schema.CreateMonitorInput, body, Flat(MonitorType)))


def token_of(monitor: schema.Monitor) -> str:
    assert isinstance(monitor.settings, HeartbeatSettings)
    return monitor.settings.ping_url.rpartition("/")[2]


async def call(monitor: schema.Monitor, clock: Clock, kind: PingKind = PingKind.SUCCESS, **said: Any) -> NewPing:
    """As the job does it now."""
    ping = new_ping(clock, kind, **said)
    assert await PingDesk().take(token_of(monitor), ping) is not None
    return ping


async def listened(clock: FakeClock, minutes: float) -> None:
    """Somebody took calls for so long, until now."""
    await sign(uuid7(), clock.ms - round(minutes * MINUTE_MS), clock.ms)
