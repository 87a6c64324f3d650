"""The check history of a monitor."""

from collections.abc import Sequence

import strawberry

from is0k import schema
from is0k.models.check import count_checks, read_checks, to_schema
from is0k.models.sql import Row
from is0k.resolvers.context import Context
from is0k.resolvers.gates import require_history
from is0k.resolvers.monitors import get_monitor
from is0k.resolvers.operation import operation
from is0k.schema.enums import Scope
from is0k.schema.page import Page, PageArguments, decode_cursor


@operation(Scope.READ)
async def list_checks(
    ctx: Context, id: strawberry.ID, filter: schema.CheckFilter, page: PageArguments
) -> Page[schema.Check]:
    """Checks of one monitor, newest first."""
    require_history(ctx, filter.from_)
    [found] = await checks_of([await get_monitor(ctx, id)], filter, page)
    return found


async def checks_of(
    monitors: Sequence[schema.Monitor], filter: schema.CheckFilter, page: PageArguments
) -> list[Page[schema.Check]]:
    """A page of each monitor's checks, in one statement."""
    before = None
    if page.cursor:
        tick, region = decode_cursor(page.cursor, int, int)
        before = int(tick), int(region)
    rows = await read_checks([monitor.number for monitor in monitors], filter, before, page.limit + 1)
    return [_page(monitor, rows[monitor.number], filter, page.limit) for monitor in monitors]


def _page(monitor: schema.Monitor, rows: Sequence[Row], filter: schema.CheckFilter, limit: int) -> Page[schema.Check]:
    async def count_all() -> int:
        return (await count_checks([monitor.number], filter))[monitor.number]

    return Page(
        items=[to_schema(row, monitor.id) for row in rows[:limit]],
        keys=[[row["tick"], row["region"]] for row in rows[:limit]],
        has_next=len(rows) > limit,
        count_all=count_all,
    )
