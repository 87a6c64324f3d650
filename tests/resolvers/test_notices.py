"""What is0k says about itself is read by all, newest first."""

from typing import Any

import pytest

from is0k import models, schema
from is0k.models.notice import close_notice, open_notice
from is0k.resolvers.context import Context
from is0k.resolvers.notices import list_notices
from is0k.schema.enums import NoticeKind
from is0k.schema.page import PageArguments
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

BLIND, SILENT = NoticeKind.BLIND, NoticeKind.REGION_SILENT


async def regions(ctx: Context, **filter: Any) -> list[str]:
    page = await list_notices(ctx, schema.NoticeFilter(**filter), PageArguments())
    assert await page.count_all() == len(page.items)
    return [notice.region for notice in page.items]


async def test_a_notice_says_what_it_is_about_and_since_when(ctx: Context, clock: FakeClock) -> None:
    since = clock.now()
    await open_notice(SILENT, "eu", "No worker of eu has spoken up", since)
    clock.move(60)
    await close_notice(SILENT, "eu", clock.now())

    [notice] = (await list_notices(ctx, schema.NoticeFilter(), PageArguments())).items
    assert notice == schema.Notice(
        id=notice.id,
        kind=SILENT,
        region="eu",
        message="No worker of eu has spoken up",
        started_at=since,
        ended_at=clock.now(),
    )
    assert notice.id.startswith("ntc_")


async def test_newest_first_by_kind_and_by_whether_they_last(ctx: Context, clock: FakeClock) -> None:
    for kind, region in ((SILENT, "eu"), (BLIND, "us"), (SILENT, "asia")):
        await open_notice(kind, region, "…", clock.now())
    await close_notice(SILENT, "eu", clock.now())

    assert await regions(ctx) == ["asia", "us", "eu"]
    assert await regions(ctx, open=True) == ["asia", "us"]
    assert await regions(ctx, open=False) == ["eu"]
    assert await regions(ctx, kind=SILENT) == ["asia", "eu"]
    assert await regions(ctx, kind=SILENT, open=True) == ["asia"]


async def test_every_organization_reads_the_same(ctx: Context, stranger: Context, clock: FakeClock) -> None:
    await open_notice(BLIND, "eu", "…", clock.now())

    assert await regions(ctx) == await regions(stranger) == ["eu"]


async def test_they_come_in_pages(ctx: Context, clock: FakeClock) -> None:
    for region in ("a", "b", "c"):
        await open_notice(BLIND, region, "…", clock.now())
    first = await list_notices(ctx, schema.NoticeFilter(), PageArguments(limit=2))
    second = await list_notices(ctx, schema.NoticeFilter(), PageArguments(limit=2, cursor=first.next_cursor))

    assert [notice.region for notice in (*first.items, *second.items)] == ["c", "b", "a"]
    assert (first.has_next, second.has_next) == (True, False)


async def test_one_of_a_kind_is_open_for_a_region_at_a_time(ctx: Context, clock: FakeClock) -> None:
    opened = [await open_notice(SILENT, "eu", "…", clock.now()) for _ in range(2)]
    closed = [await close_notice(SILENT, "eu", clock.now()) for _ in range(2)]

    assert (opened, closed) == ([True, False], [True, False])
    assert await open_notice(SILENT, "eu", "again", clock.now())
    assert await models.Notice.all().count() == 2
