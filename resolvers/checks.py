"""The check history of a monitor."""

import strawberry

from is0k import schema
from is0k.models.check import count_checks, read_checks, to_schema
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import get_monitor
from is0k.resolvers.operation import operation
from is0k.schema.enums import Scope
from is0k.schema.page import Page, PageArguments, decode_cursor


@operation(Scope.READ)
async def list_checks(
    ctx: Context, id: strawberry.ID, filter: schema.CheckFilter, page: PageArguments
) -> Page[schema.Check]:
    """Checks of one monitor, newest first."""
    monitor = await get_monitor(ctx, id)
    return await checks_page(monitor.number, monitor.id, filter, page)


async def checks_page(
    number: int, id: strawberry.ID, filter: schema.CheckFilter, page: PageArguments
) -> Page[schema.Check]:
    before = None
    if page.cursor:
        tick, region = decode_cursor(page.cursor, int, int)
        before = int(tick), int(region)
    rows = await read_checks(number, filter, before, page.limit + 1)
    shown = rows[: page.limit]
    return Page(
        items=[to_schema(row, id) for row in shown],
        keys=[[row["tick"], row["region"]] for row in shown],
        has_next=len(rows) > page.limit,
        count_all=lambda: count_checks(number, filter),
    )
