from typing import Any

import pytest

from is0k import schema
from is0k.resolvers.context import Context
from is0k.resolvers.status_pages import list_status_pages
from is0k.schema.errors import ValidationFailed
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.people import new_monitor, new_status_page

pytestmark = pytest.mark.anyio


async def listed(ctx: Context, **arguments: Any) -> schema.Page[schema.StatusPage]:
    q, page = arguments.pop("q", None), schema.PageArguments(**arguments)
    return await list_status_pages(ctx, schema.StatusPageFilter(q=q), page)


async def test_pages_are_listed_newest_first_part_by_part(ctx: Context, stranger: Context) -> None:
    await new_status_page(stranger)
    made = [await new_status_page(ctx, name=f"Page {number}") for number in range(5)]

    first = await listed(ctx, limit=2)
    second = await listed(ctx, limit=3, cursor=first.next_cursor)

    assert [*first.items, *second.items] == made[::-1]
    assert (first.has_next, second.has_next, await first.count_all()) == (True, False, 5)


@pytest.mark.parametrize("cursor", ["x", "WyJtb25feCJd"])
async def test_a_cursor_of_something_else_is_refused(ctx: Context, cursor: str) -> None:
    with pytest.raises(ValidationFailed) as told:
        await listed(ctx, cursor=cursor)

    assert [fault.code for fault in told.value.faults] == ["BAD_CURSOR"]


@pytest.mark.parametrize(("q", "found"), [("SHOP", ["Shop 100%"]), ("0%", ["Shop 100%"]), ("äP", ["ÄPFEL"]), ("_", [])])
async def test_a_part_of_the_name_is_found_in_any_letter_case_and_to_the_letter(
    ctx: Context, q: str, found: list[str]
) -> None:
    for name in ("Shop 100%", "1000", "ÄPFEL"):
        await new_status_page(ctx, name=name)

    page = await listed(ctx, q=q)

    assert [item.name for item in page.items] == found
    assert await page.count_all() == len(found)


async def test_a_list_costs_four_statements_however_many_pages(ctx: Context, statements: Statements) -> None:
    monitor = await new_monitor(ctx)
    components = [{"name": f"Part {number}", "monitorIds": [monitor.id]} for number in range(5)]
    for pages in (1, 9):
        await new_status_page(ctx, components=components)
        while len((await listed(ctx)).items) < pages:
            await new_status_page(ctx, components=components)

        with statements() as sent:
            page = await listed(ctx)

        assert len(sent) == 4
        assert [len(item.components) for item in page.items] == [5] * pages
