"""The components of a status page: a whole list, written at once."""

from typing import Any

import pytest

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor
from is0k.resolvers.status_pages import get_status_page, update_status_page
from is0k.schema.coercion import read
from is0k.schema.errors import ValidationFailed
from is0k.schema.ids import Prefix, encode, uuid7
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.people import new_monitor, new_status_page

pytestmark = pytest.mark.anyio


async def edit(ctx: Context, page: schema.StatusPage, *components: Any) -> list[schema.Component]:
    input = read(schema.UpdateStatusPageInput, {"components": list(components)})
    return (await update_status_page(ctx, page.id, input)).components


def seen(components: list[schema.Component]) -> list[tuple[int, str]]:
    return [(component.position, component.name) for component in components]


async def test_components_stand_in_the_order_of_the_list_with_their_monitors(ctx: Context) -> None:
    web, api, db = [(await new_monitor(ctx, name=name)).id for name in ("web", "api", "db")]

    page = await new_status_page(
        ctx,
        components=[
            {"name": " Web ", "monitorIds": [web, db, api], "group": "EU", "description": "x\ny", "showLatency": True},
            {"name": "API"},
        ],
    )

    first, second = page.components
    assert first == schema.Component(
        id=first.id,
        name="Web",
        description="x\ny",
        group="EU",
        position=0,
        monitor_ids=[web, db, api],
        show_latency=True,
    )
    assert second == schema.Component(
        id=second.id, name="API", description=None, group=None, position=1, monitor_ids=[], show_latency=False
    )
    assert page == await get_status_page(ctx, page.id)


async def test_a_component_with_an_id_is_changed_one_without_is_made_one_left_out_is_deleted(ctx: Context) -> None:
    page = await new_status_page(ctx, components=[{"name": "a"}, {"name": "b"}, {"name": "c"}])
    a, _, c = page.components

    after = await edit(ctx, page, {"id": c.id, "name": "C"}, {"name": "new"}, {"id": a.id})

    assert seen(after) == [(0, "C"), (1, "new"), (2, "a")]
    assert (after[0].id, after[2].id) == (c.id, a.id)
    assert await models.Component.all().count() == 3


async def test_of_a_component_what_is_absent_is_kept_and_a_null_goes_back_to_the_default(ctx: Context) -> None:
    web = (await new_monitor(ctx)).id
    whole = {"name": "Web", "monitorIds": [web], "group": "EU", "description": "x", "showLatency": True}
    page = await new_status_page(ctx, components=[whole])
    [before] = page.components

    assert await edit(ctx, page, {"id": before.id}) == [before]
    [after] = await edit(
        ctx, page, {"id": before.id, **dict.fromkeys(["monitorIds", "group", "description", "showLatency"])}
    )

    assert (after.name, after.monitor_ids, after.group, after.description) == ("Web", [], None, None)
    assert after.show_latency is False
    assert await models.ComponentMonitor.all().count() == 0


async def test_other_monitors_take_the_place_of_those_before(ctx: Context) -> None:
    web, api = [(await new_monitor(ctx)).id for _ in range(2)]
    page = await new_status_page(ctx, components=[{"name": "Web", "monitorIds": [web]}, {"name": "b"}])
    first, second = page.components

    after = await edit(ctx, page, {"id": first.id, "monitorIds": [api, web]}, {"id": second.id, "monitorIds": [web]})

    assert [component.monitor_ids for component in after] == [[api, web], [web]]


async def test_a_list_that_says_nothing_of_components_keeps_them_and_an_empty_one_does_not(ctx: Context) -> None:
    page = await new_status_page(ctx, components=[{"name": "a"}])

    kept = await update_status_page(ctx, page.id, schema.UpdateStatusPageInput(name="Blog"))

    assert kept.components == page.components
    assert await edit(ctx, page) == []


async def test_everything_that_is_not_ours_or_not_there_is_told_at_once_and_nothing_is_changed(
    ctx: Context, stranger: Context
) -> None:
    ours, theirs, gone = (await new_monitor(ctx)).id, (await new_monitor(stranger)).id, await new_monitor(ctx)
    await delete_monitor(ctx, gone.id)
    their_component = (await new_status_page(stranger, components=[{"name": "x"}])).components[0].id
    other_component = (await new_status_page(ctx, components=[{"name": "x"}])).components[0].id
    page = await new_status_page(ctx, components=[{"name": "a"}])
    unknown = encode(Prefix.COMPONENT, uuid7())

    with pytest.raises(ValidationFailed) as refused:
        await edit(
            ctx,
            page,
            {"name": "new", "monitorIds": [ours, theirs, gone.id, "mon_x", ""]},
            {"id": their_component, "name": "stolen"},
            {"id": other_component},
            {"id": unknown, "monitorIds": [theirs]},
            {"id": "x"},
        )

    assert [(" ".join(fault.field), fault.code) for fault in refused.value.faults] == [
        *((f"components 0 monitorIds {index}", "MONITOR_NOT_FOUND") for index in (1, 2, 3, 4)),
        ("components 1 id", "COMPONENT_NOT_FOUND"),
        ("components 2 id", "COMPONENT_NOT_FOUND"),
        ("components 3 id", "COMPONENT_NOT_FOUND"),
        ("components 3 monitorIds 0", "MONITOR_NOT_FOUND"),
        ("components 4 id", "COMPONENT_NOT_FOUND"),
    ]
    assert refused.value.faults[0].message == f"Monitor with ID {theirs} not found"
    assert refused.value.faults[4].message == f"Component with ID {their_component} not found"
    assert await get_status_page(ctx, page.id) == page


async def test_a_page_with_a_monitor_that_is_not_ours_is_not_made(ctx: Context, stranger: Context) -> None:
    theirs = (await new_monitor(stranger)).id

    with pytest.raises(ValidationFailed) as refused:
        await new_status_page(ctx, components=[{"name": "a"}, {"name": "b", "monitorIds": [theirs]}])

    assert [" ".join(fault.field) for fault in refused.value.faults] == ["components 1 monitorIds 0"]
    assert [await table.all().count() for table in (models.StatusPage, models.Component)] == [0, 0]


async def test_a_deleted_monitor_leaves_its_components_and_they_stay(ctx: Context) -> None:
    web, api = [(await new_monitor(ctx)).id for _ in range(2)]
    page = await new_status_page(ctx, components=[{"name": "Web", "monitorIds": [web, api]}])

    await delete_monitor(ctx, web)

    assert [component.monitor_ids for component in (await get_status_page(ctx, page.id)).components] == [[api]]


async def test_two_hundred_components_cost_no_more_statements_than_two(ctx: Context, statements: Statements) -> None:
    web = (await new_monitor(ctx)).id
    counts = []
    for number in (2, 200):
        page = await new_status_page(ctx, components=[{"name": "x", "monitorIds": [web]}] * number)
        changed = [{"id": component.id, "name": "y", "monitorIds": [web]} for component in page.components[1:]]

        with statements() as sent:
            after = await edit(ctx, page, *changed, {"name": "new"})

        counts.append(len(sent))
        assert [component.name for component in after] == ["y"] * (number - 1) + ["new"]
    assert counts[0] == counts[1]
