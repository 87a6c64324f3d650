from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import list_monitors, pause_monitor
from is0k.schema import Monitor, MonitorFilter, MonitorStatus, MonitorType, Page, PageArguments
from is0k.schema.errors import ValidationFailed
from is0k.schema.page import encode_cursor
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor, new_organization

pytestmark = pytest.mark.anyio


async def listed(ctx: Context, limit: int = 50, cursor: str | None = None, **filter: Any) -> Page[Monitor]:
    return await list_monitors(ctx, MonitorFilter(**filter), PageArguments(limit=limit, cursor=cursor))


async def names(ctx: Context, **filter: Any) -> str:
    return " ".join(monitor.name for monitor in (await listed(ctx, **filter)).items)


async def test_monitors_are_listed_newest_first(ctx: Context) -> None:
    for name in "abc":
        await new_monitor(ctx, name=name)

    assert await names(ctx) == "c b a"


async def test_nobody_sees_the_monitors_of_others(ctx: Context, stranger: Context) -> None:
    await new_monitor(stranger)

    page = await listed(ctx)
    assert (page.items, page.has_next, await page.count_all()) == ([], False, 0)


@given(count=st.integers(0, 12), limit=st.integers(1, 12))
@examples(max_examples=15)
async def test_the_pages_hold_every_monitor_once_in_order(
    open_database: None, clock: FakeClock, count: int, limit: int
) -> None:
    ctx = await new_organization("Ours", clock)
    made = [(await new_monitor(ctx, name=str(number))).id for number in range(count)]

    seen, cursor, is_more = [], None, True
    while is_more:
        page = await listed(ctx, limit, cursor)
        assert len(page.items) <= limit
        seen += [monitor.id for monitor in page.items]
        cursor, is_more = page.next_cursor, page.has_next

    assert seen == made[::-1]
    assert await page.count_all() == count


async def test_what_is_made_between_two_pages_does_not_shift_the_second(ctx: Context) -> None:
    for name in "abcd":
        await new_monitor(ctx, name=name)
    first = await listed(ctx, limit=2)

    await new_monitor(ctx, name="new")

    second = await listed(ctx, limit=2, cursor=first.next_cursor)
    assert [monitor.name for monitor in [*first.items, *second.items]] == ["d", "c", "b", "a"]


async def test_a_page_after_a_monitor_that_is_gone_goes_on_all_the_same(ctx: Context) -> None:
    for name in "abc":
        await new_monitor(ctx, name=name)
    first = await listed(ctx, limit=2)
    await models.Monitor.filter(name="b").delete()

    assert [monitor.name for monitor in (await listed(ctx, cursor=first.next_cursor)).items] == ["a"]


@pytest.mark.parametrize("key", [["mon_x"], ["inc_01h455vb4pex5vsknk084sn02q"], [1], ["mon_1", 2], []])
async def test_a_cursor_of_something_else_is_refused(ctx: Context, key: list[Any]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await listed(ctx, cursor=encode_cursor(key))

    assert [fault.code for fault in refused.value.faults] == ["BAD_CURSOR"]


@pytest.mark.parametrize("limit", [0, 251, -1])
async def test_a_page_has_1_to_250_items(ctx: Context, limit: int) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await listed(ctx, limit)

    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(["limit"], "OUT_OF_RANGE")]


async def test_a_tag_is_found_as_a_whole_word(ctx: Context) -> None:
    await new_monitor(ctx, name="a", tags=["prod"])
    await new_monitor(ctx, name="b", tags=["eu", "prod"])
    await new_monitor(ctx, name="c", tags=["production"])
    await new_monitor(ctx, name="d", tags=["pre-prod", "x_y"])
    await new_monitor(ctx, name="e", tags=["xzy"])

    assert await names(ctx, tag="prod") == "b a"
    assert await names(ctx, tag="x_y") == "d"
    assert await names(ctx, tag="nowhere") == ""


@pytest.mark.parametrize(
    ("q", "found"),
    [("shop", "Shop 100%"), ("HOP", "Shop 100%"), ("0%", "Shop 100%"), ("a_b", "a_b"), ("\\", ""), ("äP", "ÄPFEL")],
)
async def test_a_part_of_the_name_is_found_in_any_letter_case_and_to_the_letter(
    ctx: Context, q: str, found: str
) -> None:
    for name in ("Shop 100%", "1000", "a_b", "axb", "ÄPFEL"):
        await new_monitor(ctx, name=name)

    assert await names(ctx, q=q) == found


def maintenance(start: int, end: int) -> dict[str, int]:
    return {"maintenance_from": start, "maintenance_until": end}


async def test_a_status_is_found_as_it_is_shown(ctx: Context, clock: FakeClock) -> None:
    states: dict[str, dict[str, Any]] = {
        "pending": {},
        "up": {"status": "up"},
        "degraded": {"status": "degraded"},
        "down": {"status": "down"},
        "unknown": {"status": "down", "is_blind": True},
        "maintenance": {"status": "down", "is_blind": True, **maintenance(clock.ms - 1, clock.ms + 1)},
        "paused": {"status": "down", "is_blind": True, **maintenance(clock.ms, clock.ms + 1)},
    }
    over, to_come = maintenance(clock.ms - 9, clock.ms), maintenance(clock.ms + 1, clock.ms + 9)
    states["down"] |= over
    states["up"] |= to_come
    for name, state in states.items():
        monitor = await new_monitor(ctx, name=name)
        await models.MonitorState.filter(number=monitor.number).update(**{"status": "pending", **state})
    await pause_monitor(ctx, monitor.id)

    for status in MonitorStatus:
        page = await listed(ctx, status=status)
        assert [monitor.name for monitor in page.items] == [status.value]
        assert {monitor.status for monitor in page.items} <= {status}
        assert await page.count_all() == len(page.items)


async def test_filters_narrow_together(ctx: Context) -> None:
    await new_monitor(ctx, name="Shop", tags=["prod"])
    await new_monitor(ctx, name="Shop 2")
    await new_monitor(ctx, name="Blog", tags=["prod"])

    assert await names(ctx, q="shop", tag="prod", type=MonitorType.HTTP, status=MonitorStatus.PENDING) == "Shop"
