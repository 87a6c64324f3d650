"""Two people at the same moment: one gets it, the other is told; nobody meets a fault of ours."""

import asyncio
from typing import Any

import asyncpg
import pytest

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor
from is0k.resolvers.status_pages import get_status_page, update_status_page
from is0k.schema.errors import Taken
from is0k.tests.stage.people import new_monitor, new_status_page
from is0k.tests.stage.postgres import Postgres
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def edit(ctx: Context, page: schema.StatusPage, **fields: Any) -> schema.StatusPage:
    return await update_status_page(ctx, page.id, schema.UpdateStatusPageInput(**fields))


def codes(results: list[Any]) -> list[str]:
    return sorted(result.code if isinstance(result, Taken) else type(result).__name__ for result in results)


@pytest.mark.parametrize(
    ("fields", "code"), [({"slug": "shop"}, "SLUG_TAKEN"), ({"customDomain": "a.example"}, "CUSTOM_DOMAIN_TAKEN")]
)
async def test_of_those_who_want_the_same_at_once_one_gets_it(
    ctx: Context, stranger: Context, fields: dict[str, str], code: str
) -> None:
    made = await asyncio.gather(
        *(new_status_page(who, **fields) for who in (ctx, stranger) * 4), return_exceptions=True
    )

    assert codes(made) == sorted(["StatusPage", *[code] * 7])
    assert await models.StatusPage.all().count() == 1


async def test_of_those_who_move_to_the_same_slug_at_once_one_gets_it(ctx: Context, stranger: Context) -> None:
    pages = [(who, await new_status_page(who)) for who in (ctx, stranger) * 3]

    moved = await asyncio.gather(*(edit(who, page, slug="shop") for who, page in pages), return_exceptions=True)

    assert codes(moved) == sorted(["StatusPage", *["SLUG_TAKEN"] * 5])
    assert await models.StatusPage.filter(slug="shop").count() == 1


async def test_slugs_made_from_the_same_name_at_once_are_numbered(ctx: Context, stranger: Context) -> None:
    made = await asyncio.gather(*(new_status_page(who) for who in (ctx, stranger) * 4))

    assert {page.slug for page in made} == {"shop-status", *(f"shop-status-{number}" for number in range(2, 9))}


async def test_two_edits_at_once_are_both_kept(ctx: Context) -> None:
    for turn in range(5):
        page = await new_status_page(ctx)

        await asyncio.gather(edit(ctx, page, name=f"Name {turn}"), edit(ctx, page, description=str(turn)))

        after = await get_status_page(ctx, page.id)
        assert (after.name, after.description) == (f"Name {turn}", str(turn))


async def test_a_monitor_is_not_deleted_while_a_page_is_being_written_about_it(
    postgres: Postgres | None, ctx: Context
) -> None:
    if postgres is None:
        pytest.skip("SQLite has one writer at a time")
    monitor = await new_monitor(ctx)
    writer = await asyncpg.connect(postgres.url)
    await writer.execute("BEGIN")
    await writer.execute("LOCK TABLE component IN SHARE MODE")
    components = [{"name": "Web", "monitorIds": [monitor.id]}]

    writing = asyncio.create_task(new_status_page(ctx, components=components))
    await until("the page waits to write its component", lambda: writer.fetchval(WAITING), 5)
    deleting = asyncio.create_task(delete_monitor(ctx, monitor.id))
    await until("the monitor waits for the page", lambda: writer.fetchval(f"{WAITING} HAVING count(*) > 1"), 5)
    await writer.execute("COMMIT")
    await writer.close()

    page = await writing
    assert (await deleting).id == monitor.id
    assert [component.monitor_ids for component in (await get_status_page(ctx, page.id)).components] == [[]]
