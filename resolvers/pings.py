"""The calls of jobs: taking one, and reading those that came.

Taking one is the one thing here that needs no key: whoever knows the ping URL may call it.
"""

import re
from collections.abc import Sequence
from typing import Any

import strawberry
from tortoise.transactions import in_transaction

from is0k import models, schema
from is0k.models.heartbeat import (
    NewPing,
    count_pings,
    find_token,
    keep_ping,
    read_pings,
    replace_token,
    take_ping,
    to_schema,
)
from is0k.models.monitor_state import bring_forward
from is0k.models.sql import Row
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import MONITOR, get_monitor
from is0k.resolvers.operation import operation
from is0k.resolvers.own_rows import locked_row
from is0k.resolvers.windows import Allowance, Charge, LocalWindows
from is0k.schema.clock import Clock, milliseconds
from is0k.schema.enums import MonitorType, PingKind, Scope
from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.page import Page, PageArguments, decode_cursor

# Of one job, in each process. What is more changes what is known of the job, and is not kept as a call of its own.
PINGS_PER_MINUTE = 60
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,40}")
LARGEST_BODY_BYTES = 10 * 1024
LONGEST_USER_AGENT = 200
EXCERPT_LETTERS = 2_000


def new_ping(clock: Clock, kind: PingKind, body: bytes = b"", user_agent: str | None = None, **said: Any) -> NewPing:
    """As it can be stored, whatever came; `said` are fields of NewPing."""
    text = _storable(body[:LARGEST_BODY_BYTES].decode(errors="replace"))
    user_agent = user_agent and _storable(user_agent[:LONGEST_USER_AGENT])
    return NewPing(milliseconds(clock.now()), kind, body=text or None, user_agent=user_agent, **said)


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


class PingDesk:
    """Where calls are taken, in one process."""

    def __init__(self) -> None:
        self._windows = LocalWindows()

    async def take(self, token: str, ping: NewPing) -> Allowance | None:
        """None when no monitor has this token. It is heard also when it is one of too many."""
        number = await find_token(token) if TOKEN.fullmatch(token) else None
        if number is None:
            return None
        allowance = await self._windows.count(Charge(str(number), PINGS_PER_MINUTE, ping.at))
        async with in_transaction():
            beat = await take_ping(token, ping, allowance.is_accepted, _excerpt(ping))
            if beat and allowance.is_accepted:
                run_ms = beat["run_ms"] if ping.kind in (PingKind.SUCCESS, PingKind.FAIL) else None
                await keep_ping(number, beat["pings"], ping._replace(run_ms=run_ms))
                if ping.kind is not PingKind.LOG:
                    await bring_forward(number, ping.at)
        return allowance if beat else None


def _excerpt(ping: NewPing) -> str | None:
    return ping.body[:EXCERPT_LETTERS] if ping.body and ping.kind is PingKind.FAIL else None


@operation(Scope.READ)
async def list_pings(ctx: Context, id: strawberry.ID, page: PageArguments) -> Page[schema.Ping]:
    """The latest calls of the job that a heartbeat monitor waits for, newest first."""
    [found] = await pings_of([await get_monitor(ctx, id)], page)
    return found


async def pings_of(monitors: Sequence[schema.Monitor], page: PageArguments) -> list[Page[schema.Ping]]:
    """A page of each monitor's calls, in one statement."""
    before = int(decode_cursor(page.cursor, int)[0]) if page.cursor else None
    rows = await read_pings([monitor.number for monitor in monitors], before, page.limit + 1)
    return [_page(monitor, rows[monitor.number], page.limit) for monitor in monitors]


def _page(monitor: schema.Monitor, rows: Sequence[Row], limit: int) -> Page[schema.Ping]:
    async def count_all() -> int:
        return (await count_pings([monitor.number])).get(monitor.number, 0)

    return Page(
        items=[to_schema(row, monitor.id) for row in rows[:limit]],
        keys=[[row["seq"]] for row in rows[:limit]],
        has_next=len(rows) > limit,
        count_all=count_all,
    )


@operation(Scope.WRITE)
async def rotate_ping_url(ctx: Context, id: strawberry.ID) -> schema.Monitor:
    """Give a heartbeat monitor another ping URL. The one it had is unknown at once."""
    async with in_transaction():
        monitor = await locked_row(ctx, *MONITOR, id)
        if monitor.type is not MonitorType.HEARTBEAT:
            message = f"A monitor of type {monitor.type.value} has no ping URL"
            raise ValidationFailed([Fault(("id",), "NO_PING_URL", message)])
        await replace_token(monitor.number)
        await models.Monitor.filter(number=monitor.number).update(updated_at=ctx.clock.now())
    return await get_monitor(ctx, id)
