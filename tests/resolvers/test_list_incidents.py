from typing import Any

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import get_incident, list_incidents, list_monitor_incidents, update_incident
from is0k.schema import (
    Incident,
    IncidentFilter,
    IncidentImpact,
    IncidentOrigin,
    IncidentStatus,
    Page,
    PageArguments,
    UpdateIncidentInput,
)
from is0k.schema.errors import ValidationFailed
from is0k.schema.page import encode_cursor
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_incident, new_monitor, new_page

pytestmark = pytest.mark.anyio


async def listed(ctx: Context, limit: int = 50, cursor: str | None = None, **filter: Any) -> Page[Incident]:
    return await list_incidents(ctx, IncidentFilter(**filter), PageArguments(limit=limit, cursor=cursor))


async def titles(ctx: Context, **filter: Any) -> str:
    """Of all that match; as many are counted."""
    page = await listed(ctx, **filter)
    assert await page.count_all() == len(page.items)
    return " ".join(incident.title for incident in page.items)


async def test_incidents_are_listed_newest_first_and_only_ones_own(ctx: Context, stranger: Context) -> None:
    for title in "abc":
        await new_incident(ctx, title=title)
    await new_incident(stranger, title="theirs")

    assert await titles(ctx) == "c b a"


async def test_the_pages_hold_every_incident_once(ctx: Context) -> None:
    for title in "abcde":
        await new_incident(ctx, title=title)

    first = await listed(ctx, 2)
    second = await listed(ctx, 2, first.next_cursor)
    third = await listed(ctx, 2, second.next_cursor)
    pages = [[incident.title for incident in page.items] for page in (first, second, third)]
    assert pages == [["e", "d"], ["c", "b"], ["a"]]
    assert (third.has_next, third.next_cursor, await first.count_all()) == (False, None, 5)


@pytest.mark.parametrize("cursor", ["x", encode_cursor([1]), encode_cursor(["mon_01h455vb4pex5vsknk084sn02q"])])
async def test_a_cursor_of_something_else_is_refused(ctx: Context, cursor: str) -> None:
    for ask in (listed(ctx, cursor=cursor), of_monitor(ctx, (await new_monitor(ctx)).id, cursor=cursor)):
        with pytest.raises(ValidationFailed) as refused:
            await ask
        assert [fault.code for fault in refused.value.faults] == ["BAD_CURSOR"]


class TestFilters:
    async def test_by_what_it_is(self, ctx: Context) -> None:
        await new_incident(ctx, title="a", status="resolved", impact="critical")
        await new_incident(ctx, title="b", status="identified")
        automatic = await new_incident(ctx, title="c", impact="critical")
        await models.Incident.filter(title=automatic.title).update(origin=IncidentOrigin.AUTOMATIC)

        assert await titles(ctx, status=IncidentStatus.IDENTIFIED) == "b"
        assert await titles(ctx, impact=IncidentImpact.CRITICAL) == "c a"
        assert await titles(ctx, origin=IncidentOrigin.MANUAL) == "b a"
        assert await titles(ctx, open=True) == "c b"
        assert await titles(ctx, open=False) == "a"
        assert await titles(ctx, open=True, impact=IncidentImpact.CRITICAL) == "c"

    async def test_by_when_it_began_the_end_excluded(self, ctx: Context, clock: FakeClock) -> None:
        for minute in range(3):
            await new_incident(ctx, title=str(minute), startedAt=f"2026-11-23T11:0{minute}:00Z")
        one, two = [(await get_incident(ctx, item.id)).started_at for item in (await listed(ctx)).items[1::-1]]

        assert await titles(ctx, from_=one) == "2 1"
        assert await titles(ctx, to=two) == "1 0"
        assert await titles(ctx, from_=one, to=two) == "1"

    async def test_by_monitor_and_status_page(self, ctx: Context, stranger: Context) -> None:
        shop, blog, page = await new_monitor(ctx), await new_monitor(ctx), await new_page(ctx, "shop")
        theirs, their_page = await new_monitor(stranger), await new_page(stranger, "theirs")
        await new_incident(stranger, monitorIds=[theirs.id], statusPageIds=[their_page])
        await new_incident(ctx, title="a", monitorIds=[shop.id, blog.id])
        await new_incident(ctx, title="b", monitorIds=[blog.id], statusPageIds=[page])

        assert await titles(ctx, monitor_id=shop.id) == "a"
        assert await titles(ctx, monitor_id=blog.id) == "b a"
        assert await titles(ctx, status_page_id=page, monitor_id=blog.id) == "b"
        for id in (theirs.id, their_page, "", "mon_malformed", "x"):
            assert await titles(ctx, monitor_id=id) == ""
            assert await titles(ctx, status_page_id=id) == ""

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("shop", "The Shop"),
            ("E", "100 % Über_Zeit The Shop"),
            ("über", "100 % Über_Zeit"),
            ("ÜBER", "100 % Über_Zeit"),
            ("%", "100 % Über_Zeit"),
            ("_z", "100 % Über_Zeit"),
            ("r z", ""),
            ("\\", ""),
        ],
    )
    async def test_by_a_part_of_the_title_in_any_letter_case(self, ctx: Context, q: str, found: str) -> None:
        await new_incident(ctx, title="The Shop")
        await new_incident(ctx, title="100 % Über_Zeit")

        assert await titles(ctx, q=q) == found


async def of_monitor(ctx: Context, id: Any, limit: int = 50, cursor: str | None = None) -> Page[Incident]:
    return await list_monitor_incidents(ctx, id, PageArguments(limit=limit, cursor=cursor))


async def test_a_monitor_has_the_incidents_that_name_it(ctx: Context) -> None:
    shop, blog = await new_monitor(ctx), await new_monitor(ctx)
    for title in "abc":
        await new_incident(ctx, title=title, monitorIds=[shop.id])
    await new_incident(ctx, title="other", monitorIds=[blog.id])
    both = await new_incident(ctx, title="both", monitorIds=[blog.id, shop.id])

    first = await of_monitor(ctx, shop.id, 3)
    second = await of_monitor(ctx, shop.id, 3, first.next_cursor)
    assert first.items[0] == both
    assert [incident.title for incident in [*first.items, *second.items]] == ["both", "c", "b", "a"]
    assert (await first.count_all(), second.has_next) == (4, False)


async def test_more_than_a_statement_can_name_are_read_in_parts(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("is0k.models.incident_reads.IDS_AT_ONCE", 2)
    shop = await new_monitor(ctx)
    for title in "abcde":
        await new_incident(ctx, title=title, monitorIds=[shop.id])

    assert [incident.title for incident in (await of_monitor(ctx, shop.id)).items] == list("edcba")


async def test_the_statements_do_not_depend_on_how_many_there_are(ctx: Context, statements: Statements) -> None:
    shop, page = await new_monitor(ctx), await new_page(ctx, "shop")
    counts = []
    for _ in range(4):
        await new_incident(ctx, monitorIds=[shop.id], statusPageIds=[page], message="Hm")
        with statements() as all_of_them:
            await listed(ctx)
        with statements() as of_one_monitor:
            await of_monitor(ctx, shop.id)
        counts.append((len(all_of_them), len(of_one_monitor)))

    # The incidents, and what belongs to them: monitors, pages, updates; of a monitor: it, and which are its own.
    assert counts == [(4, 6)] * 4


async def test_an_edit_does_not_change_the_order(ctx: Context) -> None:
    first, _ = await new_incident(ctx, title="a"), await new_incident(ctx, title="b")
    await update_incident(ctx, first.id, UpdateIncidentInput(title="A"))

    assert await titles(ctx) == "b A"
