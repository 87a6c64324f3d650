from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from is0k.resolvers.checks import list_checks
from is0k.resolvers.context import Context
from is0k.schema import Check, CheckFilter, CheckStatus, Monitor, Page, PageArguments
from is0k.schema.errors import ValidationFailed
from is0k.schema.page import encode_cursor
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import DOWN, check, remember
from is0k.tests.stage.people import new_monitor, new_organization

pytestmark = pytest.mark.anyio


async def listed(
    ctx: Context, monitor: Monitor, limit: int = 50, cursor: str | None = None, **filter: Any
) -> Page[Check]:
    return await list_checks(ctx, monitor.id, CheckFilter(**filter), PageArguments(limit=limit, cursor=cursor))


async def test_checks_are_listed_newest_first_as_the_monitor_s_own(ctx: Context, clock: FakeClock) -> None:
    monitor, other = await new_monitor(ctx), await new_monitor(ctx)
    await remember(check(monitor.number, clock.ms), check(monitor.number, clock.ms + 1), check(other.number, clock.ms))

    page = await listed(ctx, monitor)

    assert [(item.monitor_id, item.checked_at) for item in page.items] == [
        (monitor.id, clock.now() + timedelta(milliseconds=1)),
        (monitor.id, clock.now()),
    ]
    assert (page.has_next, await page.count_all()) == (False, 2)


@given(count=st.integers(0, 9), regions=st.integers(1, 3), limit=st.integers(1, 7))
@examples(max_examples=15)
async def test_the_pages_hold_every_check_of_every_region_once(
    open_database: None, clock: FakeClock, count: int, regions: int, limit: int
) -> None:
    ctx = await new_organization("Ours", clock)
    monitor = await new_monitor(ctx)
    for region in range(regions):
        await remember(*(check(monitor.number, clock.ms + tick) for tick in range(count)), region=f"region-{region}")

    seen, cursor, is_more = [], None, True
    while is_more:
        page = await listed(ctx, monitor, limit, cursor)
        assert len(page.items) <= limit
        seen += [(item.checked_at, item.region) for item in page.items]
        cursor, is_more = page.next_cursor, page.has_next

    assert len(seen) == len(set(seen)) == count * regions == await page.count_all()
    assert [at for at, _ in seen] == sorted((at for at, _ in seen), reverse=True)


async def test_a_filter_is_kept_across_the_pages(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx)
    await remember(*(check(monitor.number, clock.ms + n) for n in range(4)))
    await remember(*(check(monitor.number, clock.ms + 10 + n, DOWN) for n in range(3)))

    first = await listed(ctx, monitor, limit=2, status=CheckStatus.DOWN)
    second = await listed(ctx, monitor, limit=2, status=CheckStatus.DOWN, cursor=first.next_cursor)

    assert (len(first.items), len(second.items), second.has_next) == (2, 1, False)
    assert {item.status for item in [*first.items, *second.items]} == {CheckStatus.DOWN}
    assert await first.count_all() == 3


@pytest.mark.parametrize("key", [["mon_1"], [1], [1, "eu"], [1, 2, 3]])
async def test_a_cursor_of_something_else_is_refused(ctx: Context, key: list[Any]) -> None:
    monitor = await new_monitor(ctx)

    with pytest.raises(ValidationFailed) as refused:
        await listed(ctx, monitor, cursor=encode_cursor(key))

    assert [fault.code for fault in refused.value.faults] == ["BAD_CURSOR"]


async def test_a_cursor_to_the_end_of_time_finds_all_and_to_its_beginning_none(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx)
    await remember(check(monitor.number, clock.ms))

    assert len((await listed(ctx, monitor, cursor=encode_cursor([2**63 - 1, 2**63 - 1]))).items) == 1
    assert len((await listed(ctx, monitor, cursor=encode_cursor([-(2**63), -(2**63)]))).items) == 0
